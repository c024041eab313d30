package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/handlers"
	"dossier/handlers/localca"
	"dossier/handlers/signing"
	"dossier/internal/devstack"
)

// signingHouse keeps files and has somebody who signs.
func signingHouse(t *testing.T) (*house, *cabinet) {
	t.Helper()
	ca, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &cabinet{dir: t.TempDir(), clamd: devstack.TestClamd(t), ca: ca}
	return openHouseWith(t, nil, nil, c), c
}

type signatures struct{ Items []handlers.SignatureLine }

func (h *house) signaturesOf(path string) (s []handlers.SignatureLine) {
	h.t.Helper()
	var got signatures
	h.get("auditor", path).is(200).into(&got)
	return got.Items
}

// uploaded announces and sends a file; body is what the announcement says beside name and size.
func (h *house) uploaded(account, dossier, content, body string) (fileLine, reply) {
	h.t.Helper()
	var n fileLine
	h.post(account, "/v1/dossiers/"+dossier+"/files", fmt.Sprintf(`{"name":"tệp.pdf","size":%d%s}`, len(content), body)).is(201).into(&n)
	return n, h.send(account, "PATCH", "/v1/files/"+n.ID, content, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0")
}

func with(signature string) string {
	b, _ := json.Marshal(signature)
	return `,"signature":` + string(b)
}

// match says which version was looked at.
func match(r receipt) string { return fmt.Sprintf(`If-Match: "%d"`, r.Version) }

func (h *house) types(dossier string) (types []string) {
	h.t.Helper()
	var events []struct{ Type, Subject string }
	h.get("auditor", "/v1/events?limit=500").is(200).into(&events)
	for _, e := range events {
		if e.Subject == dossier {
			types = append(types, strings.TrimPrefix(e.Type, "dossier."))
		}
	}
	return types
}

func TestASignedUploadIsProvedBeforeItIsAttachedAndAnUnprovedOneIsRefusedWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	h, c := signingHouse(t)
	now := time.Now()
	content := aPDF(2000)
	d := signing.DigestOf([]byte(content))
	guest := func(ca *localca.CA, from, until time.Duration) *localca.Guest {
		g, err := ca.Invite("Nguyễn Thị Kỳ Lân", now.Add(from), now.Add(until))
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	sign := func(g *localca.Guest, at time.Time, stamped bool) string {
		s, err := g.Sign(d, at, stamped)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	day := 24 * time.Hour
	good, gone := guest(c.ca, -day, day), guest(c.ca, -10*day, day)
	if err := c.ca.Revoke(gone.Serial, now.Add(-5*day)); err != nil {
		t.Fatal(err)
	}
	stranger, err := localca.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ name, signature, content, want string }{
		{"altered content", sign(good, now, true), strings.Replace(content, "trang", "Trang", 1), signing.Altered},
		{"unknown chain", sign(guest(stranger, -day, day), now, true), content, signing.UnknownChain},
		{"expired", sign(guest(c.ca, -3*day, -day), now, true), content, signing.Expired},
		{"not yet valid", sign(guest(c.ca, day, 2*day), now, true), content, signing.NotYetValid},
		{"revoked at that time", sign(gone, now.Add(-day), true), content, signing.Revoked},
		{"without a time", sign(good, time.Time{}, false), content, signing.WithoutTime},
		{"no signature", "x", content, signing.Malformed},
	} {
		id := h.submitted().ID
		n, answer := h.uploaded("applicant-1", id, one.content, with(one.signature))
		p := answer.problem(409, one.want)
		if p.Detail == "" {
			t.Errorf("%s: no words", one.name)
		}
		h.get("applicant-1", "/v1/files/"+n.ID+"/content").problem(409, "file_not_clean")
		h.send("applicant-1", "PATCH", "/v1/files/"+n.ID, "", "Content-Type: application/offset+octet-stream", "Upload-Offset: "+strconv.Itoa(len(one.content))).problem(409, one.want)
		if got := h.types(id); slices.Contains(got, "file-attached.v1") || slices.Contains(got, "file-signed.v1") {
			t.Errorf("%s: %v", one.name, got)
		}
	}

	id := h.submitted().ID
	n, answer := h.uploaded("applicant-1", id, content, with(sign(good, now, true)))
	answer.is(200)
	if got := h.types(id); !slices.Equal(got, []string{"submitted.v2", "file-attached.v1", "file-signed.v1"}) {
		t.Fatalf("facts %v", got)
	}
	lines := h.signaturesOf("/v1/files/" + n.ID + "/signatures")
	if len(lines) != 1 || lines[0].State != "holds" || lines[0].Today != "good" || lines[0].Subject != "Nguyễn Thị Kỳ Lân" || lines[0].Time != "stamped" || lines[0].Serial != "" || len(lines[0].Chain) != 2 {
		t.Fatalf("%+v", lines)
	}
	feed := string(h.get("auditor", "/v1/events?limit=500").is(200).body)
	if strings.Contains(feed, "Kỳ Lân") || strings.Contains(feed, good.Serial) || strings.Contains(feed, "x5c") {
		t.Errorf("the signer stands in the feed: %s", feed)
	}
	if words := string(h.get("auditor", "/v1/dossiers/"+id+"/words?purpose=complaint").body); strings.Contains(words, "x5c") {
		t.Errorf("a signature is shown as words: %s", words)
	}
	if err := c.ca.Revoke(good.Serial, time.Now().Add(time.Second)); err != nil { // it was stamped before; a list of revoked ones knows whole seconds
		t.Fatal(err)
	}
	if lines = h.signaturesOf("/v1/files/" + n.ID + "/signatures"); lines[0].State != "holds" || lines[0].Today != "good" {
		t.Errorf("revoked afterwards: %+v", lines)
	}
	h.get("applicant-2", "/v1/files/"+n.ID+"/signatures").problem(403, "not_allowed")
}

func TestWithoutAnAuthorityThatIsTrustedNoSignatureIsTaken(t *testing.T) {
	t.Parallel()
	h, _ := scanned(t)
	id := h.submitted().ID
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a.pdf","size":3,"signature":"x"}`).problem(409, "no_verifier")
	n, answer := h.uploaded("applicant-1", id, aPDF(500), "")
	answer.is(200)
	h.post("reception", "/v1/files/"+n.ID+"/signatures", `{}`).problem(409, "no_signer")
	h.post("reception", "/v1/files/"+n.ID+"/signatures", `{"signature":"x"}`).problem(409, "no_verifier")
}

// What was signed never leaves who asks.
func TestASignatureOutsideAnyDossierIsHeldAgainstADigest(t *testing.T) {
	t.Parallel()
	h, c := signingHouse(t)
	content, now := []byte("giấy ở nhà"), time.Now()
	g, err := c.ca.Invite("Nguyễn Thị Kỳ Lân", now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	sum := signing.DigestOf(content)
	signature, err := g.Sign(sum, now, true)
	if err != nil {
		t.Fatal(err)
	}
	asks := func(sum, signature string) string {
		b, _ := json.Marshal(map[string]string{"sha256": sum, "signature": signature})
		return string(b)
	}
	head, err := h.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := fmt.Sprintf("%x", sum)
	var e signing.Evidence
	h.post("applicant-1", "/v1/signatures/verify", asks(whole, signature)).is(200).into(&e)
	if e.Subject != "Nguyễn Thị Kỳ Lân" || e.Revocation != signing.Good || e.Time != signing.Stamped || len(e.Chain) != 3 {
		t.Errorf("%+v", e)
	}
	h.post("auditor", "/v1/signatures/verify", asks(strings.ToUpper(whole), signature)).is(200)
	h.post("auditor", "/v1/signatures/verify", asks(strings.Repeat("0", 64), signature)).problem(409, signing.Altered)
	h.post("auditor", "/v1/signatures/verify", asks(whole, "x")).problem(409, signing.Malformed)
	h.post("auditor", "/v1/signatures/verify", asks("", signature)).problem(422, "invalid")
	h.post("auditor", "/v1/signatures/verify", asks(whole, "")).problem(422, "invalid")
	h.post("admin", "/v1/signatures/verify", asks(whole, signature)).problem(403, "not_allowed")
	h.post("", "/v1/signatures/verify", asks(whole, signature)).is(401)
	c.ca.GoAway(true)
	h.post("auditor", "/v1/signatures/verify", asks(whole, signature)).problem(503, "revocation_unknown")
	if after, err := h.journal.Head(t.Context()); err != nil || after != head {
		t.Errorf("%d events of asking, %v", after-head, err)
	}
}

func TestAScanIsSignedAtDigitisingAndWhatTheListsDoNotAnswerWaits(t *testing.T) {
	t.Parallel()
	h, c := signingHouse(t)
	id := h.submitted().ID
	n, answer := h.uploaded("reception", id, aPDF(700), `,"kind":"scan"`)
	answer.is(200)
	c.ca.GoAway(true)
	h.post("reception", "/v1/files/"+n.ID+"/signatures", `{}`).problem(503, "revocation_unknown")
	c.ca.GoAway(false)
	h.post("reception", "/v1/files/"+n.ID+"/signatures", `{}`).is(200)
	h.post("reception", "/v1/files/"+n.ID+"/signatures", `{}`).is(200) // once more is nothing
	lines := h.signaturesOf("/v1/dossiers/" + id + "/signatures")
	if len(lines) != 1 || lines[0].Subject != "reception" || !strings.HasPrefix(lines[0].Serial, "sn:") || len(lines[0].Chain) != 3 || lines[0].State != "holds" {
		t.Fatalf("%+v", lines)
	}
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a.pdf","size":3,"kind":"scan"}`).problem(409, "not_their_kind")
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a.pdf","size":3,"signature":"`+strings.Repeat("x", signing.Longest+1)+`"}`).problem(422, "invalid")

	// a signed upload whose certificate nobody can tell of waits, and is attached once somebody can
	content := aPDF(900)
	guest, err := c.ca.Invite("somebody", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	s, err := guest.Sign(signing.DigestOf([]byte(content)), time.Now(), true)
	if err != nil {
		t.Fatal(err)
	}
	c.ca.GoAway(true)
	late, answer := h.uploaded("applicant-1", id, content, with(s))
	answer.problem(503, "revocation_unknown")
	c.ca.GoAway(false)
	if err := c.files.Sweep(t.Context(), time.Now().Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if lines := h.signaturesOf("/v1/files/" + late.ID + "/signatures"); len(lines) != 1 || lines[0].State != "holds" {
		t.Errorf("%+v", lines)
	}
}

func TestAResultIsSignedWithEvidenceOverItsFileOrOverTheDecisionItself(t *testing.T) {
	t.Parallel()
	h, c := signingHouse(t)
	r := h.appraised()
	r = h.done("approver", r.ID, "approve", `{"outcome":"grant"}`, match(r))
	stale := match(r)
	n, answer := h.uploaded("officer-1", r.ID, aPDF(1500), `,"kind":"result"`)
	answer.is(200)
	h.post("approver", "/v1/dossiers/"+r.ID+"/sign", `{}`, stale).problem(412, "stale")
	r.Version++
	h.done("approver", r.ID, "sign", `{}`, match(r))
	lines := h.signaturesOf("/v1/dossiers/" + r.ID + "/signatures")
	if len(lines) != 1 || !lines[0].Result || string(lines[0].File) != n.ID || lines[0].State != "holds" || lines[0].Today != "good" || lines[0].Subject != "approver" || lines[0].Means != "digital" {
		t.Fatalf("%+v", lines)
	}

	bare := h.appraised()
	bare = h.done("approver", bare.ID, "approve", `{"outcome":"refuse"}`, match(bare))
	h.done("approver", bare.ID, "sign", `{}`, match(bare))
	if lines := h.signaturesOf("/v1/dossiers/" + bare.ID + "/signatures"); len(lines) != 1 || lines[0].File != "" || lines[0].State != "holds" {
		t.Fatalf("%+v", lines)
	}

	paper := h.appraised()
	paper = h.done("approver", paper.ID, "approve", `{"outcome":"grant"}`, match(paper))
	h.done("approver", paper.ID, "sign", `{"means":"paper"}`, match(paper))
	if lines := h.signaturesOf("/v1/dossiers/" + paper.ID + "/signatures"); len(lines) != 1 || lines[0].State != "paper" || lines[0].Means != "paper" {
		t.Fatalf("%+v", lines)
	}

	report, err := h.executor.CheckSignatures(t.Context(), nil)
	if err != nil || report.Digital != 2 || report.Paper != 1 || report.Failed != 0 {
		t.Fatalf("%+v, %v", report, err)
	}

	// an account whose certificate is revoked signs nothing
	if err := c.ca.Revoke(strings.TrimPrefix(lines[0].Serial, "sn:"), time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	last := h.appraised()
	last = h.done("approver", last.ID, "approve", `{"outcome":"grant"}`, match(last))
	h.post("approver", "/v1/dossiers/"+last.ID+"/sign", `{}`, match(last)).problem(409, "signature_revoked")
	if got := h.types(last.ID); slices.Contains(got, "result-signed.v2") {
		t.Errorf("facts %v", got)
	}

	// what is altered behind our back is seen
	if _, err := h.db.Owner.Exec(t.Context(), `update vault.files set sealed = sealed || '\x00' where file = $1`, n.ID); err != nil {
		t.Fatal(err)
	}
	if report, err := h.executor.CheckSignatures(t.Context(), nil); err != nil || report.Failed != 1 || report.Wrong[0].State != "file_unreadable" {
		t.Errorf("an altered row of the file goes unseen: %+v, %v", report, err)
	}
	if _, err := h.db.Owner.Exec(t.Context(), `update vault.texts set sealed = sealed || '\x00'`); err != nil {
		t.Fatal(err)
	}
	if report, err := h.executor.CheckSignatures(t.Context(), nil); err != nil || report.Failed != 2 || report.Wrong[0].State != "unreadable" {
		t.Errorf("altered signatures go unseen: %+v, %v", report, err)
	}
}
