package handlers_test

import (
	"errors"
	"testing"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/google/go-cmp/cmp"
)

func inGroup(procedures ...dossier.Code) (lead dossier.SubmitDossier, members []dossier.SubmitDossier) {
	for i, p := range procedures {
		c := dossier.SubmitDossier{Procedure: p, Channel: dossier.Counter, Applicant: "applicant-1", Unit: handlers.UnitOneStop}
		if i == 0 {
			lead = c
		} else {
			members = append(members, c)
		}
	}
	return lead, members
}

func TestOneReceptionOpensLinkedDossiersWithClocksAndResultsOfTheirOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	lead, members := inGroup("vet-practice-cert-renew", "vet-drug-trade-cert", "vet-drug-import-eligibility")
	e := d.envelope("{}")
	g, err := d.SubmitGroup(t.Context(), d.as("reception"), e, lead, members)
	if err != nil || len(g.Members) != 2 {
		t.Fatalf("%+v, %v", g, err)
	}
	state := func(r handlers.Receipt) dossier.State {
		s, err := d.state(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ref := func(r handlers.Receipt) string { return r.ID.String() }
	if got, want := state(g.Lead).Links, []dossier.Link{{Other: ref(g.Members[0]), Kind: dossier.GroupMember}, {Other: ref(g.Members[1]), Kind: dossier.GroupMember}}; !cmp.Equal(got, want) {
		t.Errorf("the lead names %v", got)
	}
	for _, m := range g.Members {
		if got := state(m).Links; !cmp.Equal(got, []dossier.Link{{Other: ref(g.Lead), Kind: dossier.GroupLead}}) {
			t.Errorf("a member names %v", got)
		}
	}
	for _, r := range append(g.Members, g.Lead) {
		d.done("reception", r.ID, dossier.AcceptDossier{})
	}
	if a, b := state(g.Lead), state(g.Members[0]); a.Due.IsZero() || !b.Due.After(a.Due) || a.Clock.Term.Limits[0] == b.Clock.Term.Limits[0] {
		t.Errorf("clocks: lead %v due %v, member %v due %v", a.Clock.Term.Limits, a.Due, b.Clock.Term.Limits, b.Due)
	}

	before, err := d.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.SubmitGroup(t.Context(), d.as("reception"), e, lead, members)
	if err != nil || again.Lead.ID != g.Lead.ID || again.Members[1].ID != g.Members[1].ID {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	if after, err := d.journal.Head(t.Context()); err != nil || after != before {
		t.Errorf("sent again, and %d events were added, %v", after-before, err)
	}
}

// A group that was cut short, here after its lead and first member, is completed by sending it again.
func TestAGroupThatWasCutShortIsCompletedBySendingItAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lead, members := inGroup("vet-practice-cert-renew", "vet-drug-trade-cert", "vet-drug-import-eligibility")
	e := d.envelope("{}")
	part, err := d.SubmitFirst(t.Context(), d.as("reception"), e, lead, members, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := d.SubmitGroup(t.Context(), d.as("reception"), e, lead, members)
	if err != nil || whole.Lead.ID != part.Lead.ID || whole.Members[0].ID != part.Members[0].ID || len(whole.Members) != 2 {
		t.Errorf("%+v, %v", whole, err)
	}
	if s, err := d.state(part.Lead.ID); err != nil || len(s.Links) != 2 {
		t.Errorf("%v, %v", s.Links, err)
	}
}

func TestAGroupThatCannotBeFiledWholeIsNotFiledAtAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	closed := closedProcedure(t)
	for name, c := range map[string]struct {
		who        string
		procedures []dossier.Code
		change     func([]dossier.SubmitDossier)
		want       string
	}{
		"a member that is information only": {"reception", []dossier.Code{openProcedure, closed}, nil, "not_open_for_filing"},
		"a member nobody knows":             {"reception", []dossier.Code{openProcedure, "nothing"}, nil, "unknown_procedure"},
		"a procedure twice":                 {"reception", []dossier.Code{openProcedure, openProcedure}, nil, "duplicate_item"},
		"no member":                         {"reception", []dossier.Code{openProcedure}, nil, "group_size"},
		"another applicant":                 {"reception", []dossier.Code{openProcedure, "vet-drug-trade-cert"}, func(m []dossier.SubmitDossier) { m[0].Applicant = "applicant-2" }, "group_differs"},
		"an applicant at the counter":       {"applicant-1", []dossier.Code{openProcedure, "vet-drug-trade-cert"}, nil, "wrong_channel"},
	} {
		lead, members := inGroup(c.procedures...)
		if c.change != nil {
			c.change(members)
		}
		_, err := d.SubmitGroup(t.Context(), d.as(c.who), d.envelope("{}"), lead, members)
		got := refusalCode(err)
		if bad := (*domain.Invalid)(nil); errors.As(err, &bad) {
			got = bad.Code
		}
		if got != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if head, err := d.journal.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%d events were written, %v", head, err)
	}
}
