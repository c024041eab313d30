package handlers_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/relay"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/inspect"
	"dossier/handlers/localca"
	"dossier/handlers/signing"
	"dossier/internal/devstack"
	"dossier/internal/telemetry"
	"dossier/projections"
)

// aviary is a whole authority behind an address, with everything that it leaves anywhere within reach of the test.
type aviary struct {
	*registry
	ca     *localca.CA
	kept   *blobs.Files
	files  *handlers.Files
	api    http.Handler
	talk   *scroll
	broker *devstack.Kafka
	topic  string
	blobs  string // folder
	events string // folder
	said   map[uuid.UUID]int
	used   map[string]bool
}

// scroll is a log at its most talkative.
type scroll struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *scroll) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *scroll) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

func newAviary(t *testing.T) *aviary {
	t.Helper()
	v := &aviary{talk: &scroll{}, blobs: t.TempDir(), events: t.TempDir(), topic: "t" + uuid.NewString(), said: map[uuid.UUID]int{}, used: map[string]bool{}}
	talk := slog.New(slog.NewTextHandler(v.talk, &slog.HandlerOptions{Level: slog.LevelDebug}))
	metrics := telemetry.New()
	r := &registry{}
	r.tower = newTower(t, func(w *tower, o *handlers.ExecutorOptions) {
		kept, err := vault.Open(t.Context(), w.db.App, vaultKey, talk)
		if err != nil {
			t.Fatal(err)
		}
		j, err := eventstore.Open(t.Context(), w.db.App, eventstore.Options{Access: true, Simulated: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(j.Close)
		if v.ca, err = localca.Open("", w.clock); err != nil {
			t.Fatal(err)
		}
		store, err := blobs.OpenStore(t.Context(), "file://"+v.blobs)
		if err != nil {
			t.Fatal(err)
		}
		v.kept = blobs.NewFiles(w.db.App, store, kept)
		r.vault, r.log = kept, handlers.NewAccessLog(j, handlers.AccessOptions{Now: w.clock, Within: 20 * time.Second, Log: talk})
		o.Vault, o.Access, o.Files, o.Metrics, o.Signer, o.Verifier = kept, r.log, v.kept, metrics, v.ca, v.ca.Verifier()
	})
	r.Persons, v.registry = handlers.NewPersons(r.Executor, r.views), r
	scanner, err := inspect.NewScanner(devstack.TestNoVirus(t))
	if err != nil {
		t.Fatal(err)
	}
	v.files = handlers.NewFiles(r.Executor, handlers.FilesOptions{Store: v.kept, Scanner: scanner, Log: talk})
	if v.broker, err = devstack.StartKafka(devstack.KafkaOptions{Dir: v.events, Addr: "127.0.0.1:0", Log: talk}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.broker.Stop)
	brokers := []string{v.broker.Addr}
	v.background(relay.New(v.db.App, v.journal, relay.Options{Brokers: brokers, Topic: v.topic, Partitions: 8, Replication: 1, Log: talk}).Run)
	v.api = api.New(api.Deps{Executor: r.Executor, Views: r.views, Files: v.files, Journal: r.journal, Auth: handlers.NewDevLogin().Follow(r.Executor),
		Pool: v.db.App, Metrics: metrics, Log: talk, Version: "test"})
	return v
}

// asks sends a request as an account does, and returns what a good answer says.
func (v *aviary) asks(account, method, path string, body []byte, headers ...string) ([]byte, error) {
	r := httptest.NewRequestWithContext(v.t.Context(), method, path, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer dev:"+account)
	r.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	v.api.ServeHTTP(w, r)
	if w.Code >= 300 {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.Bytes(), nil
}

func (v *aviary) must(account, method, path string, body []byte, headers ...string) []byte {
	v.t.Helper()
	answer, err := v.asks(account, method, path, body, headers...)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer
}

// typed marks the places of a command that bring a text: @ is one, @FIELD an entry of a form.
func (v *aviary) typed(id uuid.UUID, name, word, body string) string {
	for at := strings.Index(body, "@"); at >= 0; at = strings.Index(body, "@") {
		v.said[id]++
		field, rest, is := strings.Cut(body[at+1:], "@")
		if is {
			v.used[name+" entries"] = true
			body = body[:at] + `{"field": "` + field + `", "text": "` + word + ` ` + name + `"}` + rest
			continue
		}
		v.used[name+" text"] = true
		body = body[:at] + `"text": "` + word + ` ` + name + `"` + body[at+1:]
	}
	return body
}

// files a dossier and lives it through, with a word in every text.
func (v *aviary) lives(applicant, word string, l life) uuid.UUID {
	v.t.Helper()
	body := `{"procedure": "` + l.procedure + `", "channel": "online", "unit": "one-stop", "applicant": "` + applicant + `"` + l.filed + `}`
	key := uuid.New()
	body = v.typed(key, "submit", word, body)
	var receipt struct{ ID uuid.UUID }
	if err := json.Unmarshal(v.must(applicant, "POST", "/v1/dossiers", []byte(body)), &receipt); err != nil {
		v.t.Fatal(err)
	}
	id := receipt.ID
	v.said[id] += v.said[key]
	delete(v.said, key)
	for _, s := range l.steps {
		v.act(applicant, word, id, s)
	}
	return id
}

func (v *aviary) act(applicant, word string, id uuid.UUID, s step) {
	v.t.Helper()
	v.pass(s.after)
	account := s.account
	if account == "applicant" {
		account = applicant
	}
	state, err := v.state(id)
	if err != nil {
		v.t.Fatal(err)
	}
	v.must(account, "POST", "/v1/dossiers/"+id.String()+"/"+s.command, []byte(v.typed(id, s.command, word, "{"+s.body+"}")), fmt.Sprintf("If-Match: %q", fmt.Sprint(state.Version)))
}

// uploads a file of a dossier.
func (v *aviary) uploads(account string, id uuid.UUID, name string, content []byte, signature string) uuid.UUID {
	v.t.Helper()
	announced, err := json.Marshal(map[string]any{"name": name, "size": len(content), "signature": signature})
	if err != nil {
		v.t.Fatal(err)
	}
	var file struct {
		ID    uuid.UUID
		State string
	}
	if err := json.Unmarshal(v.must(account, "POST", "/v1/dossiers/"+id.String()+"/files", announced), &file); err != nil {
		v.t.Fatal(err)
	}
	taken := v.must(account, "PATCH", "/v1/files/"+file.ID.String(), content, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0")
	if err := json.Unmarshal(taken, &file); err != nil || file.State != "clean" {
		v.t.Fatalf("%s, %v", taken, err)
	}
	return file.ID
}

// life is a dossier's way that admits the commands in it.
type life struct {
	procedure, filed string
	steps            []step
}

// step is a command of a life. An @ stands where a text is typed.
type step struct {
	account, command, body string
	after                  time.Duration
}

// canaryLives bring a word into every text of every command. A command that gains a text fails the test until a life types it.
func canaryLives() []life {
	const days = 24 * time.Hour
	appraising := func(unit, head, officer string) []step {
		return []step{{account: "reception", command: "accept"}, {account: "reception", command: "forward", body: `"unit": "` + unit + `"`},
			{account: head, command: "assign-officer", body: `"officer": "` + officer + `"`}, {account: officer, command: "start-appraisal"}}
	}
	way := func(parts ...[]step) []step { return slices.Concat(parts...) }
	return []life{
		{procedure: openProcedure, steps: way([]step{
			{account: "applicant", command: "request-withdrawal", body: `@`},
			{account: "reception", command: "reject-withdrawal", body: `"reason": "applicant_changed_mind", @`},
			{account: "reception", command: "transfer", body: `"to": "so-khac", "mode": "parallel", "slip": "pc-1"`},
			{account: "head", command: "refuse-transfer", body: `"number": 1, "reason": "not_competent", @`},
			{account: "fees", command: "request-payment", body: `"amount": 1000, @`},
			{account: "fees", command: "cancel-payment", body: `"number": 1, "reason": "exempt", @`},
			{account: "fees", command: "request-payment", body: `"amount": 50000`},
			{account: "fees", command: "confirm-payment", body: `"number": 2, "amount": 50000, "method": "cash"`},
			{account: "fees", command: "refund-payment", body: `"number": 2, "amount": 1000, "reason": "paid_twice", @`}},
			appraising("animal-health", "head", "officer-1"), []step{
				{account: "officer-1", command: "propose-extension", body: `"due": "2026-12-20T17:00:00+07:00", "reason": "complex_case", @`},
				{account: "officer-1", command: "submit-for-approval", body: `"proposal": "grant", @`},
				{account: "approver", command: "return-for-rework", body: `"reason": "draft_errors", @`},
				{account: "officer-1", command: "apologise-for-delay", body: `"promised": "2027-02-01T17:00:00+07:00", "reason": "complex_case", @`, after: 40 * days},
				{account: "lead", command: "urge-unit", body: `"reason": "overdue", @`},
				{account: "officer-1", command: "submit-for-approval", body: `"proposal": "grant"`},
				{account: "approver", command: "approve", body: `"outcome": "grant"`}, {account: "approver", command: "sign"},
				{account: "clerk", command: "number"}, {account: "clerk", command: "issue"},
				{account: "approver", command: "replace", body: `"paper": 1, "reason": "content_changed", "decision": "qd-1", @`},
				{account: "approver", command: "revoke", body: `"paper": 2, "reason": "conditions_lost", "decision": "qd-2", "basis": "nd-118-2025.22", @`},
				{account: "applicant", command: "choose-delivery", body: `"way": "post"`}, {account: "return", command: "send", body: `"slip": "vn-1"`},
				{account: "return", command: "fail-delivery", body: `"reason": "not_met", @`}, {account: "return", command: "return", body: `"way": "counter"`},
			})},
		{procedure: openProcedure, steps: []step{{account: "reception", command: "refuse-reception", body: `"reason": "wrong_agency", "basis": "nd-118-2025.17.1", @`}}},
		{procedure: openProcedure, steps: []step{
			{account: "approver", command: "move-to-version", body: `"version": 1, "ground": "wrong_version", "basis": "nd-309-2026.5", @`},
			{account: "reception", command: "accept"},
			{account: "reception", command: "undo-act", body: `"act": "accept", "reason": "wrong_dossier", "seen": ["applicant_told", "receipt_issued", "clock_changes"], @`},
			{account: "reception", command: "accept"},
			{account: "approver", command: "stop", body: `"reason": "legal_impediment", "basis": "nd-118-2025.19.5", @`}}},
		{procedure: "seafood-export-health-cert", filed: `, "values": [{"field": "application.lot_weight_kg", "value": "100"}], "entries": [@application.subject@, @application.owner_name@]`, steps: []step{
			{account: "applicant", command: "adjust-submission", body: `"parts": ["tp-1"], "entries": [@application.subject@]`},
			{account: "reception", command: "check-component", body: `"component": "tp-1", "verdict": "insufficient", "reason": "illegible", @`},
			{account: "reception", command: "request-supplement", body: `"items": ["tp-1"], "reason": "illegible", @`},
			{account: "applicant", command: "submit-supplement", body: `"entries": [@application.subject@]`},
			{account: "reception", command: "accept"},
			{account: "reception", command: "send-message", body: `"topic": "question", "answer_by": "2099-12-20T17:00:00+07:00", @`},
			{account: "applicant", command: "answer-message", body: `"number": 1, @`},
			{account: "reception", command: "add-note", body: `"topic": "called", @`},
			{account: "approver", command: "stop", body: `"reason": "legal_impediment", "basis": "nd-118-2025.19.5"`}}},
		{procedure: "pesticide-registration", steps: way(appraising("plant-protection", "head-2", "officer-2"), []step{
			{account: "officer-2", command: "request-opinion", body: `"unit": "plant-protection", "due": "2099-12-20T17:00:00+07:00"`},
			{account: "consulted", command: "record-opinion", body: `"number": 1, "verdict": "agreed", @`},
			{account: "officer-2", command: "begin-work", body: `"step": "council", "at": "2099-01-01T09:00:00+07:00", @`},
			{account: "officer-2", command: "finish-work", body: `"number": 1, "finding": "passed", @`},
			{account: "officer-2", command: "submit-for-approval", body: `"proposal": "grant", @`},
			{account: "head-2", command: "endorse", body: `"outcome": "grant", @`},
			{account: "approver", command: "approve", body: `"outcome": "grant"`}, {account: "approver", command: "sign"},
			{account: "clerk", command: "number"}, {account: "clerk", command: "issue"},
			{account: "applicant", command: "report-error", body: `"paper": 1, "part": "ten", "by": "authority", @`},
			{account: "clerk", command: "correct", body: `"number": 1`},
			{account: "return", command: "return", body: `"way": "counter"`},
			{account: "applicant", command: "rate-service", body: `"overall": "good", @`},
			{account: "reception", command: "open-complaint", body: `"kind": "lawsuit", "other": "ta-12-2027", @`},
			{account: "reception", command: "close-complaint", body: `"number": 1, "finding": "upheld", "basis": "ban-an-7", @`}})},
		{procedure: "feed-manufacture-cert", steps: way(appraising("animal-health", "head", "officer-1"), []step{
			{account: "officer-1", command: "begin-work", body: `"kind": "inspection", "at": "2099-01-01T09:00:00+07:00"`},
			{account: "officer-1", command: "finish-work", body: `"number": 1, "finding": "remediate", @`},
			{account: "applicant", command: "report-remediation", body: `"number": 2, @`},
			{account: "approver", command: "stop", body: `"reason": "legal_impediment", "basis": "nd-118-2025.19.5"`}})},
	}
}

// paper is a PDF that holds a word in a compressed stream.
func paper(word string) []byte {
	var squeezed bytes.Buffer
	z := zlib.NewWriter(&squeezed)
	_, _ = io.WriteString(z, strings.Repeat("BT ("+word+") Tj ET\n", 20))
	_ = z.Close()
	return []byte("%PDF-1.7\n1 0 obj << /Length " + fmt.Sprint(squeezed.Len()) + " /Filter /FlateDecode >> stream\n" + squeezed.String() + "\nendstream endobj\ntrailer << >>\n%%EOF\n")
}

// letter is a DOCX that holds a word in its compressed archive.
func letter(word string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, member := range [][2]string{{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<w:document>" + strings.Repeat("<w:t>"+word+"</w:t>", 20) + "</w:document>"}} {
		w, _ := z.Create(member[0])
		_, _ = io.WriteString(w, member[1])
	}
	_ = z.Close()
	return b.Bytes()
}

// search finds a text in bytes, in any of the forms in which it could be read back, and in whatever is compressed in them.
func search(b []byte, text string) (found []string) {
	inside := map[string][]byte{"": b}
	unpack := func(how string, r io.Reader, err error) {
		if err == nil {
			if plain, _ := io.ReadAll(io.LimitReader(r, 64<<20)); len(plain) > 0 { // cut short or altered: what there is
				inside[how] = plain
			}
		}
	}
	for at := range b {
		switch rest := b[at:]; {
		case bytes.HasPrefix(rest, []byte("\x1f\x8b\x08")):
			r, err := gzip.NewReader(bytes.NewReader(rest))
			unpack(fmt.Sprintf(" in gzip at %d", at), r, err)
		case rest[0] == 0x78 && len(rest) > 1 && (rest[1] == 0x01 || rest[1] == 0x5e || rest[1] == 0x9c || rest[1] == 0xda):
			r, err := zlib.NewReader(bytes.NewReader(rest))
			unpack(fmt.Sprintf(" in zlib at %d", at), r, err)
		}
	}
	if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
		for _, member := range z.File {
			r, err := member.Open()
			unpack(" in zip member "+member.Name, r, err)
		}
	}
	for where, plain := range inside {
		plain = bytes.ToLower(plain)
		for form, is := range formsOf(text) {
			if bytes.Contains(plain, bytes.ToLower([]byte(is))) {
				found = append(found, form+where)
			}
		}
	}
	return found
}

// formsOf are a text's ways to stand in clear. In base64 the text may begin at any of three places.
func formsOf(text string) map[string]string {
	forms := map[string]string{"plain": text, "NFC": norm.NFC.String(text), "NFD": norm.NFD.String(text), "unaccented": unaccented(text),
		"hex": hex.EncodeToString([]byte(text)), "escaped": strings.Trim(fmt.Sprintf("%+q", text), `"`), "percent": url.QueryEscape(text)}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		forms[fmt.Sprint("base64 from ", shift)] = strings.TrimRight(encoded[4:len(encoded)-4], "=")
	}
	return forms
}

// everything is what the authority leaves anywhere: by place, all bytes.
func (v *aviary) everything() map[string][]byte {
	v.t.Helper()
	v.arrive()
	all := map[string][]byte{"the log": v.talk.Bytes(), "metrics": v.must("auditor", "GET", "/metrics", nil), "pg_dump": v.dump()}
	for _, folder := range []string{v.blobs, v.events} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			all[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			v.t.Fatal(err)
		}
	}
	all["records of the broker"] = v.records()
	return all
}

// records are those of the topic as a reader is given them: in the folder they are compressed with snappy.
func (v *aviary) records() (all []byte) {
	v.t.Helper()
	head := must(v.journal.Head(v.t.Context()))
	c, err := kgo.NewClient(kgo.SeedBrokers(v.broker.Addr), kgo.ConsumeTopics(v.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		v.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	for n := int64(0); n < head; {
		fetched := c.PollFetches(ctx)
		if ctx.Err() != nil {
			v.t.Fatalf("%d of %d events reached the broker", n, head)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			n++
			all = append(append(all, r.Key...), r.Value...)
			for _, h := range r.Headers {
				all = append(append(all, h.Key...), h.Value...)
			}
		})
	}
	return all
}

// dump is the whole database as pg_dump writes it.
func (v *aviary) dump() []byte {
	v.t.Helper()
	out, err := devstack.Dump(v.t.Context(), v.db.OwnerURL)
	if errors.Is(err, devstack.ErrNoDump) {
		v.t.Skip(err)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

// nowhere fails for each place where a text stands in clear. What must be found shows that the search sees the place.
func (v *aviary) nowhere(when, text string, seen uuid.UUID) {
	v.t.Helper()
	all := v.everything()
	for place, b := range all {
		if found := search(b, text); len(found) > 0 {
			v.t.Errorf("%s: %q stands in %s: %v", when, text, place, found)
		}
	}
	if found := v.everywhere(text); len(found) > 0 {
		v.t.Errorf("%s: %q stands in clear: %v", when, text, found)
	}
	for _, place := range []string{"pg_dump", "records of the broker", "the log"} {
		if len(search(all[place], seen.String())) == 0 {
			v.t.Errorf("%s: not even the dossier is found in %s", when, place)
		}
	}
	if !bytes.Contains(all["metrics"], []byte("dossier_")) {
		v.t.Errorf("no metrics: %s", all["metrics"])
	}
}

// holds is what `dossier verify` proves.
func (v *aviary) holds() {
	v.t.Helper()
	v.arrive()
	ctx := v.t.Context()
	if wrong, err := v.journal.Verify(ctx, nil); err != nil || wrong != nil {
		v.t.Errorf("the journal: %+v, %v", wrong, err)
	}
	if _, wrong, err := v.Access().Verify(ctx, nil); err != nil || wrong != nil {
		v.t.Errorf("the access journal: %+v, %v", wrong, err)
	}
	if r, err := projections.Verify(ctx, v.db.App, v.journal, nil); err != nil || r.Difference != nil || r.Parked > 0 {
		v.t.Errorf("the views: %+v, %v", r, err)
	}
	if r, err := v.kept.Verify(ctx, nil, nil); err != nil || len(r.Altered)+len(r.Missing) > 0 {
		v.t.Errorf("files: %+v, %v", r, err)
	}
	if r, err := v.CheckSignatures(ctx, nil); err != nil || r.Failed != 0 {
		v.t.Errorf("signatures: %+v, %v", r, err)
	}
}

// reads fails unless each text of a dossier is read with its key, and holds a word; or, once erased, none is.
func (v *aviary) reads(id uuid.UUID, word string, erased bool) (n int64) {
	v.t.Helper()
	said := must(v.Words(v.t.Context(), v.by("auditor"), id, "complaint"))
	if len(said) != v.said[id] {
		v.t.Errorf("%d texts of %s, %d were typed", len(said), id, v.said[id])
	}
	for _, one := range said {
		if erased && (one.Why != "erased" || one.Words != "") || !erased && !strings.Contains(one.Words, word) {
			v.t.Errorf("%+v", one)
		}
	}
	return int64(len(said))
}

// content is a file as the auditor gets it.
func (v *aviary) content(file uuid.UUID) ([]byte, error) {
	return v.asks("auditor", "GET", "/v1/files/"+file.String()+"/content", nil)
}

func TestACanaryInEveryTextOfEveryCommandAndInFilesIsNowhereInClearAndIsGoneOnceErased(t *testing.T) {
	t.Parallel()
	v := newAviary(t)
	v.must("catalogue", "POST", "/v1/procedures", procedure.Shipped()[openProcedure])
	known, err := json.Marshal(map[string]string{"kind": "citizen", "name": herself.Name, "id_number": herself.IDNumber, "phone": herself.Phone, "email": herself.Email, "address": herself.Address})
	if err != nil {
		t.Fatal(err)
	}
	v.must("reception", "POST", "/v1/persons/applicant-1", known)
	lives := canaryLives()
	var ids []uuid.UUID
	for i, l := range lives {
		if i == 2 {
			v.must("catalogue", "POST", "/v1/procedures", renewal("2/QĐ", "2026-12-01", "4"))
		}
		ids = append(ids, v.lives("applicant-1", canary, l))
	}
	open := v.lives("applicant-1", canary, life{procedure: openProcedure, steps: []step{{account: "reception", command: "accept"}}})
	ids = append(ids, open)
	for _, name := range dossier.CommandNames() {
		for _, m := range dossier.CommandMembers(name) {
			words := m.Kind == dossier.WordsMember || slices.ContainsFunc(m.Members, func(in dossier.Member) bool { return in.Kind == dossier.WordsMember })
			if words && !v.used[name+" "+m.Name] {
				t.Errorf("no life types into %s of %s: give it one in canaryLives", m.Name, name)
			}
		}
	}
	guest, err := v.ca.Invite("Bà "+canary, monday.AddDate(0, 0, -1), monday.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	files, contents := []uuid.UUID{}, [][]byte{paper(canary), letter(canary)}
	signature, err := guest.Sign(signing.DigestOf(contents[0]), v.clock(), true)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{canary + ".pdf", canary + ".docx"} {
		files = append(files, v.uploads("applicant-1", open, name, contents[i], []string{signature, ""}[i]))
	}
	v.act("applicant-1", canary, open, step{account: "approver", command: "stop", body: `"reason": "legal_impediment", "basis": "nd-118-2025.19.5"`})

	for i, content := range contents {
		if bytes.Contains(content, []byte(canary)) || len(search(content, canary)) == 0 {
			t.Fatalf("file %d does not hold the word compressed", i)
		}
		if got, err := v.content(files[i]); err != nil || !bytes.Equal(got, content) {
			t.Errorf("file %d with the key: %d bytes, %v", i, len(got), err)
		}
	}
	const signatures = 3 // of two results and of the upload
	var texts int64
	for _, id := range ids {
		texts += v.reads(id, canary, false)
	}
	if lines := must(v.Signatures(t.Context(), v.by("auditor"), open, files[0])); len(lines) != 1 || lines[0].Subject != "Bà "+canary {
		t.Errorf("the signer with the key: %+v", lines)
	}
	if shown := must(v.Show(t.Context(), v.by("reception"), []string{"applicant-1"}, "counter")); shown[0].Name != herself.Name {
		t.Errorf("the person with the key: %+v", shown)
	}
	for _, personal := range []string{canary, herself.IDNumber, herself.Phone, herself.Email} {
		v.nowhere("before", personal, open)
	}
	v.holds()
	v.checks(texts+signatures, 0, 1, 0)

	v.pass(11 * 366 * 24 * time.Hour)
	for _, id := range ids {
		v.act("applicant-1", canary, id, step{account: "clerk", command: "announce-disposal"})
	}
	v.pass(60 * 24 * time.Hour)
	for _, id := range ids {
		v.act("applicant-1", canary, id, step{account: "clerk", command: "dispose-record", body: `"decision": "qd-12", "basis": "luat-33-2024"`})
	}
	before := v.statistics()
	v.must("head", "POST", "/v1/persons/applicant-1/erase", []byte(`{"decision": "12-QD-SNN", "reason": "data-subject-request"}`))
	if err := v.files.Sweep(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		v.reads(id, canary, true)
	}
	for i, file := range files {
		if got, err := v.content(file); err == nil {
			t.Errorf("file %d is given out after the erasure: %q", i, got)
		}
	}
	for _, personal := range []string{canary, herself.IDNumber, herself.Phone, herself.Email} {
		v.nowhere("after", personal, open)
	}
	if after := v.statistics(); after != before || len(after) < 1000 {
		t.Errorf("statistics: %s\nbefore: %s", after, before)
	}
	v.holds()
	v.checks(0, texts+signatures, 0, 1)
	t.Logf("%d texts of %d commands, a person, a signed PDF and a DOCX: each read with its key, then erased; found 0 in clear before and after", texts, len(v.used))
}

// acts of officers on dossiers of anybody; what is refused is refused.
var anyActs = []step{
	{account: "reception", command: "add-note", body: `"topic": "called", @`},
	{account: "reception", command: "send-message", body: `"topic": "question", "answer_by": "2099-12-20T17:00:00+07:00", @`},
	{account: "reception", command: "check-component", body: `"component": "tp-1", "verdict": "insufficient", "reason": "illegible", @`},
	{account: "reception", command: "request-supplement", body: `"items": ["tp-1"], "reason": "illegible", @`},
	{account: "reception", command: "submit-supplement", body: `"entries": [@application.subject@]`},
	{account: "reception", command: "accept-supplement"},
	{account: "reception", command: "accept"},
	{account: "reception", command: "forward", body: `"unit": "animal-health"`},
	{account: "head", command: "assign-officer", body: `"officer": "officer-1"`},
	{account: "officer-1", command: "start-appraisal"},
	{account: "officer-1", command: "begin-work", body: `"kind": "laboratory", "unit": "plant-protection", @`},
	{account: "officer-1", command: "submit-for-approval", body: `"proposal": "grant", @`},
	{account: "approver", command: "return-for-rework", body: `"reason": "draft_errors", @`},
	{account: "reception", command: "request-withdrawal", body: `@`},
	{account: "reception", command: "reject-withdrawal", body: `"reason": "not_by_owner", @`},
}

// endings bring a dossier to its end from wherever it stands.
var endings = []step{
	{account: "reception", command: "expire-supplement"},
	{account: "reception", command: "refuse-reception", body: `"reason": "wrong_agency", "basis": "nd-118-2025.17.1", @`},
	{account: "reception", command: "accept-withdrawal"},
	{account: "approver", command: "stop", body: `"reason": "legal_impediment", "basis": "nd-118-2025.19.5", @`},
}

// citizenOf is a person of a random history, with what there is of it.
type citizenOf struct {
	ref, word string
	erased    bool
	dossiers  []uuid.UUID
	files     map[uuid.UUID][]byte
	texts     int
}

// try sends a command that may be refused.
func (v *aviary) try(word string, id uuid.UUID, s step) bool {
	state, err := v.state(id)
	if err != nil {
		v.t.Fatal(err)
	}
	_, err = v.asks(s.account, "POST", "/v1/dossiers/"+id.String()+"/"+s.command, []byte(v.typed(id, s.command, word, "{"+s.body+"}")), fmt.Sprintf("If-Match: %q", fmt.Sprint(state.Version)))
	return err == nil
}

// scans adds a file of a dossier at the counter, where the dossier takes one.
func (v *aviary) scans(id uuid.UUID, name string, content []byte) (uuid.UUID, bool) {
	announced := fmt.Sprintf(`{"name": %q, "size": %d, "kind": "scan"}`, name, len(content))
	var file struct {
		ID    uuid.UUID
		State string
	}
	answer, err := v.asks("reception", "POST", "/v1/dossiers/"+id.String()+"/files", []byte(announced))
	if err != nil || json.Unmarshal(answer, &file) != nil {
		return uuid.Nil, false
	}
	answer, err = v.asks("reception", "PATCH", "/v1/files/"+file.ID.String(), content, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0")
	return file.ID, err == nil && json.Unmarshal(answer, &file) == nil && file.State == "clean"
}

// After some of many people are erased nothing of theirs is found anywhere, everything of the others reads as before, and all is proved.
func TestLawErasingSomeLeavesNothingOfThemAndEverythingOfTheOthers(t *testing.T) {
	t.Parallel()
	const gone, stays = "Phượnghoànglửa", "Sếuđầuđỏ"
	v := newAviary(t)
	var all []*citizenOf
	rapid.Check(t, func(rt *rapid.T) {
		var some []*citizenOf
		for range rapid.IntRange(2, 3).Draw(rt, "people") {
			c := &citizenOf{ref: fmt.Sprint("ref-", len(all)+1), erased: rapid.Bool().Draw(rt, "erased"), files: map[uuid.UUID][]byte{}}
			c.word = map[bool]string{true: gone, false: stays}[c.erased] + fmt.Sprint(len(all)+1)
			v.must("reception", "POST", "/v1/persons/"+c.ref, fmt.Appendf(nil, `{"kind": "citizen", "name": "Bà %s", "id_number": "%012d"}`, c.word, 79185000000+len(all)))
			all, some = append(all, c), append(some, c)
		}
		file := func(c *citizenOf) {
			var receipt struct{ ID uuid.UUID }
			filed := v.must("reception", "POST", "/v1/dossiers", fmt.Appendf(nil, `{"procedure": "seafood-export-health-cert", "channel": "counter", "unit": "one-stop", "applicant": %q,
				"entries": [{"field": "application.subject", "text": %q}]}`, c.ref, "lô "+c.word))
			if err := json.Unmarshal(filed, &receipt); err != nil {
				rt.Fatal(err)
			}
			c.dossiers = append(c.dossiers, receipt.ID)
		}
		scan := func(c *citizenOf, id uuid.UUID, n int) {
			content := [][]byte{paper(c.word), letter(c.word)}[n%2]
			if file, taken := v.scans(id, c.word, content); taken {
				c.files[file] = content
			}
		}
		file(some[0]) // whatever else happens, each history has a text and a file
		scan(some[0], some[0].dossiers[0], len(all))
		for range rapid.IntRange(2, 12).Draw(rt, "acts") {
			c := rapid.SampledFrom(some).Draw(rt, "whose")
			act := rapid.IntRange(0, len(anyActs)+3).Draw(rt, "act")
			if len(c.dossiers) == 0 || act == len(anyActs) {
				file(c)
				continue
			}
			id := rapid.SampledFrom(c.dossiers).Draw(rt, "dossier")
			if act < len(anyActs) {
				v.try(c.word, id, anyActs[act])
				continue
			}
			scan(c, id, act)
		}
	})

	v.pass(60 * 24 * time.Hour) // no window stands open
	for _, c := range all {
		for _, id := range c.dossiers {
			for _, s := range endings {
				if c.erased {
					v.try(c.word, id, s)
				}
			}
		}
	}
	v.pass(11 * 366 * 24 * time.Hour)
	for _, c := range all {
		for _, id := range c.dossiers {
			if c.erased {
				v.act("", c.word, id, step{account: "clerk", command: "announce-disposal"})
			}
		}
	}
	v.pass(60 * 24 * time.Hour)
	files, texts, some := 0, 0, uuid.Nil
	for _, c := range all {
		for _, id := range c.dossiers {
			if some = id; c.erased {
				v.act("", c.word, id, step{account: "clerk", command: "dispose-record", body: `"decision": "qd-12", "basis": "luat-33-2024"`})
			}
			for _, one := range must(v.Words(t.Context(), v.by("auditor"), id, "complaint")) {
				if c.texts++; !strings.Contains(one.Words, c.word) {
					t.Errorf("before, of %s: %+v", c.word, one)
				}
			}
		}
		files, texts = files+len(c.files), texts+c.texts
	}
	if files < 3 || texts < 15 {
		t.Fatalf("%d files and %d texts: the histories say nothing", files, texts)
	}
	before := v.statistics()
	for _, c := range all {
		if c.erased {
			v.must("head", "POST", "/v1/persons/"+c.ref+"/erase", []byte(`{"decision": "12-QD-SNN", "reason": "data-subject-request"}`))
		}
	}
	if err := v.files.Sweep(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	var left, destroyed int64
	people := map[bool]int64{}
	for _, c := range all {
		people[c.erased]++
		n := 0
		for _, id := range c.dossiers {
			for _, one := range must(v.Words(t.Context(), v.by("auditor"), id, "complaint")) {
				if n++; c.erased && (one.Why != "erased" || one.Words != "") || !c.erased && !strings.Contains(one.Words, c.word) {
					t.Errorf("after, of %s: %+v", c.word, one)
				}
			}
		}
		if n != c.texts {
			t.Errorf("%d texts of %s, %d before", n, c.word, c.texts)
		}
		if c.erased {
			destroyed += int64(n)
		} else {
			left += int64(n)
		}
		for file, content := range c.files {
			if got, err := v.content(file); c.erased != (err != nil) || !c.erased && !bytes.Equal(got, content) {
				t.Errorf("a file of %s: %d bytes, %v", c.word, len(got), err)
			}
		}
		shown := must(v.Show(t.Context(), v.by("reception"), []string{c.ref}, "counter"))
		if name := "Bà " + c.word; c.erased && (shown[0].Erased == nil || shown[0].Name != "") || !c.erased && shown[0].Name != name {
			t.Errorf("%s is shown as %+v", c.word, shown)
		}
	}
	v.must("auditor", "GET", "/v1/dossiers/"+some.String(), nil) // so that the log has it, whatever was done to it before
	for _, word := range []string{gone, stays} {
		v.nowhere("after", word, some)
	}
	if after := v.statistics(); after != before {
		t.Errorf("statistics: %s\nbefore: %s", after, before)
	}
	v.holds()
	v.checks(left, destroyed, people[false], people[true])
	t.Logf("%d people erased, %d not; %d texts destroyed, %d read; %d files", people[true], people[false], destroyed, left, files)
}
