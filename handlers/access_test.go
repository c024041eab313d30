package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// watched is a desk whose refusals are recorded.
type watched struct {
	*desk
	db  *dbtest.DB
	log *handlers.AccessLog
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	db := dbtest.New(t)
	open := func(o eventstore.Options) *eventstore.Journal {
		j, err := eventstore.Open(t.Context(), db.App, o)
		if err != nil {
			t.Fatalf("open journal: %v", err)
		}
		t.Cleanup(j.Close)
		return j
	}
	j := open(eventstore.Options{})
	log := handlers.NewAccessLog(open(eventstore.Options{Access: true}), handlers.AccessOptions{})
	x := handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("test"), Access: log})
	return &watched{&desk{Executor: x, t: t, journal: j, login: handlers.NewDevLogin()}, db, log}
}

// entries are all that is recorded, newest first.
func (w *watched) entries() []handlers.AccessEntry {
	w.t.Helper()
	page, err := w.log.List(w.t.Context(), w.as("auditor"), handlers.AccessFilter{Limit: 500})
	if err != nil || page.Next != 0 {
		w.t.Fatalf("list: next %d, %v", page.Next, err)
	}
	return page.Entries
}

// hold lets nothing into the access journal until it is let go, at the latest at the test's end.
func (w *watched) hold() (letGo func()) {
	w.t.Helper()
	lock, err := w.db.Owner.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	letGo = func() { _ = lock.Rollback(context.Background()) }
	w.t.Cleanup(letGo)
	if _, err := lock.Exec(w.t.Context(), `lock table journal.access in access exclusive mode`); err != nil {
		w.t.Fatal(err)
	}
	return letGo
}

func (w *watched) sql(statements ...string) {
	w.t.Helper()
	err := w.db.Owner.AcquireFunc(w.t.Context(), func(c *pgxpool.Conn) error {
		for _, s := range append([]string{"set session_replication_role = replica"}, statements...) {
			if _, err := c.Exec(w.t.Context(), s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestEveryRefusalLeavesOneEntryWithItsRule(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	id := w.submitted()
	nine, soon := int64(9), time.Now().Add(time.Hour)
	do := func(account string, e handlers.Envelope, to uuid.UUID, c dossier.Command) func() error {
		return func() error { _, err := w.Do(t.Context(), w.as(account), to, e, c); return err }
	}
	file := func(account string, e handlers.Envelope, c dossier.SubmitDossier) func() error {
		return func() error { _, err := w.Submit(t.Context(), w.as(account), e, c); return err }
	}
	closed := filing
	closed.Procedure = closedProcedure(t)
	unknown := filing
	unknown.Procedure = "no-such"
	now := calendar.DateOf(time.Now(), handlers.Zone())
	trace := handlers.Envelope{Key: "traced", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	for _, test := range []struct {
		name, account string
		try           func() error
		command, rule string // rule "": none
		about         uuid.UUID
	}{
		{"a guard of the way", "head", do("head", trace, id, dossier.AssignOfficer{Officer: "officer-1"}), "assign-officer", "wrong_state", id},
		{"a guard of time", "reception", do("reception", handlers.Envelope{Key: "k", OccurredAt: &soon}, id, dossier.AcceptDossier{}), "accept", "in_future", id},
		{"a procedure that is not open", "applicant-1", file("applicant-1", w.envelope(""), closed), "submit", "not_open_for_filing", uuid.Nil},
		{"a wrong role", "auditor", do("auditor", w.envelope(""), id, dossier.AcceptDossier{}), "accept", "not_allowed", id},
		{"another's dossier", "applicant-2", do("applicant-2", w.envelope(""), id, dossier.SubmitSupplement{}), "submit-supplement", "not_allowed", id},
		{"filing for somebody else", "applicant-2", file("applicant-2", w.envelope(""), filing), "submit", "not_allowed", uuid.Nil},
		{"a calendar by a wrong role", "head", func() error {
			_, err := w.PublishCalendar(t.Context(), w.as("head"), "vn", calendar.Shipped()["vn"], w.envelope(""))
			return err
		}, "publish-calendar", "not_allowed", uuid.Nil},
		{"a procedure by a wrong role", "head", func() error {
			_, err := w.PublishProcedure(t.Context(), w.as("head"), nil, w.envelope(""))
			return err
		}, "publish-procedure", "not_allowed", uuid.Nil},
		{"the shipped procedures by a wrong role", "head", func() error { return w.PublishShipped(t.Context(), w.as("head"), "k") }, "publish-procedure", "not_allowed", uuid.Nil},
		{"a switch by a wrong role", "head", func() error {
			_, err := w.TurnSwitch(t.Context(), w.as("head"), procedure.Turn{Procedure: openProcedure}, w.envelope(""))
			return err
		}, "turn-switch", "not_allowed", uuid.Nil},
		{"a rule about rules", "catalogue", func() error {
			_, err := w.WithdrawProcedure(t.Context(), w.as("catalogue"), "no-such", "1/QĐ", now, now, w.envelope(""))
			return err
		}, "withdraw-procedure", "never_published", uuid.Nil},

		{"a stream that does not exist", "reception", do("reception", w.envelope(""), uuid.New(), dossier.AcceptDossier{}), "", "", uuid.Nil},
		{"another version", "reception", do("reception", handlers.Envelope{Key: "k2", Expected: &nine}, id, dossier.AcceptDossier{}), "", "", uuid.Nil},
		{"a procedure nobody knows", "applicant-1", file("applicant-1", w.envelope(""), unknown), "", "", uuid.Nil},
		{"a key with spaces", "reception", do("reception", handlers.Envelope{Key: "a b"}, id, dossier.AcceptDossier{}), "", "", uuid.Nil},
		{"nobody", "", func() error {
			_, err := w.Do(t.Context(), domain.Actor{}, id, w.envelope(""), dossier.AcceptDossier{})
			return err
		}, "", "", uuid.Nil},
	} {
		before := w.entries()
		err := test.try()
		if err == nil {
			t.Errorf("%s: is not refused", test.name)
			continue
		}
		after := w.entries()
		if test.rule == "" {
			if len(after) != len(before) {
				t.Errorf("%s: %v is recorded: %+v", test.name, err, after[0])
			}
			continue
		}
		if len(after) != len(before)+1 {
			t.Errorf("%s: %v left %d entries", test.name, err, len(after)-len(before))
			continue
		}
		e := after[0]
		if got := e.Dossier; (got == nil) != (test.about == uuid.Nil) || got != nil && *got != test.about {
			t.Errorf("%s: about %v, want %s", test.name, got, test.about)
		}
		var refusal *domain.Refusal
		if !errors.As(err, &refusal) || e.Basis != refusal.Basis {
			t.Errorf("%s: %v with basis %q", test.name, err, e.Basis)
		}
		if e.Command != test.command || e.Rule != test.rule || e.By != w.as(test.account) || e.Type != "access.command-refused" {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
	if first := w.entries()[len(w.entries())-1]; first.Traceparent != trace.Traceparent {
		t.Errorf("the trace is not kept: %+v", first)
	}
}

func TestWhatIsDoneLeavesNoEntryAndTheSameRefusalTwiceLeavesTwo(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	id := w.submitted()
	w.done("reception", id, dossier.RequestSupplement{Items: []dossier.Code{"photo"}, Reason: "missing", WindowDays: 30})
	if got := w.entries(); len(got) != 0 {
		t.Fatalf("recorded: %+v", got)
	}
	e := w.envelope("")
	for range 2 {
		if _, err := w.Do(t.Context(), w.as("head"), id, e, dossier.AssignOfficer{Officer: "officer-1"}); err == nil {
			t.Fatal("is not refused")
		}
	}
	if got := w.entries(); len(got) != 2 {
		t.Errorf("%d entries, want 2", len(got))
	}
}

func TestAnImportRecordsNoRefusal(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	refuse := func(dossier.State) ([]handlers.Decided, error) {
		return nil, &domain.Refusal{Code: "wrong_state"}
	}
	for _, account := range []domain.Actor{{Account: "importer", Role: domain.System}, w.as("head")} {
		if _, err := w.Import(t.Context(), account, uuid.New(), "k", nil, refuse); err == nil {
			t.Error("is not refused")
		}
	}
	if got := w.entries(); len(got) != 0 {
		t.Errorf("recorded: %+v", got)
	}
}

func TestAnAccessJournalThatCannotBeWrittenChangesNoAnswerAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	id := w.submitted()
	try := func() error {
		_, err := w.Do(t.Context(), w.as("head"), id, w.envelope(""), dossier.AssignOfficer{Officer: "officer-1"})
		return err
	}
	before := try()
	w.renameAppend("away")
	after := try()
	if !reflect.DeepEqual(before, after) {
		t.Errorf("answered %v, before %v", after, before)
	}
	if missed, since := w.log.Check(t.Context()); missed != 1 || since.IsZero() {
		t.Errorf("missed %d since %s", missed, since)
	}
	w.done("reception", id, dossier.RequestSupplement{Items: []dossier.Code{"photo"}, Reason: "missing", WindowDays: 30}) // what passes goes on
	w.renameAppend("append_access_v2")
	if missed, _ := w.log.Check(t.Context()); missed != 0 {
		t.Errorf("still missed: %d", missed)
	}
	got := w.entries()
	if len(got) != 2 || got[0].Type != "access.entries-missed" || got[0].Missed != 1 {
		t.Errorf("%+v", got)
	}
	if recorded, missed := w.log.Counts(); recorded != 1 || missed != 1 {
		t.Errorf("counted %d and %d", recorded, missed)
	}
}

func TestAnAccessJournalThatHangsHoldsARefusalBackForItsTimeOnly(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	id := w.submitted()
	w.hold()
	var refusal *domain.Refusal
	began := time.Now()
	_, err := w.Do(t.Context(), w.as("head"), id, w.envelope(""), dossier.AssignOfficer{Officer: "officer-1"})
	if took := time.Since(began); !errors.As(err, &refusal) || took > 10*time.Second {
		t.Errorf("answered %v after %s", err, took)
	}
	w.done("reception", id, dossier.AcceptDossier{}) // what passes does not wait
	if recorded, missed := w.log.Counts(); recorded != 0 || missed != 1 {
		t.Errorf("counted %d and %d", recorded, missed)
	}
}

// renameAppend gives the function that appends, whatever it is called now, another name.
func (w *watched) renameAppend(name string) {
	w.t.Helper()
	var signature string
	err := w.db.Owner.QueryRow(w.t.Context(), `
		select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
		  from pg_proc p
		 where p.pronamespace = 'journal'::regnamespace
		   and p.proname in ('append_access_v2', 'away')`).Scan(&signature)
	if err != nil {
		w.t.Fatal(err)
	}
	w.sql("alter function journal." + signature + " rename to " + name)
}

func TestARecordOutlivesTheCallerWhoLeft(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	_ = w.Refused(ctx, w.as("head"), handlers.Envelope{}, "accept", uuid.Nil, &domain.Refusal{Code: "wrong_state"})
	_ = w.Refused(t.Context(), w.as("head"), handlers.Envelope{}, "nguyen-van-a", uuid.Nil, &domain.Refusal{Code: "wrong_state"}) // from an address
	if got := w.entries(); len(got) != 1 || got[0].Command != "accept" {
		t.Errorf("%+v", got)
	}
}

func TestAnAcceptedClockIsNoEntryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	_ = w.Refused(t.Context(), w.as("head"), handlers.Envelope{}, "accept", uuid.Nil, &domain.Refusal{Code: "wrong_state"})
	if err := w.log.AcceptClock(t.Context(), w.as("admin")); err != nil {
		t.Fatal(err)
	}
	if got := w.entries(); len(got) != 2 || got[0].Type != "system.clock-accepted" || got[0].By.Account != "admin" {
		t.Errorf("%+v", got)
	}
	if head, d, err := w.log.Verify(t.Context(), nil); head != 2 || d != nil || err != nil {
		t.Errorf("verify: %d %v %v", head, d, err)
	}
}

func TestTheListIsPagedFilteredAndForAuditors(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for i := range 7 {
		_ = w.Refused(t.Context(), w.as([]string{"head", "clerk"}[i%2]), handlers.Envelope{}, "accept", uuid.Nil, &domain.Refusal{Code: "wrong_state"})
	}
	var positions []int64
	for f := (handlers.AccessFilter{Limit: 3}); ; {
		page, err := w.log.List(t.Context(), w.as("auditor"), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			positions = append(positions, e.Position)
		}
		if f.Before = page.Next; f.Before == 0 {
			break
		}
	}
	if want := []int64{7, 6, 5, 4, 3, 2, 1}; !reflect.DeepEqual(positions, want) {
		t.Errorf("pages of %v", positions)
	}
	count := func(f handlers.AccessFilter) int {
		page, err := w.log.List(t.Context(), w.as("auditor"), f)
		if err != nil || page.Next != 0 {
			t.Fatalf("%+v: next %d, %v", f, page.Next, err)
		}
		return len(page.Entries)
	}
	if n := count(handlers.AccessFilter{Account: "clerk"}); n != 3 {
		t.Errorf("clerk has %d", n)
	}
	if n := count(handlers.AccessFilter{Since: w.entries()[2].RecordedAt}); n != 3 {
		t.Errorf("since the third: %d", n)
	}
	if n := count(handlers.AccessFilter{Since: time.Now().Add(time.Hour)}); n != 0 {
		t.Errorf("since later: %d", n)
	}
	for _, account := range w.login.Accounts() {
		_, err := w.log.List(t.Context(), account.Actor(), handlers.AccessFilter{})
		if status, _ := handlers.Problem(err); (err == nil) != (account.Role == domain.Auditor) || err != nil && status != 403 {
			t.Errorf("%s: %v", account.Account, err)
		}
	}
}

func TestTamperingWithTheAccessJournalIsFound(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for range 5 {
		_ = w.Refused(t.Context(), w.as("head"), handlers.Envelope{}, "accept", uuid.Nil, &domain.Refusal{Code: "wrong_state"})
	}
	if _, err := w.db.App.Exec(t.Context(), `insert into journal.access select * from journal.access`); err == nil {
		t.Error("the application may write past the function")
	}
	w.sql(`create table original as select * from journal.access`)
	for tamper, at := range map[string]int64{
		`delete from journal.access where position = 3`:                                                      3,
		`update journal.access set version = version + 40 where position = 2`:                                2,
		`update journal.access set meta = replace(meta::text, '"head"', '"clerk"')::json where position = 4`: 4,
		`update journal.access set data = '{"command":"accept","who":"Nguyen"}' where position = 1`:          1,
		`select 1`: 0,
	} {
		w.sql(`delete from journal.access`, `insert into journal.access select * from original order by position`, tamper)
		head, d, err := w.log.Verify(t.Context(), nil)
		switch {
		case err != nil:
			t.Errorf("%s: %v", tamper, err)
		case at == 0 && (d != nil || head != 5):
			t.Errorf("%s: %v of %d", tamper, d, head)
		case at > 0 && (d == nil || d.Position != at):
			t.Errorf("%s: found %v, want position %d", tamper, d, at)
		}
	}
}
