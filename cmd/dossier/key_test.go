package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// withKey asks the API with a token and returns the status.
func (d *dev) withKey(token, path string) int {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+d.cfg.HTTP.Addr+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestAKeyIsMadeUsedAndRevokedOnTheCommandLine(t *testing.T) {
	d := startDev(t, "--empty")
	data := []string{"--data", d.folder}
	key := func(args ...string) string { return must(t, append(append([]string{"key"}, args...), data...)...) }
	token := strings.TrimSpace(key("create", "--label", "portal", "--account", "officer-1", "--role", "case_officer", "--unit", "animal-health", "--scope", "read,feed", "--from", "127.0.0.0/8"))
	prefix, _, _ := strings.Cut(strings.TrimPrefix(token, "dossier_"), "_")
	if status := d.withKey(token, "/v1/events?limit=1"); status != 401 {
		t.Errorf("a key that waits is answered %d", status)
	}
	if list := key("list"); !strings.Contains(list, "waits for a second person") {
		t.Errorf("listed:\n%s", list)
	}
	if _, talk, code := program(t, append([]string{"key", "confirm", prefix, "--as", "admin"}, data...)...); code != 1 || !strings.Contains(talk, "another system administrator") {
		t.Errorf("its maker confirmed it: exit %d\n%s", code, talk)
	}
	if out := key("confirm", prefix); !strings.Contains(out, "auditor confirmed it") {
		t.Errorf("confirmed: %s", out)
	}
	if status := d.withKey(token, "/v1/events?limit=1"); status != 200 {
		t.Errorf("the feed answers %d", status)
	}
	if status := d.withKey(token, "/v1/access"); status != 403 {
		t.Errorf("the access journal answers %d", status)
	}
	list := key("list")
	if !strings.Contains(list, prefix) || !strings.Contains(list, "read,feed") || strings.Contains(list, token) {
		t.Errorf("listed:\n%s", list)
	}
	if _, talk, code := program(t, append([]string{"key", "create", "--as", "clerk", "--label", "x", "--account", "a", "--role", "auditor", "--scope", "read"}, data...)...); code != 1 {
		t.Errorf("a clerk made a key: exit %d\n%s", code, talk)
	}
	key("revoke", prefix)
	if status := d.withKey(token, "/v1/events?limit=1"); status != 401 {
		t.Errorf("a revoked key is answered %d", status)
	}

	// In production the owner of the database does it, and nobody else.
	owner := func(url string, args ...string) (string, string, int) {
		cmd := command(append([]string{"key"}, args...)...)
		cmd.Env = append(cmd.Env, "DATABASE_URL="+d.cfg.Database.URL, "MIGRATE_DATABASE_URL="+url)
		var out, talk bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &talk
		_ = cmd.Run()
		return out.String(), talk.String(), cmd.ProcessState.ExitCode()
	}
	for url, want := range map[string]string{"": "MIGRATE_DATABASE_URL is not set", d.cfg.Database.URL: "does not own"} {
		if out, talk, code := owner(url, "create", "--label", "first", "--account", "admin", "--role", "system_admin", "--unit", "it", "--scope", "read"); code != 1 || out != "" || !strings.Contains(talk, want) {
			t.Errorf("with %q: exit %d %s%s", url, code, out, talk)
		}
	}
	out, talk, code := owner(d.cfg.Database.AdminURL, "create", "--label", "first", "--account", "admin", "--role", "system_admin", "--unit", "it", "--scope", "read")
	if code != 0 || d.withKey(strings.TrimSpace(out), "/v1/organisation") != 200 {
		t.Errorf("the owner: exit %d %s%s", code, out, talk)
	}
	if strings.Contains(d.out.String(), token) {
		t.Error("the stack's log holds a token")
	}
	entries := must(t, append([]string{"access", "list"}, data...)...)
	for _, want := range []string{"(key made) " + prefix, "(key refused) " + prefix, "(key confirmed) " + prefix, "key_waits", "(key revoked) " + prefix, "operator", "key_scope", "key_revoked"} {
		if !strings.Contains(entries, want) {
			t.Errorf("the access journal has no %s:\n%s", want, entries)
		}
	}
}
