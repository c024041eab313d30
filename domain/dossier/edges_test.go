package dossier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func TestAResultIsRegisteredAsTheProcedurePrescribesIt(t *testing.T) {
	flow := procedure.Flow{Results: []procedure.Result{
		{Code: "licence", ValidMonths: 12, RenewDays: 30}, {Code: "annex", ValidMonths: 1}, {Code: "stamp", RenewDays: 30},
	}}
	l := in(t, dossier.Approved).then(t, sign, number, by(clerk, issue.what, prescribing(flow)))
	var got []string
	for _, p := range l.state.Papers {
		got = append(got, fmt.Sprintf("%d %s", p.Number, p.Code))
		valid, remind := !p.ValidUntil.IsZero(), !p.RenewFrom.IsZero()
		if valid != (p.Code != "stamp") || remind != (p.Code == "licence") {
			t.Errorf("%s is valid until %s, renewed from %s", p.Code, p.ValidUntil, p.RenewFrom)
		}
		if p.Code == "licence" && (!p.ValidUntil.Equal(p.IssuedAt.AddDate(1, 0, 0)) || !p.RenewFrom.Equal(p.ValidUntil.AddDate(0, 0, -30))) {
			t.Errorf("issued %s, valid until %s, renewed from %s", p.IssuedAt, p.ValidUntil, p.RenewFrom)
		}
	}
	if !slices.Equal(got, []string{"1 licence", "2 annex", "3 stamp"}) {
		t.Errorf("the register has %q", got)
	}
}

func TestAPaperIsReplacedAndRevokedOnceByOneDecision(t *testing.T) {
	for _, c := range []struct{ once, other act }{
		{replace, by(leader, dossier.ReplaceResult{Paper: 1, Reason: "content_changed", Decision: "qd-99"})},
		{revoke, by(leader, dossier.RevokeResult{Paper: 1, Reason: "conditions_lost", Decision: "qd-99", Basis: "nd-118-2025.22"})},
	} {
		l := in(t, dossier.Resolved).then(t, c.once)
		if events, err := l.ask(c.once); err != nil || len(events) > 0 {
			t.Errorf("%s again: %v, %v", c.once.what.Name(), types(events), err)
		}
		if _, err := l.ask(c.other); refusal(err) != "paper_ended" {
			t.Errorf("%s by another decision: %v", c.other.what.Name(), err)
		}
	}
}

func TestAnErrorIsReportedOfAPaperThatIsThere(t *testing.T) {
	refused := func(s dossier.State) string {
		for _, o := range dossier.Offers(s, citizen) {
			if o.Command == "report-error" && o.Refusal != nil {
				return o.Refusal.Code
			}
		}
		return ""
	}
	s := in(t, dossier.Resolved).state
	if got := refused(s); got != "" {
		t.Errorf("with a paper in the register: %s", got)
	}
	if s.Papers = nil; refused(s) != "no_such_paper" {
		t.Error("an error of no paper can be reported")
	}
}

// A unit may be urged three days before the due date, for the reason that is true.
func TestAUnitIsUrgedForTheReasonThatIsTrue(t *testing.T) {
	l := in(t, dossier.Appraising)
	due := l.state.Due
	if due.IsZero() {
		t.Fatal("the dossier has no due date")
	}
	for _, c := range []struct {
		at     time.Time
		reason dossier.UrgeReason
		want   string
	}{
		{due.Add(-73 * time.Hour), dossier.UrgedSoon, "not_urgent"},
		{due.Add(-72 * time.Hour), dossier.UrgedSoon, "not_urgent"},
		{due.Add(-71 * time.Hour), dossier.UrgedSoon, ""},
		{due.Add(-71 * time.Hour), dossier.UrgedLate, "not_urgent"},
		{due, dossier.UrgedLate, "not_urgent"},
		{due.Add(time.Second), dossier.UrgedLate, ""},
		{due.Add(-100 * time.Hour), "opinion_awaited", ""},
	} {
		if _, err := l.ask(by(lead, dossier.UrgeUnit{Reason: c.reason}, func(x *dossier.Context) { x.Now = c.at })); refusal(err) != c.want {
			t.Errorf("%s, %s before it is due: %v, want %q", c.reason, due.Sub(c.at), err, c.want)
		}
	}
}

func TestWhatACommandHoldsHasEdges(t *testing.T) {
	codes := func(n int) (list []dossier.Code) {
		for i := range n {
			list = append(list, dossier.Code(fmt.Sprintf("tp-%d", i)))
		}
		return list
	}
	parts := func(n int) (list []dossier.Part) {
		for i := range n {
			list = append(list, dossier.Part{Code: dossier.Code(fmt.Sprintf("tp-%d", i)), Kind: "paper", Originals: 1})
		}
		return list
	}
	due := func(year int) dossier.RequestOpinion {
		return dossier.RequestOpinion{Unit: "phong-xet-nghiem", Due: time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)}
	}
	ask := func(items []dossier.Code, parts []dossier.Part, days int) dossier.RequestSupplement {
		return dossier.RequestSupplement{Items: items, Reason: "missing", Parts: parts, WindowDays: days}
	}
	badPart := parts(2)
	badPart[1].Kind = "rumour"
	for name, c := range map[string]struct {
		wish   act
		misfit bool
	}{
		"50 items":                       {by(officer, ask(codes(50), nil, 0)), false},
		"51 items":                       {by(officer, ask(codes(51), nil, 0)), true},
		"one item twice":                 {by(officer, ask([]dossier.Code{"a", "b", "a"}, nil, 0)), true},
		"50 parts":                       {by(officer, ask(codes(50), parts(50), 0)), false},
		"51 parts":                       {by(officer, ask(codes(50), parts(51), 0)), true},
		"a part of a kind nobody knows":  {by(officer, ask(codes(2), badPart, 0)), true},
		"a window of minus one day":      {by(officer, ask(codes(1), nil, -1)), true},
		"a window of one day":            {by(officer, ask(codes(1), nil, 1)), false},
		"a window of 365 days":           {by(officer, ask(codes(1), nil, 365)), false},
		"a window of 366 days":           {by(officer, ask(codes(1), nil, 366)), true},
		"the year 1899":                  {by(officer, due(1899)), true},
		"the year 1900":                  {by(officer, due(1900)), false},
		"the year 9998":                  {by(officer, due(9998)), false},
		"the year 9999":                  {by(officer, due(9999)), true},
		"a reason that is in no list":    {by(officer, dossier.RequestSupplement{Items: codes(1), Reason: "whim"}), true},
		"a unit that is no code":         {by(officer, dossier.RequestOpinion{Unit: "Phòng xét nghiệm", Due: monday.Add(240 * time.Hour)}), true},
		"an amount of more than a paper": {by(feeDesk, dossier.RequestPayment{Amount: -1, Fees: codes(1)}), true},
	} {
		_, err := in(t, dossier.Appraising).ask(c.wish)
		if misfit := len(refusal(err)) > 9 && refusal(err)[:9] == "invalid: "; misfit != c.misfit {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusedSquareNamesInBothLanguagesWhereTheCommandIsPossible(t *testing.T) {
	approved := map[string]string{"vi": dossier.Label("status", string(dossier.Approved), "vi"), "en": dossier.Label("status", string(dossier.Approved), "en")}
	for _, c := range dossier.Cells() {
		vi, en := c.Answer("vi"), c.Answer("en")
		if c.Refusal != "" && (vi == en || en == "") {
			t.Errorf("in %q %s: %q %q", c.From, c.Command, vi, en)
		}
		if c.From == dossier.Submitted && c.Command == "sign" && (!strings.Contains(vi, approved["vi"]) || !strings.Contains(en, approved["en"])) {
			t.Errorf("signing what was only submitted: %q %q, possible in %q", vi, en, approved)
		}
	}
}
