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
	for name, server := range map[string]bool{"on the database": false, "against a server": true} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, server: server}
			for n, line := range strings.Split(string(text), "\n") {
				s.at = "signed.txt:" + strconv.Itoa(n+1)
				s.play(line)
			}
			t.Log("\n" + s.told.String())
		})
	}
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

func TestABatchOfSignaturesShowsEachItemOnTheCommandLineFirst(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	var ids []string
	for _, key := range []string{"one", "two"} {
		id := d.submitted(key)
		for _, one := range [][]string{{"accept", "reception"}, {"forward", "reception", "unit=animal-health"}, {"assign-officer", "head", "officer=officer-1"}, {"start-appraisal", "officer-1"},
			{"submit-for-approval", "officer-1", "proposal=grant"}} {
			args := []string{"do", id, one[0], "--as", one[1], "--data", d.folder}
			for _, set := range one[2:] {
				args = append(args, "--set", set)
			}
			must(t, args...)
		}
		must(t, "do", id, "approve", "--as", "approver", "--set", "outcome=grant", "--if-version", "6", "--data", d.folder)
		ids = append(ids, id+"@7")
	}
	list := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(list, []byte(strings.Join(ids, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := batchOf(t, must(t, "bulk", "plan", "sign", "--ids", list, "--as", "approver", "--data", d.folder, "-o", "jsonl"))
	if _, stderr, code := program(t, "bulk", "run", plan.ID, "--as", "approver", "--data", d.folder); code != 1 || !strings.Contains(stderr, "items_unseen") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	shown, talk, code := program(t, "bulk", "dry-run", plan.ID, "--data", d.folder)
	if code != 0 || strings.Count(shown, "sha-256") != 2 || strings.Count(shown, "applicant-1") != 2 || strings.Count(shown, "Chấp thuận") != 2 {
		t.Fatalf("%s%s", shown, talk)
	}
	_, rest, found := strings.Cut(talk, "--seen ")
	if !found {
		t.Fatalf("nothing says how to sign: %s", talk)
	}
	must(t, "bulk", "run", plan.ID, "--seen", strings.Fields(rest)[0], "--as", "approver", "--data", d.folder)
	if out := must(t, "verify", "--data", d.folder); !strings.Contains(out, "2 digital held against what they are under") {
		t.Error(out)
	}
}
