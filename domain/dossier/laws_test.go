package dossier_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

var people = []domain.Actor{feeDesk, lead, neighbour, citizen, reception, head, officer, colleague, laboratory, leader, deputy, clerk, returnDesk, appraiserIn, importer, timers}

var codes = []dossier.Code{"tp-1", "tp-2", "tp-3", "officer", "colleague", "phong-thu-y", "phong-xet-nghiem", "phong-moi-truong"}

// anyAct is somebody wishing something, now or before, legal or not.
func anyAct(t *rapid.T, l *life) act {
	command := rapid.SampledFrom(dossier.Table()).Draw(t, "row").Command
	who := rapid.SampledFrom(people).Draw(t, "who")
	if rapid.IntRange(0, 9).Draw(t, "sensible") > 1 { // mostly on the way, so that long lives come about
		if row, who2, ok := onTheWay(t, l); ok {
			command, who = row, who2
		}
	}
	return act{who: who, what: anyContent(t, l, command), how: anyTime(t)}
}

func onTheWay(t *rapid.T, l *life) (string, domain.Actor, bool) {
	var rows []dossier.Transition
	for _, row := range dossier.Table() {
		if slices.Contains(row.From, l.state.Status) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return "", domain.Actor{}, false
	}
	row := rapid.SampledFrom(rows).Draw(t, "next")
	var able []domain.Actor
	for _, p := range people {
		if slices.Contains(row.Actors, p.Role) {
			able = append(able, p)
		}
	}
	return row.Command, rapid.SampledFrom(able).Draw(t, "able"), true
}

func anyContent(t *rapid.T, l *life, command string) dossier.Command {
	code := func(name string) dossier.Code { return rapid.SampledFrom(codes).Draw(t, name) }
	items := rapid.SliceOfNDistinct(rapid.SampledFrom(codes[:3]), 1, 3, rapid.ID[dossier.Code]).Draw(t, "items")
	decision := rapid.SampledFrom([]dossier.Proposal{dossier.Grant, dossier.Refuse}).Draw(t, "decision")
	switch command {
	case "RequestSupplement":
		return dossier.RequestSupplement{Items: items, Reason: "missing"}
	case "SubmitSupplement":
		return dossier.SubmitSupplement{Items: items[:rapid.IntRange(0, len(items)).Draw(t, "brought")]}
	case "AssignOfficer":
		return dossier.AssignOfficer{Officer: rapid.SampledFrom(codes[3:5]).Draw(t, "officer")}
	case "RequestOpinion":
		return dossier.RequestOpinion{Unit: code("unit"), Due: l.now.Add(time.Duration(rapid.IntRange(1, 99).Draw(t, "due")) * time.Hour)}
	case "RecordOpinion":
		return dossier.RecordOpinion{Number: rapid.IntRange(1, 3).Draw(t, "number"), Verdict: "agreed"}
	case "SubmitForApproval":
		return dossier.SubmitForApproval{Proposal: decision}
	case "Approve":
		return dossier.Approve{Outcome: decision}
	case "ReceiveTransfer":
		return dossier.ReceiveTransfer{Number: rapid.IntRange(1, 3).Draw(t, "number")}
	case "TransferDossier":
		return dossier.TransferDossier{To: code("agency"), Mode: rapid.SampledFrom([]dossier.TransferMode{dossier.Serial, dossier.Parallel}).Draw(t, "mode")}
	case "BeginWork":
		return rapid.SampledFrom([]dossier.Command{
			test.what, inspect.what, dossier.BeginWork{Step: "kiem-tra", At: l.now.Add(time.Hour)}, dossier.BeginWork{Step: "hoi-dong", At: l.now.Add(time.Hour)}, dossier.BeginWork{Kind: dossier.DeskCheck},
		}).Draw(t, "work")
	case "FinishWork":
		return dossier.FinishWork{Number: rapid.IntRange(1, 4).Draw(t, "number"), Finding: rapid.SampledFrom([]dossier.Finding{dossier.Passed, dossier.Failed, dossier.ToMend}).Draw(t, "finding")}
	case "ReportRemediation":
		return dossier.ReportRemediation{Number: rapid.IntRange(1, 4).Draw(t, "number")}
	case "ConfirmPayment":
		return dossier.ConfirmPayment{Number: rapid.IntRange(1, 3).Draw(t, "number"), Amount: 1_200_000, Method: "online"}
	case "CancelPayment":
		return dossier.CancelPayment{Number: rapid.IntRange(1, 3).Draw(t, "number"), Reason: "exempt"}
	case "CheckComponent":
		return rapid.SampledFrom([]dossier.Command{checkPart.what, dossier.CheckComponent{Component: "tp-2", Verdict: dossier.Insufficient, Reason: "missing"}}).Draw(t, "check")
	case "FireTimer":
		c := fire.what.(dossier.FireTimer)
		c.Share = rapid.IntRange(1, 130).Draw(t, "share")
		if running := dossier.Timers(l.state, &vietnam, ""); len(running) > 0 {
			timer := rapid.SampledFrom(running).Draw(t, "timer")
			c.Timer, c.Number, c.Due = timer.Kind, timer.Number, timer.Due
		}
		return c
	case "UndoAct":
		c := undo(l.state.Status).what.(dossier.UndoAct)
		if u, can := l.state.Undoable(); can {
			c.Act = dossier.Code(u.Act)
		}
		return c
	}
	return usual(command, l.state.Status).what
}

// flows are what procedures of random lives prescribe.
var flows = []procedure.Flow{
	{}, twoLevels,
	{Steps: []procedure.WorkStep{
		{Code: "kiem-tra", Kind: procedure.Inspection, Required: true, Clock: procedure.Stops},
		{Code: "hoi-dong", Kind: procedure.Council, After: []string{"kiem-tra"}},
	}, RemediationDays: 30, RemediationStop: true},
	{Notification: true}, {Immediate: true, SameHand: true, OnSilence: procedure.Refused},
}

func anyTime(t *rapid.T) func(*dossier.Context) {
	if rapid.IntRange(0, 3).Draw(t, "live") > 0 {
		return nil
	}
	return earlier(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes"))*time.Minute, "counter_entry")
}

// anyLife lets up to thirty acts happen to a dossier that stands anywhere; refusals are part of life.
func anyLife(t *rapid.T, each func(l *life, a act, before dossier.State, events []dossier.Event)) *life {
	l := &life{now: monday}
	for _, a := range paths[rapid.SampledFrom(dossier.Statuses()).Draw(t, "begins")] {
		if _, err := l.do(a); err != nil {
			t.Fatal(err)
		}
	}
	l.flow = rapid.SampledFrom(flows).Draw(t, "flow")
	for range rapid.IntRange(1, 30).Draw(t, "acts") {
		a := anyAct(t, l)
		before := l.state
		events, err := l.do(a)
		if err != nil && refusal(err) == "fault: "+err.Error() {
			t.Fatalf("%s: neither facts nor a refusal: %v", a.what.Name(), err)
		}
		if each != nil {
			each(l, a, before, events)
		}
	}
	return l
}

func TestLawNoSequenceOfWishesLeadsToAnUndefinedState(t *testing.T) {
	reached := map[dossier.Status]bool{}
	rapid.Check(t, func(t *rapid.T) {
		anyLife(t, func(l *life, a act, before dossier.State, events []dossier.Event) {
			reached[l.state.Status] = true
			holds(t, l.state)
			if len(events) > 0 && !slices.ContainsFunc(dossier.Table(), func(row dossier.Transition) bool {
				return row.Command == a.what.Name() && slices.Contains(row.From, before.Status) && gives(row, events)
			}) {
				t.Fatalf("%s in %q gave %v, which no row of the table says", a.what.Name(), before.Status, types(events))
			}
		})
	})
	// Chance may leave a state out: from each, every wish once.
	for _, s := range dossier.Statuses() {
		for _, c := range dossier.Commands() {
			l := in(t, s)
			_, _ = l.do(usual(c.Name(), s))
			reached[l.state.Status] = true
			holds(t, l.state)
		}
		if !reached[s] {
			t.Errorf("no life reached %s: the law was not tried there", s)
		}
	}
}

func TestLawARepeatedWishAddsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyLife(t, func(l *life, a act, _ dossier.State, events []dossier.Event) {
			switch a.what.(type) {
			case dossier.RecordStep, dossier.SendMessage, dossier.AnswerMessage, dossier.AddNote, dossier.AdjustSubmission, dossier.UrgeUnit:
				return // the same may be done twice; the command id tells a repeat
			}
			if len(events) == 0 {
				return
			}
			again := a
			again.how = func(x *dossier.Context) { x.Origin = l.facts[len(l.facts)-1].Meta.Origin }
			if more, err := l.ask(again); err != nil || len(more) > 0 {
				t.Fatalf("%s again: %v, %v", a.what.Name(), types(more), err)
			}
		})
	})
}

func TestLawEvolveChangesNothingOfTheStateGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var states []dossier.State
		var written []string
		anyLife(t, func(l *life, _ act, _ dossier.State, _ []dossier.Event) {
			states, written = append(states, l.state), append(written, fmt.Sprintf("%+v", l.state))
		})
		for i, s := range states {
			if fmt.Sprintf("%+v", s) != written[i] {
				t.Fatalf("state %d was changed afterwards", i)
			}
		}
	})
}

func TestLawAStateSurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		b, err := json.Marshal(l.state)
		if err != nil {
			t.Fatal(err)
		}
		var back dossier.State
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l.state, back); diff != "" {
			t.Fatal(diff)
		}
		if again, _ := json.Marshal(back); string(again) != string(b) {
			t.Fatalf("written differently:\n%s\n%s", b, again)
		}
	})
}

func TestLawAStateIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := full
		if rapid.Bool().Draw(t, "lawful") {
			s = anyLife(t, nil).state
		}
		if rapid.Bool().Draw(t, "spoiled") {
			spoil(t, reflect.ValueOf(&s).Elem())
		}
		want, wrong := json.Marshal(s)
		got, err := s.AppendJSON([]byte("before"))
		if (err == nil) != (wrong == nil) || err == nil && string(got) != "before"+string(want) {
			t.Fatalf("%s, %v; encoding/json writes %s, %v", got, err, want, wrong)
		}
	})
}

// spoil puts into a few members what no rule would let in.
func spoil(t *rapid.T, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch now := f.Interface().(type) {
		case time.Time:
			if rapid.IntRange(0, 9).Draw(t, "time") == 0 {
				f.Set(reflect.ValueOf(rapid.SampledFrom([]time.Time{
					{}, now.Add(time.Nanosecond), now.In(time.FixedZone("", 7*3600)), now.AddDate(9000, 0, 0), time.Unix(0, 0).UTC(),
				}).Draw(t, "when")))
			}
			continue
		}
		switch f.Kind() {
		case reflect.Slice:
			if rapid.IntRange(0, 4).Draw(t, "list") == 0 {
				f.SetZero()
			}
		case reflect.Bool:
			f.SetBool(rapid.Bool().Draw(t, "truth"))
		case reflect.Struct:
			spoil(t, f)
		case reflect.String:
			if rapid.IntRange(0, 9).Draw(t, "text") == 0 {
				f.SetString(rapid.SampledFrom([]string{"", "a\"b", `\`, "<b>&", "é", "\x00", "\xff", "\u2028", "a b"}).Draw(t, "value"))
			}
		default:
			f.SetInt(rapid.SampledFrom([]int64{0, 1, -1, f.Int()}).Draw(t, "number"))
		}
	}
}

func TestLawEveryFactSurvivesTheJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		var back []dossier.Fact
		for _, f := range l.facts {
			typ, version, data, err := dossier.Encode(f.Event)
			if err != nil {
				t.Fatal(err)
			}
			meta, err := f.Meta.Encode()
			if err != nil {
				t.Fatal(err)
			}
			g, err := dossier.DecodeFact(f.Position, f.Version, typ, version, data, meta, f.OccurredAt, f.RecordedAt)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, g)
		}
		if diff := cmp.Diff(l.facts, back); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(l.state, dossier.Fold(back)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestLawFoldAcceptsAnySubsetOfTheFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var some []dossier.Fact
		for _, f := range anyLife(t, nil).facts {
			if rapid.Bool().Draw(t, "kept") {
				some = append(some, f)
			}
		}
		dossier.Fold(some)
	})
}

func TestLawEveryMomentKnownAtAnyMomentIsALawfulDossier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		at := moments(t, l, "at")
		known := moments(t, l, "known")
		s := dossier.AsOf(l.facts, at, known)
		holds(t, s)
		if s.Version > 0 && s.Submitted.Done() && s.ExternalCode != l.state.ExternalCode {
			t.Fatalf("the code was %q and became %q", s.ExternalCode, l.state.ExternalCode)
		}
		if !dossier.Backdated(l.facts) {
			if diff := cmp.Diff(asStored(l.facts, at, known), s); diff != "" {
				t.Fatalf("the state kept after each version says otherwise: %s", diff)
			}
		}
	})
}

func TestLawTheStateAtAMomentKnownAtAnotherIsTheFoldOfTheFactsCutThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		if len(l.facts) > 0 && rapid.Bool().Draw(t, "entered late") { // so that the two axes disagree
			f := l.facts[len(l.facts)-1]
			f.Version, f.Position = f.Version+1, f.Position+1
			f.OccurredAt = rapid.SampledFrom(l.facts).Draw(t, "happened beside").OccurredAt.Add(-time.Microsecond)
			f.Event, f.Type = dossier.StepRecorded{Code: "late"}, "dossier.step-recorded"
			l.facts = append(l.facts, f)
		}
		at, known := moments(t, l, "at"), moments(t, l, "known")
		var cut []dossier.Fact
		for _, f := range l.facts {
			if (known == nil || !f.RecordedAt.After(*known)) && (at == nil || !f.OccurredAt.After(*at)) {
				cut = append(cut, f)
			}
		}
		if diff := cmp.Diff(dossier.Fold(cut), dossier.AsOf(l.facts, at, known)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// moments draws a moment beside one of the facts, or none.
func moments(t *rapid.T, l *life, name string) *time.Time {
	if len(l.facts) == 0 || rapid.IntRange(0, 5).Draw(t, name+" given") == 0 {
		return nil
	}
	f := rapid.SampledFrom(l.facts).Draw(t, name)
	m := f.OccurredAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "beside")) * time.Microsecond)
	return &m
}

// asStored answers from the states kept after each version: the last one that was known and had happened.
func asStored(facts []dossier.Fact, at, known *time.Time) dossier.State {
	for i := len(facts); i > 0; i-- {
		f := facts[i-1]
		if (known == nil || !f.RecordedAt.After(*known)) && (at == nil || !f.OccurredAt.After(*at)) {
			return dossier.Fold(facts[:i])
		}
	}
	return dossier.State{}
}

// holds are the invariants every state keeps, live, imported, or looked back at.
func holds(t rapid.TB, s dossier.State) {
	if s.Status != dossier.None && !slices.Contains(dossier.Statuses(), s.Status) {
		t.Fatalf("undefined state %q", s.Status)
	}
	open, perStage := 0, map[dossier.Stage]int{}
	for _, q := range s.Supplements {
		perStage[q.Stage]++
		if !q.Closed {
			open++
		}
	}
	if open > 1 || perStage[dossier.AtReception] > 1 || perStage[dossier.AtAppraisal] > 1 {
		t.Fatalf("supplements %+v", s.Supplements)
	}
	if waits := s.Status == dossier.SupplementAtReception || s.Status == dossier.SupplementRequestedStatus; waits && open == 0 {
		t.Fatalf("%s without an open request", s.Status)
	}
	status := s.Status
	if s.StoodAt != "" {
		status = s.StoodAt // a withdrawal keeps everything as it stands
	}
	pending := len(s.OpenOpinions())+len(s.OpenWorks()) > 0
	if verifying := status == dossier.Verifying; verifying != (pending && !s.Status.Ended()) {
		t.Fatalf("%s, back to %q, with opinions %+v and works %+v", s.Status, s.BackTo, s.Opinions, s.Works)
	}
	if aside := status == dossier.Verifying || status == dossier.AwaitingPayment; aside != (s.BackTo != "") {
		t.Fatalf("%s, back to %q", s.Status, s.BackTo)
	}
	if owes := slices.ContainsFunc(s.Payments, func(p dossier.Payment) bool { return p.Owed() && p.Stage == dossier.PayInProcessing }); owes != (status == dossier.AwaitingPayment) && !s.Status.Ended() {
		t.Fatalf("%s with payments %+v", s.Status, s.Payments)
	}
	held := status == dossier.SupplementRequestedStatus || s.Status == dossier.WithdrawalRequestedStatus && s.Accepted.Done() || status == dossier.AwaitingPayment || slices.ContainsFunc(s.OpenWorks(), func(w dossier.Work) bool { return w.Stops })
	if stands := !s.Clock.StoppedAt.IsZero(); stands != held && !s.Status.Ended() {
		t.Fatalf("%s, the clock stands: %v, held: %v", s.Status, stands, held)
	}
	for i, p := range s.Papers {
		if p.Number != i+1 || s.Status != dossier.Resolved && s.Status != dossier.Returned && s.Status != dossier.Disposed {
			t.Fatalf("%s with papers %+v", s.Status, s.Papers)
		}
	}
	if s.Status == dossier.Returned && !s.Resolved.Done() {
		t.Fatal("returned, but never resolved")
	}
	if s.Issued.Done() {
		inOrder := s.Decided.Done() && s.Signed.Done() && !s.Signed.At.Before(s.Decided.At) && s.Numbered.Done() && !s.Numbered.At.Before(s.Signed.At) && !s.Issued.At.Before(s.Numbered.At)
		if !inOrder || slices.Contains(s.Appraisers, s.Decided.By) && s.Origin != domain.Imported && s.Decided.By != importer.Account {
			t.Fatalf("issued %+v, decided %+v, signed %+v, appraised by %v", s.Issued, s.Decided, s.Signed, s.Appraisers)
		}
	}
	if (s.StoodAt != "") != (s.Status == dossier.WithdrawalRequestedStatus) {
		t.Fatalf("%s, and stood at %q", s.Status, s.StoodAt)
	}
	if s.Status == dossier.Stopped && (!s.Stopped.Done() || s.StoppedReason == "") {
		t.Fatalf("stopped %+v for %q", s.Stopped, s.StoppedReason)
	}
	if (s.Outcome != "") != (s.Status == dossier.Resolved || s.Status == dossier.Returned || s.Status == dossier.Disposed && s.Resolved.Done()) {
		t.Fatalf("outcome %q in %q", s.Outcome, s.Status)
	}
}

func TestLawTheNationalCodeNeverGoesBackFromReturned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyLife(t, func(l *life, a act, before dossier.State, _ []dossier.Event) {
			if was, is := before.Status.National(), l.state.Status.National(); was == 10 && is != 10 && l.state.Status != dossier.Disposed {
				t.Fatalf("%s led from 10 to %d", a.what.Name(), is)
			}
		})
	})
}

func TestLawNothingIsProcessedAfterTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyLife(t, func(_ *life, _ act, before dossier.State, events []dossier.Event) {
			for _, e := range events {
				switch e.(type) {
				case dossier.StepRecorded, dossier.ErrorReported, dossier.ResultCorrected, dossier.ResultReplaced, dossier.ResultRevoked, dossier.ServiceRated, dossier.PaymentRefunded,
					dossier.DossierLinked, dossier.ComplaintOpened, dossier.ComplaintClosed, dossier.MessageSent, dossier.MessageAnswered, dossier.NoteAdded, dossier.RecordDisposed:
				case dossier.ActUndone:
					if before.Status.Ended() && before.Status != dossier.ReceptionRefusedStatus {
						t.Fatalf("%s taken back in %q", e.(dossier.ActUndone).Act, before.Status)
					}
				case dossier.PaymentRequested, dossier.PaymentConfirmed, dossier.PaymentCancelled, dossier.DeliveryWayChosen, dossier.FileAttached, dossier.FileSigned, dossier.ResultSent, dossier.DeliveryHasFailed:
					if before.Status.Ended() && before.Status != dossier.Resolved && before.Status != dossier.Returned {
						t.Fatalf("%s after %q", dossier.TypeOf(e), before.Status)
					}
				case dossier.PaperRegistered:
					if before.Status.Ended() && len(before.Papers) == 0 {
						t.Fatal("a paper that replaces none")
					}
				case dossier.NoticeCorrected:
					if e.(dossier.NoticeCorrected).Act != "refuse-reception" && before.Status.Ended() {
						t.Fatalf("a notice of %s corrected after %q", e.(dossier.NoticeCorrected).Act, before.Status)
					}
				case dossier.PortalStatusRecorded:
					if before.Status == dossier.Disposed {
						t.Fatal("the portal is told of what was disposed of")
					}
				case dossier.TimerFired:
					beside := []dossier.TimerKind{dossier.PaymentTimer, dossier.CorrectionTimer, dossier.AnswerTimer, dossier.RenewalTimer}
					if kind := e.(dossier.TimerFired).Timer; before.Status.Ended() && !slices.Contains(beside, kind) {
						t.Fatalf("told of %s after %q", kind, before.Status)
					}
				case dossier.RecordHandedOver, dossier.DisposalAnnounced:
					if !before.Status.Ended() || before.Status == dossier.Disposed {
						t.Fatalf("%T of %q", e, before.Status)
					}
				case dossier.OutcomeRecorded:
					if before.Status == dossier.Resolved || before.Status == dossier.Returned {
						t.Fatalf("an outcome after %q", before.Status)
					}
				case dossier.ResultReturned:
					if before.Status != dossier.Resolved {
						t.Fatalf("returned from %q", before.Status)
					}
				default:
					if before.Status.Ended() {
						t.Fatalf("%s after %q", dossier.TypeOf(e), before.Status)
					}
				}
			}
		})
	})
}
