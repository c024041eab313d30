package handlers_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// registry is an authority that keeps people and what they type.
type registry struct {
	*tower
	*handlers.Persons
	vault *vault.Vault
	log   *handlers.AccessLog
}

var vaultKey = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

func newRegistry(t *testing.T) *registry { return newRegistryWith(t, nil) }

func newRegistryWith(t *testing.T, with func(*handlers.ExecutorOptions)) *registry {
	t.Helper()
	r := &registry{}
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
		r.vault, r.log = v, handlers.NewAccessLog(j, handlers.AccessOptions{Now: w.clock, Within: 20 * time.Second})
		o.Vault, o.Access = r.vault, r.log
		if with != nil {
			with(o)
		}
	})
	r.Persons = handlers.NewPersons(r.Executor, r.views)
	return r
}

func (r *registry) by(account string) handlers.Accessor {
	return handlers.Accessor{Actor: r.as(account)}
}

func (r *registry) must(account string, id uuid.UUID, name, body string) {
	r.t.Helper()
	if err := r.send(account, id, name, body); err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
}

// send is a command as callers send it.
func (r *registry) send(account string, id uuid.UUID, name, body string) error {
	c, err := dossier.DecodeCommand(name, []byte(body))
	if err != nil {
		return err
	}
	e := r.envelope(body)
	if handlers.NeedsVersion(name) {
		s, err := r.state(id)
		if err != nil {
			return err
		}
		e.Expected = &s.Version
	}
	_, err = r.Do(r.t.Context(), r.as(account), id, e, c)
	return err
}

// everywhere finds where a text stands in the database, in any of the forms in which it could be read back.
func (r *registry) everywhere(text string) (found []string) {
	r.t.Helper()
	forms := map[string]string{"plain": text, "NFC": norm.NFC.String(text), "NFD": norm.NFD.String(text), "base64": base64.StdEncoding.EncodeToString([]byte(text))[:12],
		"hex": hex.EncodeToString([]byte(text)), "escaped": strings.Trim(fmt.Sprintf("%+q", text), `"`), "unaccented": unaccented(text)}
	rows, err := r.db.Owner.Query(r.t.Context(), `select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and not c.relispartition`)
	if err != nil {
		r.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			r.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if len(tables) < 15 {
		r.t.Fatalf("only %d tables were looked through", len(tables))
	}
	for _, table := range tables {
		for form, is := range forms {
			var n int
			if err := r.db.Owner.QueryRow(r.t.Context(), `select count(*) from `+table+` t where strpos(lower(t::text), lower($1)) > 0`, is).Scan(&n); err != nil {
				r.t.Fatal(err)
			}
			if n > 0 {
				found = append(found, fmt.Sprintf("%s in %s, %d rows", form, table, n))
			}
		}
	}
	return found
}

func unaccented(text string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.NewReplacer("đ", "d", "Đ", "D").Replace(text)) {
		if c < 128 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

const canary = "Kỳlânxanhđặcbiệt"

var herself = vault.Person{Name: "Bà " + canary + " Nghĩa", IDNumber: "079185001234", Phone: "0912345678", Email: "nghia@example.vn", Address: canary + ", Huế", Born: "1985"}

func TestACanaryIsReadWithTheKeyStandsNowhereInClearAndIsGoneOnceErased(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.Register(t.Context(), r.by("reception"), "applicant-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	id, other := r.submit(), r.submit2("applicant-2")
	r.must("reception", id, "send-message", `{"topic": "question", "answer_by": "2026-12-20T17:00:00+07:00", "text": "Hỏi `+canary+`"}`)
	r.must("applicant-1", id, "answer-message", `{"number": 1, "text": "Trả lời: `+canary+`"}`)
	r.must("reception", id, "add-note", `{"topic": "called", "text": "`+canary+` đã gọi"}`)
	r.must("reception", id, "request-supplement", `{"items": ["tp-1"], "reason": "`+dossier.Values("supplement_reason")[0]+`", "text": "Thiếu trang 3, `+canary+`"}`)
	r.must("reception", other, "add-note", `{"topic": "called", "text": "Ông Bình đã gọi"}`)
	said, err := r.Words(t.Context(), r.by("auditor"), id, "complaint")
	if err != nil || len(said) < 4 {
		t.Fatalf("%+v, %v", said, err)
	}
	for _, one := range said {
		if !strings.Contains(one.Words, canary) || one.Why != "" {
			t.Errorf("read: %+v", one)
		}
	}
	if mine, err := r.Words(t.Context(), r.by("applicant-1"), id, "own"); err != nil || len(mine) != 3 {
		t.Errorf("the applicant reads %+v, %v: notes stay inside", mine, err)
	}
	if _, err := r.Words(t.Context(), r.by("applicant-2"), id, "own"); err == nil {
		t.Error("another applicant reads")
	}
	known := herself
	known.Ref = "applicant-1"
	if found, _, err := r.Find(t.Context(), r.by("reception"), vault.Query{Name: "nghia"}, "counter"); err != nil || len(found) != 1 || found[0].Person != known {
		t.Errorf("%+v, %v", found, err)
	}
	for _, personal := range []string{canary, "079185001234", "0912345678", "nghia@example.vn"} {
		if found := r.everywhere(personal); len(found) > 0 {
			t.Errorf("%q stands in clear: %v", personal, found)
		}
	}
	r.checks(int64(len(said)+1), 0, 1, 0)

	var refusal *domain.Refusal
	if _, err := r.Erase(t.Context(), r.by("head"), "applicant-1", "12-QD-SNN", "data-subject-request", r.envelope("")); !errors.As(err, &refusal) || refusal.Code != "record_kept" {
		t.Errorf("erased while the record is kept: %v", err)
	}
	if _, err := r.Erase(t.Context(), r.by("reception"), "applicant-1", "12-QD-SNN", "data-subject-request", r.envelope("")); !errors.As(err, &refusal) || refusal.Code != handlers.NotAllowed {
		t.Errorf("erased by the counter: %v", err)
	}
	r.pass(20 * 24 * time.Hour)
	r.must("reception", id, "expire-supplement", `{}`)
	r.pass(11 * 366 * 24 * time.Hour)
	r.must("clerk", id, "announce-disposal", `{}`)
	r.pass(60 * 24 * time.Hour)
	r.must("clerk", id, "dispose-record", `{"decision": "qd-12", "basis": "luat-33-2024"}`)
	before := r.statistics()
	receipt, err := r.Erase(t.Context(), r.by("head"), "applicant-1", "12-QD-SNN", "data-subject-request", r.envelope("once"))
	if err != nil || receipt.Erased == nil || receipt.Erased.Decision != "12-QD-SNN" || receipt.Erased.Dossiers != 1 || !receipt.Erased.Final.After(r.clock()) {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if found := r.everywhere(canary); len(found) > 0 {
		t.Errorf("after the erasure: %v", found)
	}
	for _, one := range must(r.Words(t.Context(), r.by("auditor"), id, "complaint")) {
		if one.Why != "erased" || one.Words != "" {
			t.Errorf("after the erasure: %+v", one)
		}
	}
	if shown, err := r.Show(t.Context(), r.by("reception"), []string{"applicant-1"}, "counter"); err != nil || shown[0].Erased == nil || shown[0].Name != "" {
		t.Errorf("%+v, %v", shown, err)
	}
	if theirs := must(r.Words(t.Context(), r.by("auditor"), other, "complaint")); len(theirs) != 1 || theirs[0].Words != "Ông Bình đã gọi" {
		t.Errorf("another's words: %+v", theirs)
	}
	if err := r.send("reception", id, "add-note", `{"topic": "called", "text": "more"}`); !errors.As(err, &refusal) {
		t.Errorf("more words: %v", err)
	}
	if after := r.statistics(); after != before || len(after) < 100 {
		t.Errorf("statistics: %s\nbefore: %s", after, before)
	}
	r.checks(1, int64(len(said)), 0, 1)
}

// checks holds the vault against the events.
func (r *registry) checks(texts, erasedTexts, persons, erasedPersons int64) {
	r.t.Helper()
	words, err := r.CheckWords(r.t.Context(), nil)
	if err != nil || words.Wrong != nil || words.Texts-words.Erased != texts || words.Erased != erasedTexts {
		r.t.Errorf("words: %+v (%+v), %v; want %d and %d erased", words, words.Wrong, err, texts, erasedTexts)
	}
	people, err := r.Check(r.t.Context())
	if err != nil || people.Wrong != "" || people.Known != persons || people.Erased != erasedPersons {
		r.t.Errorf("persons: %+v, %v", people, err)
	}
}

// statistics are all rows from which reports are made.
func (r *registry) statistics() (all string) {
	r.t.Helper()
	r.arrive()
	err := r.db.Owner.QueryRow(r.t.Context(), `
		select (select string_agg(d::text, ' ' order by d.id) from reporting.dossiers d)
		    || (select string_agg(h::text, ' ' order by h.id, h.version) from reporting.history h)`).Scan(&all)
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func (r *registry) submit2(applicant string) uuid.UUID {
	r.t.Helper()
	receipt, err := r.Submit(r.t.Context(), r.as("reception"), r.envelope(applicant), dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Counter, Applicant: dossier.Ref(applicant), Unit: "one-stop"})
	if err != nil {
		r.t.Fatal(err)
	}
	return receipt.ID
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestEveryReadingOfPersonalDataIsInTheAccessJournalBeforeItIsShown(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	id := r.submit()
	r.must("reception", id, "add-note", `{"topic": "called", "text": "Đã gọi"}`)
	_ = must(r.Words(t.Context(), r.by("auditor"), id, "complaint"))
	_ = must(r.Show(t.Context(), r.by("reception"), []string{"ref-1"}, "counter"))
	if _, _, err := r.Find(t.Context(), r.by("officer-1"), vault.Query{Phone: "0912 345 678"}, "call"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Find(t.Context(), r.by("officer-1"), vault.Query{Name: "nobody"}, "call"); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"admin", "applicant-1"} {
		if _, err := r.Show(t.Context(), r.by(who), []string{"ref-1"}, "curiosity"); err == nil {
			t.Errorf("%s is shown who it is", who)
		}
	}
	page, err := r.log.List(t.Context(), r.as("auditor"), handlers.AccessFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Entries {
		got = append(got, fmt.Sprintf("%s %s %s %d %v", e.By.Account, e.Type, e.Purpose, len(e.Persons), e.Search))
	}
	want := []string{
		"applicant-1 access.command-refused  0 false", "admin access.command-refused  0 false",
		"officer-1 access.persons-read call 0 true", "officer-1 access.persons-read call 1 true",
		"reception access.persons-read counter 1 false", "auditor access.words-read complaint 0 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatACommandSaysIsKeptOnceHoweverOftenItIsSentAndNotAtAllWhenItIsRefused(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	id := r.submit()
	texts := func() (n int) {
		if err := r.db.App.QueryRow(t.Context(), `select count(*) from vault.texts`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	e, c := r.envelope(`{"n": 1}`), dossier.AddNote{Topic: "called", Text: dossier.Typed("Đã gọi")}
	first := must(r.Do(t.Context(), r.as("reception"), id, e, c))
	again := must(r.Do(t.Context(), r.as("reception"), id, e, c))
	if !again.Repeated || again.Version != first.Version || texts() != 1 {
		t.Errorf("%+v after %+v, %d texts", again, first, texts())
	}
	var refusal *domain.Refusal
	_, err := r.Do(t.Context(), r.as("reception"), id, r.envelope("{}"), dossier.SendMessage{Topic: dossier.PaperByMessage, Text: dossier.Typed("Nộp lại giấy")})
	if !errors.As(err, &refusal) || texts() != 1 {
		t.Errorf("%v, %d texts", err, texts())
	}
	if r := must(r.Try(t.Context(), r.as("reception"), id, r.envelope("{}"), c)); r.Events != 1 || texts() != 1 {
		t.Errorf("tried: %+v, %d texts", r, texts())
	}
	bare := newTower(t)
	if _, err := bare.Do(t.Context(), bare.as("reception"), bare.submit(), bare.envelope("{}"), c); !errors.As(err, &refusal) || refusal.Code != "no_vault" {
		t.Errorf("without a vault: %v", err)
	}
}

func TestAnAlteredOrMissingTextAndAnAlteredPersonAreFound(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	twin := must(r.Register(t.Context(), r.by("reception"), "ref-2", person.Citizen, herself, r.envelope("2")))
	if len(twin.Alike) != 1 {
		t.Errorf("no warning that somebody has the same number: %+v", twin)
	}
	id := r.submit()
	r.must("reception", id, "add-note", `{"topic": "called", "text": "một"}`)
	r.must("reception", id, "add-note", `{"topic": "called", "text": "hai"}`)
	r.checks(2, 0, 2, 0)
	sql := func(text string) {
		if _, err := r.db.Owner.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	sql(`update vault.texts set ref = gen_random_uuid() where ref = (select min(ref::text)::uuid from vault.texts)`)
	if words, err := r.CheckWords(t.Context(), nil); err != nil || words.Wrong == nil || words.Wrong.Why != "missing" || words.Dossier != id {
		t.Errorf("%+v, %v", words, err)
	}
	sql(`update vault.persons set version = 2 where person = (select min(person::text)::uuid from vault.persons)`)
	if people, err := r.Check(t.Context()); err != nil || people.Wrong == "" {
		t.Errorf("%+v, %v", people, err)
	}
}

func TestWordsThatNoEventPointsToAreSweptAndNoOthers(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	id := r.submit()
	r.must("reception", id, "add-note", `{"topic": "called", "text": "một"}`)
	loose := must(r.vault.Pledge(t.Context(), id, nil, uuid.New(), "text", "never appended"))
	if err := r.vault.Redeem(t.Context(), []vault.Pledge{loose}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		age   time.Duration
		swept int64
	}{{time.Hour, 0}, {-time.Hour, 1}, {-time.Hour, 0}} {
		if n, err := r.SweepWords(t.Context(), step.age); err != nil || n != step.swept {
			t.Errorf("older than %s: %d swept, %v", step.age, n, err)
		}
	}
	r.checks(1, 0, 0, 0)
}

func TestAnErasureThatACrashCutShortIsFinished(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.db.Owner.Exec(t.Context(), `create table kept as select 'k' as what, k.owner::text, k.kind, k.person::text, k.wrapped, k.kek from vault.keys k where k.kind = 'person'; create table kept_persons as select * from vault.persons`); err != nil {
		t.Fatal(err)
	}
	_ = must(r.Erase(t.Context(), r.by("head"), "ref-1", "12-QD-SNN", "data-subject-request", r.envelope("")))
	if n, err := r.FinishErasures(t.Context()); err != nil || n != 0 {
		t.Errorf("%d finished, %v", n, err)
	}
	// As after a restore of an older copy of the database.
	if _, err := r.db.Owner.Exec(t.Context(), `delete from vault.erasures; insert into vault.keys (owner, kind, wrapped, kek) select k.owner::uuid, k.kind, k.wrapped, k.kek from kept k; insert into vault.persons select * from kept_persons`); err != nil {
		t.Fatal(err)
	}
	if people, err := r.Check(t.Context()); err != nil || !strings.Contains(people.Wrong, "erased by a decision") {
		t.Errorf("a restored copy is not told of: %+v, %v", people, err)
	}
	if n, err := r.FinishErasures(t.Context()); err != nil || n != 1 {
		t.Errorf("%d finished, %v", n, err)
	}
	r.checks(0, 0, 0, 1)
	_, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("2"))
	var refusal *domain.Refusal
	if !errors.As(err, &refusal) || refusal.Code != "person_erased" {
		t.Errorf("registered again: %v", err)
	}
}

// A database that is restored from before an erasure has the person again: the list outside it says so before anybody is served.
func TestAnErasureIsDoneAgainToADatabaseThatWasRestoredFromBeforeIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "erasures.jsonl")
	list, err := vault.OpenList("file://" + file)
	if err != nil {
		t.Fatal(err)
	}
	listed := func(o *handlers.ExecutorOptions) { o.Erasures = list }
	now, restored := newRegistryWith(t, listed), newRegistryWith(t, listed)
	for _, r := range []*registry{now, restored} { // one history until the backup was made
		if _, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("")); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := restored.ApplyErasures(t.Context()); err != nil || n != 0 {
		t.Errorf("nothing is listed: %d, %v", n, err)
	}
	if _, err := now.Erase(t.Context(), now.by("head"), "ref-1", "12-QD-SNN", "data-subject-request", now.envelope("")); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), herself.Name) || strings.Contains(string(b), "ref-1") || !strings.Contains(string(b), "12-QD-SNN") {
		t.Errorf("%s, %v", b, err)
	}
	for want := range 2 {
		if n, err := restored.ApplyErasures(t.Context()); err != nil || n != 1-want {
			t.Errorf("%d erased again, %v", n, err)
		}
	}
	restored.checks(0, 0, 0, 1)
	if shown := must(restored.Show(t.Context(), restored.by("reception"), []string{"ref-1"}, "counter")); shown[0].Erased == nil || shown[0].Erased.Decision != "12-QD-SNN" || shown[0].Name != "" {
		t.Errorf("%+v", shown)
	}
	if n, err := now.ApplyErasures(t.Context()); err != nil || n != 0 {
		t.Errorf("where it was done: %d, %v", n, err)
	}
}

// What is decided and cannot be written down outside is not destroyed yet, is told, and is done as soon as it can be.
func TestAnErasureThatCannotBeListedIsDoneLater(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "away")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	list, err := vault.OpenList("file://" + folder + "/erasures.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r := newRegistryWith(t, func(o *handlers.ExecutorOptions) { o.Erasures = list })
	for _, ref := range []string{"ref-1", "ref-2"} {
		if _, err := r.Register(t.Context(), r.by("reception"), ref, person.Citizen, herself, r.envelope(ref)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Erase(t.Context(), r.by("head"), "ref-1", "12-QD-SNN", "data-subject-request", r.envelope("")); err == nil || !strings.Contains(err.Error(), "not destroyed yet") {
		t.Errorf("%v", err)
	}
	if err := r.vault.Begin(t.Context(), handlers.PersonStream("ref-2")); err != nil { // begun, and never decided
		t.Fatal(err)
	}
	if n, err := r.FinishBegun(t.Context(), 0); err == nil || n != 0 {
		t.Errorf("%d finished without a list, %v", n, err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := r.FinishBegun(t.Context(), 0); err != nil || n != 1 {
		t.Errorf("%d finished, %v", n, err)
	}
	if left := must(r.vault.Begun(t.Context(), 0)); len(left) > 0 {
		t.Errorf("still begun: %v", left)
	}
	r.checks(0, 0, 1, 1)
}

// Words of a filing that never came to the journal hold up neither sweeping nor erasing.
func TestWordsOfAFilingThatNeverCameAreSweptAndHoldUpNoErasing(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.Register(t.Context(), r.by("reception"), "ref-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	lost, owner := uuid.New(), handlers.PersonStream("ref-1")
	p, err := r.vault.Pledge(t.Context(), lost, &owner, uuid.New(), "entries.application.phone", "0912 345 678")
	if err == nil {
		err = r.vault.Redeem(t.Context(), []vault.Pledge{p})
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.SweepWords(t.Context(), 0); err != nil || n != 1 {
		t.Errorf("%d swept, %v", n, err)
	}
	if _, err := r.Erase(t.Context(), r.by("head"), "ref-1", "12-QD-SNN", "data-subject-request", r.envelope("")); err != nil {
		t.Errorf("erased: %v", err)
	}
	r.checks(0, 0, 0, 1)
}
