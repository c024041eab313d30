package handlers_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/localca"
	"dossier/handlers/signing"
	"dossier/projections"
)

// newSigningRegistry is a registry with somebody who signs; a nil signer is the CA itself.
func newSigningRegistry(t *testing.T, signer func(*localca.CA) signing.Signer) (*registry, *localca.CA) {
	t.Helper()
	r := &registry{}
	var ca *localca.CA
	r.tower = newTower(t, func(w *tower, o *handlers.ExecutorOptions) {
		v, err := vault.Open(t.Context(), w.db.App, vaultKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		j, err := eventstore.Open(t.Context(), w.db.App, eventstore.Options{Access: true, Simulated: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(j.Close)
		if ca, err = localca.Open("", w.clock); err != nil {
			t.Fatal(err)
		}
		r.vault, r.log = v, handlers.NewAccessLog(j, handlers.AccessOptions{Now: w.clock, Within: 20 * time.Second})
		o.Vault, o.Access, o.Signer, o.Verifier = r.vault, r.log, ca, ca.Verifier()
		if signer != nil {
			o.Signer = signer(ca)
		}
	})
	r.Persons = handlers.NewPersons(r.Executor, r.views)
	return r, ca
}

// named signs for every account with a certificate that names somebody, as certificates of citizens do.
type named struct {
	ca   *localca.CA
	name string
}

func (n named) Sign(_ context.Context, _ string, d signing.Digest) (string, error) {
	g, err := n.ca.Invite(n.name, monday.AddDate(0, 0, -1), monday.AddDate(1, 0, 0))
	if err != nil {
		return "", err
	}
	return g.Sign(d, monday.Add(time.Hour), true)
}

// Each reason is explained with a word that stands nowhere else, and the result is signed with a certificate that names somebody.
func TestWordsOfEveryReasonAndNamesInCertificatesLieInTheVaultAndGoWithThePerson(t *testing.T) {
	t.Parallel()
	r, _ := newSigningRegistry(t, func(ca *localca.CA) signing.Signer { return named{ca, "Bà " + canary} })
	if _, err := r.Register(t.Context(), r.by("reception"), "applicant-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	id := r.submit()
	r.pass(2 * time.Hour)
	said := 0
	send := func(account, name, body string) {
		t.Helper()
		if strings.Contains(body, "@") {
			body, said = strings.Replace(body, "@", `"text": "`+canary+` `+name+`"`, 1), said+1
		}
		r.must(account, id, name, body)
	}
	send("applicant-1", "request-withdrawal", `{@}`)
	send("reception", "reject-withdrawal", `{"reason": "applicant_changed_mind", @}`)
	send("reception", "transfer", `{"to": "so-khac", "mode": "parallel", "slip": "pc-1"}`)
	send("head", "refuse-transfer", `{"number": 1, "reason": "not_competent", @}`)
	send("fees", "request-payment", `{"amount": 1000, @}`)
	send("fees", "cancel-payment", `{"number": 1, "reason": "exempt", @}`)
	send("fees", "request-payment", `{"amount": 50000}`)
	send("fees", "confirm-payment", `{"number": 2, "amount": 50000, "method": "cash"}`)
	send("fees", "refund-payment", `{"number": 2, "amount": 1000, "reason": "paid_twice", @}`)
	send("reception", "accept", `{}`)
	send("reception", "forward", `{"unit": "animal-health"}`)
	send("head", "assign-officer", `{"officer": "officer-1"}`)
	send("officer-1", "start-appraisal", `{}`)
	send("officer-1", "propose-extension", `{"due": "2026-12-20T17:00:00+07:00", "reason": "complex_case", @}`)
	send("officer-1", "submit-for-approval", `{"proposal": "grant"}`)
	send("approver", "return-for-rework", `{"reason": "draft_errors", @}`)
	r.pass(40 * 24 * time.Hour)
	send("officer-1", "apologise-for-delay", `{"promised": "2027-02-01T17:00:00+07:00", "reason": "complex_case", @}`)
	send("lead", "urge-unit", `{"reason": "overdue", @}`)
	send("officer-1", "submit-for-approval", `{"proposal": "grant"}`)
	send("approver", "approve", `{"outcome": "grant"}`)
	send("approver", "sign", `{}`)
	send("clerk", "number", `{}`)
	send("clerk", "issue", `{}`)
	send("approver", "replace", `{"paper": 1, "reason": "content_changed", "decision": "qd-1", @}`)
	send("approver", "revoke", `{"paper": 2, "reason": "conditions_lost", "decision": "qd-2", "basis": "nd-118-2025.22", @}`)
	send("applicant-1", "choose-delivery", `{"way": "post"}`)
	send("return", "send", `{"slip": "vn-1"}`)
	send("return", "fail-delivery", `{"reason": "not_met", @}`)
	send("return", "return", `{"way": "counter"}`)

	words, err := r.Words(t.Context(), r.by("auditor"), id, "complaint")
	if err != nil || len(words) != said || said < 10 {
		t.Fatalf("%d of %d, %v", len(words), said, err)
	}
	for _, one := range words {
		if !strings.Contains(one.Words, canary) {
			t.Errorf("%+v", one)
		}
	}
	if found := r.everywhere(canary); len(found) > 0 {
		t.Errorf("in clear: %v", found)
	}
	lines, err := r.Signatures(t.Context(), r.by("auditor"), id, uuid.Nil)
	if err != nil || len(lines) != 1 || lines[0].State != handlers.SignatureHolds || lines[0].Subject != "Bà "+canary {
		t.Fatalf("%+v, %v", lines, err)
	}
	var refused *handlers.Failure
	if _, err := r.Signatures(t.Context(), r.by("applicant-2"), id, uuid.Nil); err == nil || errors.As(err, &refused) {
		t.Errorf("another applicant: %v", err)
	}
	r.pass(11 * 366 * 24 * time.Hour)
	r.must("clerk", id, "announce-disposal", `{}`)
	r.pass(60 * 24 * time.Hour)
	r.must("clerk", id, "dispose-record", `{"decision": "qd-12", "basis": "luat-33-2024"}`)
	if _, err := r.Erase(t.Context(), r.by("head"), "applicant-1", "12-QD-SNN", "data-subject-request", r.envelope("once")); err != nil {
		t.Fatal(err)
	}
	if found := r.everywhere(canary); len(found) > 0 {
		t.Errorf("after the erasure: %v", found)
	}
	report, err := r.CheckSignatures(t.Context(), nil)
	if err != nil || report.Erased != 1 || report.Failed != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if lines, err := r.Signatures(t.Context(), r.by("auditor"), id, uuid.Nil); err != nil || lines[0].State != handlers.SignatureErased || lines[0].Subject != "" {
		t.Errorf("%+v, %v", lines, err)
	}
}

func TestManyAreSignedOnlyAfterEachWasShown(t *testing.T) {
	t.Parallel()
	r, _ := newSigningRegistry(t, nil)
	ids := []uuid.UUID{r.approved(), r.approved(), r.submit()}
	bulk := handlers.NewBulk(r.Executor, projections.NewViews(r.db.App, r.journal), handlers.BulkOptions{})
	plan := handlers.BulkPlan{Command: "sign"}
	for _, id := range ids {
		plan.IDs = append(plan.IDs, id.String())
	}
	b, err := bulk.Plan(t.Context(), r.as("approver"), plan, r.envelope("plan"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bulk.Start(t.Context(), r.as("approver"), b.ID, 0, r.envelope("")); refusalCode(err) != "items_unseen" {
		t.Fatalf("begun unseen: %v", err)
	}
	half, err := bulk.DryRun(t.Context(), r.as("approver"), b.ID, handlers.BulkPage{Limit: 2})
	if err != nil || half.Seen != "" {
		t.Fatalf("half of it counts as seen: %+v, %v", half, err)
	}
	rest, err := bulk.DryRun(t.Context(), r.as("approver"), b.ID, handlers.BulkPage{From: 2})
	if err != nil || rest.Seen == "" {
		t.Fatalf("%+v, %v", rest, err)
	}
	var digests []string
	for i, one := range half.Items {
		facts, err := r.Facts(t.Context(), ids[i])
		if err != nil {
			t.Fatal(err)
		}
		want := signing.DigestOf(dossier.Fold(facts).Decisive(ids[i].String()))
		if one.Signs == nil || one.Signs.Applicant != "applicant-1" || one.Signs.Outcome != dossier.Grant || one.Signs.Dossier == "" || one.Signs.Digest != hex.EncodeToString(want[:8]) || one.Outcome != "done" {
			t.Errorf("%+v", one.Signs)
		}
		digests = append(digests, one.Signs.Digest)
	}
	if digests[0] == digests[1] || rest.Items[0].Outcome != "refused" {
		t.Errorf("%v, %+v", digests, rest.Items)
	}
	e := r.envelope("")
	e.Seen = rest.Seen
	if _, err := bulk.Start(t.Context(), r.as("approver"), b.ID, 0, e); err != nil {
		t.Fatal(err)
	}
	if _, err := bulk.Work(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	report, err := r.CheckSignatures(t.Context(), nil)
	if err != nil || report.Digital != 2 || report.Failed != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// approved is a dossier that waits for its signature.
func (r *registry) approved() uuid.UUID {
	id := r.submit()
	for _, one := range [][3]string{{"reception", "accept", `{}`}, {"reception", "forward", `{"unit": "animal-health"}`}, {"head", "assign-officer", `{"officer": "officer-1"}`},
		{"officer-1", "start-appraisal", `{}`}, {"officer-1", "submit-for-approval", `{"proposal": "grant"}`}, {"approver", "approve", `{"outcome": "grant"}`}} {
		r.must(one[0], id, one[1], one[2])
	}
	return id
}

// failing is a signing service on a bad day.
type failing struct {
	err  error
	said string
}

func (f failing) Sign(context.Context, string, signing.Digest) (string, error) { return f.said, f.err }

func TestASignerThatIsAwayOrLiesLeavesTheDossierAsItIs(t *testing.T) {
	t.Parallel()
	var stranger *localca.CA
	for _, c := range []struct {
		name string
		what func(*localca.CA) signing.Signer
		want string
	}{
		{"away", func(*localca.CA) signing.Signer { return failing{err: errors.New("connection refused")} }, "signer_away"},
		{"says nothing", func(*localca.CA) signing.Signer { return failing{} }, signing.Malformed},
		{"signs something else", func(ca *localca.CA) signing.Signer { return wrong{ca} }, signing.Altered},
		{"is nobody we trust", func(*localca.CA) signing.Signer { return stranger }, signing.UnknownChain},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			if stranger, err = localca.Open("", func() time.Time { return monday }); err != nil {
				t.Fatal(err)
			}
			r, _ := newSigningRegistry(t, c.what)
			id := r.approved()
			before, err := r.Facts(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.send("approver", id, "sign", `{}`); refusalCode(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if after, err := r.Facts(t.Context(), id); err != nil || len(after) != len(before) {
				t.Errorf("%d facts, then %d, %v", len(before), len(after), err)
			}
			r.must("approver", id, "sign", `{"means": "paper"}`) // ink is always there
		})
	}
}

type wrong struct{ ca *localca.CA }

func (w wrong) Sign(ctx context.Context, account string, _ signing.Digest) (string, error) {
	return w.ca.Sign(ctx, account, signing.DigestOf([]byte("something else")))
}

// The same key answers as before and asks for no second signature.
func TestASignatureIsMadeOnceHoweverOftenItIsAskedFor(t *testing.T) {
	t.Parallel()
	asked := 0
	r, _ := newSigningRegistry(t, func(ca *localca.CA) signing.Signer { return counting{ca, &asked} })
	id := r.approved()
	facts, err := r.Facts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	seen := int64(len(facts))
	e := handlers.Envelope{Key: "once", Body: []byte("{}"), Expected: &seen}
	for i := range 3 {
		got, err := r.Do(t.Context(), r.as("approver"), id, e, dossier.SignResult{})
		if err != nil || got.Repeated != (i > 0) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	stale := seen - 1
	if _, err := r.Do(t.Context(), r.as("approver"), id, handlers.Envelope{Key: "stale", Body: []byte("{}"), Expected: &stale}, dossier.SignResult{}); err == nil {
		t.Error("signed for another version")
	}
	if asked != 1 {
		t.Errorf("the signer was asked %d times", asked)
	}
	all, err := r.Facts(t.Context(), id)
	if err != nil || !slices.ContainsFunc(all, func(f dossier.Fact) bool { return f.Type == "dossier.result-signed" }) || len(all) != len(facts)+1 {
		t.Errorf("%d facts, %v", len(all), err)
	}
}

type counting struct {
	ca    *localca.CA
	asked *int
}

func (c counting) Sign(ctx context.Context, account string, d signing.Digest) (string, error) {
	*c.asked++
	return c.ca.Sign(ctx, account, d)
}
