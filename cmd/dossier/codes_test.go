package main

import (
	"strings"
	"testing"
)

func TestHowDossiersAreNumberedIsShownAndPatternsAreChecked(t *testing.T) {
	env := map[string]string{"DOSSIER_CODES": "*=000.00.01.H22 circular-01-2018; one-stop=H15.50.05.13 {agency}-{yyyy}{mm}{dd}-{number:6} at-acceptance"}
	code, out, talk := here(env, "codes", "--data", t.TempDir())
	for _, want := range []string{"000.00.01.H22-", "-0001", "H15.50.05.13-20", "-000001", "at acceptance", "Circular 01/2018/TT-VPCP, Article 19", "agriculture-2026"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: %q lacks %q (%s)", code, out, want, talk)
		}
	}
	if code, out, talk := here(nil, "codes", "check", "{agency}-{yy}{mm}{dd}-{number:4}"); code != 0 || !strings.Contains(out, "no mistake") {
		t.Errorf("exit %d: %s%s", code, out, talk)
	}
	code, _, talk = here(nil, "codes", "check", "{agency}{yy}{mm}{dd}{number:4}", "{agency}-{yy}{mm}-{number:4}")
	for _, want := range []string{"character 21", "ký tự 21", "{dd} is missing", "thiếu {dd}", "2 pattern(s)"} {
		if code != 3 || !strings.Contains(talk, want) {
			t.Errorf("exit %d: %q lacks %q", code, talk, want)
		}
	}
	if code, _, _ := here(nil, "codes", "check"); code != 2 {
		t.Errorf("no pattern: exit %d", code)
	}
}

func TestABadRuleOfCodesStopsTheStartInBothLanguages(t *testing.T) {
	env := map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "KAFKA_BROKERS": "127.0.0.1:1", "COMMAND_KEY": strings.Repeat("k", 32), "VAULT_KEY": testVaultKey,
		"DOSSIER_CODES": "*=H15 {agency}{yy}{mm}{dd}{number:4}"}
	code, _, talk := here(env, "serve")
	for _, want := range []string{"DOSSIER_CODES", "character 21", "ký tự 21"} {
		if code != 2 || !strings.Contains(talk, want) {
			t.Errorf("exit %d: %q lacks %q", code, talk, want)
		}
	}
}
