package dossier_test

import (
	"strings"
	"testing"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// atLevel gives the procedure no level but this one of the scheme of 2011.
func atLevel(value string) func(*dossier.Context) {
	return func(x *dossier.Context) {
		p := *x.Procedure
		p.Levels = []procedure.ServiceLevel{{Scheme: "43/2011", Value: value}}
		x.Procedure = &p
	}
}

func TestWhatALevelOfServiceAllowsOnlineIsAllowedAndNoMore(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []act
		wish  act
		pass  bool
	}{
		{"level 3 files online", nil, by(citizen, submit.what, atLevel("3")), true},
		{"level 1 does not", nil, by(citizen, submit.what, atLevel("1")), false},
		{"level 2 files at the counter", nil, by(reception, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Counter, Applicant: "ref-1", Unit: "mot-cua"}, atLevel("2")), true},
		{"level 4 pays online", on(dossier.Submitted, charge), by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1_200_000, Method: "online", Receipt: "bl-7"}, atLevel("4")), true},
		{"level 4 gives results online", paths[dossier.Submitted], by(citizen, dossier.ChooseDelivery{Way: dossier.Online}, atLevel("4")), true},
		{"level 3 gives them by post", paths[dossier.Submitted], by(citizen, dossier.ChooseDelivery{Way: dossier.Post}, atLevel("3")), true},
		{"a part of 2026 files online", nil, by(citizen, submit.what, func(x *dossier.Context) {
			p := *x.Procedure
			p.Levels = []procedure.ServiceLevel{{Scheme: "43/2011", Value: "2"}, {Scheme: "224/2026", Value: "mot-phan"}}
			x.Procedure = &p
		}), true},
	} {
		_, err := given(t, c.given...).ask(c.wish)
		if (err == nil) != c.pass {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && !strings.Contains(err.Error(), "level 1 (Decree 43/2011)") {
			t.Errorf("%s: the refusal does not name the level: %v", c.name, err)
		}
	}
}
