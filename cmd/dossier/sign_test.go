package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dossier/handlers/localca"
	"dossier/internal/config"
	"dossier/internal/devstack"
)

// The page of documentation is played: what it says is refused is refused.
func TestAFileIsSignedVerifiedAlteredAndRefusedAsTheScriptSays(t *testing.T) {
	t.Setenv("CLAMD_ADDR", devstack.TestClamd(t))
	text, err := os.ReadFile("../../docs/examples/signatures/signed.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t}
	for n, line := range strings.Split(string(text), "\n") {
		s.at = "signed.txt:" + strconv.Itoa(n+1)
		s.play(line)
	}
	t.Log("\n" + s.told.String())
}

func TestProductionSignsByItsSettingsOnlyAndNeverTrustsTheTestCA(t *testing.T) {
	settings := func(env map[string]string) config.Config {
		cfg, err := config.FromEnv(func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	if signer, verifier, err := signingOf(settings(nil), nil); signer != nil || verifier != nil || err != nil {
		t.Errorf("without settings: %v, %v, %v", signer, verifier, err)
	}
	if _, _, err := signingOf(settings(map[string]string{"SIGNER_URL": "http://127.0.0.1:1"}), nil); err == nil || !strings.Contains(err.Error(), "VAULT_KEY") {
		t.Errorf("a signer without a vault: %v", err)
	}
	if _, _, err := signingOf(settings(map[string]string{"SIGNER_URL": "http://127.0.0.1:1", "VAULT_KEY": "k"}), nil); err == nil || !strings.Contains(err.Error(), "SIGN_ROOTS") {
		t.Errorf("a signer whose signatures nobody can prove: %v", err)
	}
	ca, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Roots()[0].Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := signingOf(settings(map[string]string{"SIGN_ROOTS": roots}), nil); err == nil || !strings.Contains(err.Error(), "test CA") {
		t.Errorf("the test CA is trusted: %v", err)
	}
	if _, _, err := signingOf(settings(map[string]string{"SIGN_ROOTS": os.Args[0]}), nil); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("a file without certificates: %v", err)
	}
	cfg := settings(map[string]string{"SIGNER_URL": "http://127.0.0.1:1", "SIGNER_TOKEN": "hush"})
	if cfg.Masked().Signing.Token == "hush" || cfg.Signing.LocalCA != "" {
		t.Errorf("%+v", cfg.Masked().Signing)
	}
}
