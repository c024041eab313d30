package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestASecretMayStandInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := FromEnv(env(map[string]string{"COMMAND_KEY_FILE": file}))
	if err != nil || c.CommandKey != "sesame" {
		t.Fatalf("got %q, %v", c.CommandKey, err)
	}
}

func TestSecretsAreMaskedWhenShown(t *testing.T) {
	c, err := FromEnv(env(map[string]string{
		"DATABASE_URL":         "postgres://app:hush@db/dossier?sslmode=require",
		"MIGRATE_DATABASE_URL": "postgres://db/dossier?user=owner&password=hush",
		"KAFKA_SASL_PASSWORD":  "hush", "COMMAND_KEY": "hush",
	}))
	if err != nil {
		t.Fatal(err)
	}
	m := c.Masked()
	for _, shown := range []string{m.Database.URL, m.Database.MigrateURL, m.Kafka.SASLPassword, m.CommandKey} {
		if strings.Contains(shown, "hush") || shown == "" {
			t.Errorf("a secret is shown: %q", shown)
		}
	}
	if !strings.Contains(m.Database.URL, "app:") || !strings.Contains(m.Database.URL, "db/dossier") {
		t.Errorf("more than the secret is hidden: %q", m.Database.URL)
	}
}

func TestAWrongValueSaysWhichVariable(t *testing.T) {
	for name, value := range map[string]string{"KAFKA_TLS": "maybe", "KAFKA_REPLICATION": "none", "COMMAND_KEY_FILE": "/does/not/exist"} {
		if _, err := FromEnv(env(map[string]string{name: value})); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, "_FILE")) {
			t.Errorf("%s=%s: got %v", name, value, err)
		}
	}
}

func TestSettingsSurviveTheRoundTrip(t *testing.T) {
	c, err := FromEnv(env(map[string]string{"KAFKA_BROKERS": "a:1, b:2", "DATABASE_URL": "postgres:///x"}))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dev.json")
	if err := c.Save(file); err != nil {
		t.Fatal(err)
	}
	back, err := Load(file)
	if err != nil || back.Database.URL != c.Database.URL || len(back.Kafka.Brokers) != 2 {
		t.Fatalf("got %+v, %v", back, err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the settings: %v", info.Mode())
	}
}
