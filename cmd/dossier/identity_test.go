package main

import (
	"errors"
	"strings"
	"testing"

	"dossier/internal/config"
)

func TestProductionSaysWhatItsIssuerStillLacks(t *testing.T) {
	for name, c := range map[string]struct{ issuer, id, secret, public, want string }{
		"none":            {},
		"whole":           {"https://id.example", "dossier", "s", "https://dossier.example", ""},
		"on this machine": {"http://127.0.0.1:9000", "dossier", "s", "http://127.0.0.1:8080", ""},
		"no client":       {"https://id.example", "", "", "https://dossier.example", "OIDC_CLIENT_ID"},
		"no secret":       {"https://id.example", "dossier", "", "https://dossier.example", "OIDC_CLIENT_SECRET"},
		"plain issuer":    {"http://id.example", "dossier", "s", "https://dossier.example", "must be https"},
		"no address":      {"https://id.example", "dossier", "s", "", "PUBLIC_URL"},
		"plain address":   {"https://id.example", "dossier", "s", "http://dossier.example", "PUBLIC_URL"},
	} {
		var cfg config.Config
		cfg.OIDC.Issuer, cfg.OIDC.ClientID, cfg.OIDC.ClientSecret, cfg.HTTP.PublicURL = c.issuer, c.id, c.secret, c.public
		err := issuerComplete(cfg)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestADevelopmentStackPrintsOneTimeLogInsOfItsIssuer(t *testing.T) {
	d := startDev(t, "--empty")
	d.eventually("the banner is out", func() error { return said(d.out.String(), "ready in") })
	lines := 0
	for line := range strings.SplitSeq(d.out.String(), "\n") {
		if f := strings.Fields(line); len(f) > 1 && len(f[1]) == 9 && f[1][4] == '-' {
			lines++
		}
	}
	if lines < 15 || !strings.Contains(d.out.String(), d.cfg.OIDC.Issuer) {
		t.Errorf("%d one-time log-ins\n%s", lines, d.out)
	}
	if status, body, err := get(t.Context(), d.cfg.OIDC.Issuer+"/.well-known/openid-configuration"); err != nil || status != 200 || !strings.Contains(body, "S256") {
		t.Errorf("the issuer: %d %s %v", status, body, err)
	}
	data := []string{"--data", d.folder}
	if out := must(t, append([]string{"subject", "link", "sub-7", "clerk"}, data...)...); !strings.Contains(out, "done") {
		t.Error(out)
	}
	must(t, append([]string{"subject", "unlink", "sub-7"}, data...)...)
	if out := must(t, append([]string{"session", "end", "clerk"}, data...)...); !strings.Contains(out, "0 browsers") {
		t.Error(out)
	}
	must(t, append([]string{"session", "list"}, data...)...)
	if _, talk, code := program(t, append([]string{"subject", "link", "sub-7", "nobody"}, data...)...); code != 1 || !strings.Contains(talk, "no role") {
		t.Errorf("linked to nobody: exit %d %s", code, talk)
	}
	if out := must(t, append([]string{"config"}, data...)...); strings.Contains(out, d.cfg.OIDC.ClientSecret) {
		t.Error("the client's secret is shown")
	}
}

var errNotSaid = errors.New("not said yet")

func said(text, what string) error {
	if strings.Contains(text, what) {
		return nil
	}
	return errNotSaid
}
