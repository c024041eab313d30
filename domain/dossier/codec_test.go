package dossier_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier/domain/dossier"
)

var update = flag.Bool("update", false, "rewrite generated documents and add goldens that are missing")

var source = dossier.Of{From: dossier.Source{Activity: "ext:t02", Resource: "ext:resource01", Group: "ext:group-1", Case: "case-10011"}}

// What is said of a dossier's facts.
var (
	itHolds, itFails = []dossier.Code{"disease_free_facility"}, []dossier.Code{"from_outbreak_area"}
	inForm           = []dossier.Given{{Field: "application.head_count", Value: "20"}, {Field: "application.market", Value: "JP"}}
)

// enclosed goes with a message.
var enclosed = []dossier.Enclosure{{File: "0197f2aa-0000-7000-8000-0000000000f1", Commitment: "9f2c4a"}}

// said points to words in the vault.
var typedIn = []dossier.Entry{{Field: "application.phone", Text: said}, {Field: "application.subject", Text: said}}

var said = dossier.Text{Ref: "text-9c1e", Commitment: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}

// proof is what is known of a signature.
var proof = dossier.Evidence{
	Signature: said, Digest: "9f2c4a", Algorithm: "es256", Serial: "sn:3fa9", Issuer: "ki:77ab12", Chain: []dossier.Code{"aa01", "bb02", "cc03"},
	SignedAt: monday, TimeBy: "stamped", Certificate: "good", AskedAt: monday.Add(time.Second),
}

// samples has one event of each kind, every member filled.
var samples = []dossier.Event{
	dossier.ComponentChecked{Component: "tp-1", Verdict: dossier.Insufficient, Reason: "illegible", Text: said, Of: source},
	dossier.SubmissionAdjusted{Parts: []dossier.Code{"tp-1"}, Facts: itHolds, Denied: itFails, Values: inForm, Entries: typedIn, Of: source},
	dossier.DossierTransferred{Number: 1, Sender: "mot-cua", To: "so-khac", Mode: dossier.Serial, Slip: "pc-12", Due: monday, Of: source},
	dossier.TransferReceived{Number: 1, Late: true, Of: source},
	dossier.TransferRefused{Number: 1, Reason: "not_competent", Text: said, Of: source},
	dossier.WorkBegun{Number: 2, Kind: dossier.Remediation, Step: "kiem-tra", Unit: "phong-thu-y", At: monday, Due: monday, Inspected: 1, Stops: true, OutOfFlow: true, Text: said, Of: source},
	dossier.WorkFinished{Number: 1, Finding: dossier.ToMend, Late: true, Text: said, Of: source},
	dossier.RemediationReported{Number: 2, Late: true, Text: said, Of: source},
	dossier.ClockResumed{Reason: dossier.AwaitingRemediation, OldDue: monday, Term: term, Of: source},
	dossier.PaymentRequested{Number: 1, Stage: dossier.PayInProcessing, Amount: 5_000_000_000, Fees: []dossier.Code{"phi-tham-dinh"}, WindowDays: 15, Of: source},
	dossier.PaymentConfirmed{Number: 1, Amount: 5_000_000_000, Method: "online", Receipt: "bl-7", Late: true, Of: source},
	dossier.PaymentCancelled{Number: 1, Reason: "exempt", Text: said, Of: source},
	dossier.PaymentRefunded{Number: 1, Amount: 5_000_000_000, Reason: "paid_twice", Text: said, Of: source},
	dossier.PaymentWindowExpired{Number: 1, Of: source},
	dossier.ProposalEndorsed{Level: 1, Outcome: dossier.Grant, Text: said, Of: source},
	dossier.DecisionDelegated{To: "head", Block: "tuq", Since: monday, Until: monday.Add(240 * time.Hour), Of: source},
	dossier.NotificationPublished{Of: source},
	dossier.DeliveryWayChosen{Way: dossier.Post, Of: source},
	dossier.ResultSent{Slip: "vn-1", Of: source},
	dossier.DeliveryHasFailed{Reason: "not_met", Text: said, Of: source},
	dossier.PaperRegistered{Number: 2, Paper: "chung-chi", ValidUntil: monday, RenewFrom: monday, Replaces: 1, Of: source},
	dossier.ErrorReported{Number: 1, Paper: 1, Part: "ten", By: "authority", Due: monday, Text: said, Of: source},
	dossier.ResultCorrected{Number: 1, Paper: 1, Late: true, Of: source},
	dossier.ResultReplaced{Paper: 1, Reason: "content_changed", Decision: "qd-12", Text: said, Of: source},
	dossier.ResultRevoked{Paper: 1, Reason: "conditions_lost", Decision: "qd-13", Basis: "nd-118-2025.22", Text: said, Of: source},
	dossier.ApologySent{Due: monday, Promised: monday.Add(240 * time.Hour), Reason: "complex_case", Text: said, Of: source},
	dossier.UnitUrged{Unit: "phong-thu-y", Reason: dossier.UrgedLate, Text: said, Of: source},
	dossier.ServiceRated{Overall: "good", Attitude: "fair", Publicity: "poor", Reception: "good", Text: said, Of: source},
	dossier.DossierLinked{Other: "0197f2aa-0000-7000-8000-00000000000a", Kind: dossier.GroupMember, Of: source},
	dossier.ComplaintOpened{Number: 1, Other: "0197f2aa-0000-7000-8000-00000000000a", Kind: "appeal", Complex: true, Term: term, Text: said, Of: source},
	dossier.ComplaintClosed{Number: 1, Finding: dossier.Overturned, Basis: "qd-14", Late: true, Text: said, Of: source},
	dossier.ComplaintRecounted{Number: 1, OldDue: monday, Reason: dossier.CalendarChanged, Term: term, Of: source},
	dossier.MessageSent{Number: 1, Topic: "question", AnswerBy: monday, Text: said, Files: enclosed, Of: source},
	dossier.MessageAnswered{Number: 2, Answers: 1, Late: true, Text: said, Files: enclosed, Of: source},
	dossier.NoticeCorrected{Act: "accept", To: "applicant", Unit: "mot-cua", Withdraws: []dossier.Code{"receipt_issued", "timer:processing:0"}, Of: source},
	dossier.PortalStatusRecorded{Code: 4, Outcome: dossier.PortalFailed, Error: "err-98", Sync: "db-2026-7", Of: source},
	dossier.NoteAdded{Number: 1, Topic: "called", Text: said, Of: source},
	dossier.FileAttached{File: "0197f2aa-0000-7000-8000-0000000000f1", Component: "tp-1", Media: "pdf", Size: 48213, Commitment: "9f2c4a", Kind: dossier.Scan, Of: source},
	dossier.FileSigned{File: "0197f2aa-0000-7000-8000-0000000000f1", Evidence: proof, Of: source},
	dossier.ActUndone{Act: "accept", Reason: "wrong_dossier", Consequences: []dossier.Code{"applicant_told", "clock_changes"}, OldDue: monday, Text: said, Of: source},
	dossier.TimerFired{Timer: dossier.OpinionTimer, Number: 2, Notice: dossier.NoticeOverdue, Share: 120, Due: monday, At: monday.Add(6 * time.Hour), Tells: []dossier.Code{"case_officer", "division_head"},
		Unit: "phong-xet-nghiem", Rule: "default", Basis: "nd-118-2025.19.4", Of: source},
	dossier.RecordHandedOver{To: "historical", Register: "mlhs-7", Late: true, Of: source},
	dossier.DisposalAnnounced{After: monday, Of: source},
	dossier.RecordDisposed{Decision: "qd-15", Basis: "tt-10-2022", Of: source},
	dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Post, Applicant: "ref-7f3a", Unit: "mot-cua", ExternalCode: "H15.50.05.13-261008-0975", Support: "diem-ho-tro", Code: "000.00.01.H22-261008-0001", Facts: itHolds, Values: inForm, Entries: typedIn, Submitter: "ref-8a1b", Mandate: 2, CheckWithin: "10.calendar_day", Confidential: true, Sandbox: "sandbox.3", Of: source},
	dossier.DossierAccepted{ProcedureVersion: 1, Facts: itHolds, Denied: itFails, Late: true, Code: "000.00.01.H22-261008-0001", Term: term, Of: source},
	dossier.ReceptionRefused{Reason: "wrong_agency", Basis: "nd-118-2025.17.1", Late: true, Text: said, Of: source},
	dossier.SupplementRequested{Stage: dossier.AtAppraisal, Items: []dossier.Code{"tp-1", "tp-3"}, Reason: "illegible", WindowDays: 15, Number: 2, Parts: []dossier.Part{{Code: "tp-1", Kind: "paper", Reason: "illegible", Originals: 1, Certified: 2, Copies: 3}}, Late: true, Text: said, Of: source},
	dossier.SupplementSubmitted{Items: []dossier.Code{"tp-1"}, Late: true, Facts: itHolds, Denied: itFails, Values: inForm, Entries: typedIn, Of: source},
	dossier.SupplementAccepted{Of: source},
	dossier.ClockStopped{Reason: dossier.AwaitingSupplement, Of: source},
	dossier.ClockRestarted{CountedFrom: time.Date(2026, 11, 23, 7, 32, 0, 123456000, time.UTC), OldDue: monday, Term: term, Of: source},
	dossier.DossierForwarded{Unit: "phong-thu-y", Late: true, Of: source},
	dossier.OfficerAssigned{Officer: "nthoa", Of: source},
	dossier.AppraisalStarted{Of: source},
	dossier.OpinionRequested{Number: 2, Unit: "phong-xet-nghiem", Subject: "sample", Due: monday, Of: source},
	dossier.OpinionReceived{Number: 2, Verdict: "agreed_with_conditions", Late: true, Counts: dossier.Agreed, Text: said, Of: source},
	dossier.SubmittedForApproval{Proposal: dossier.Refuse, Text: said, Of: source},
	dossier.DecisionApproved{Outcome: dossier.Grant, Block: "kt", For: "leader", Silence: true, Of: source},
	dossier.ResultSigned{Means: dossier.Digital, Block: "kt", For: "leader", File: "0197f2aa-0000-7000-8000-0000000000f1", Evidence: proof, Of: source},
	dossier.ResultNumbered{Of: source},
	dossier.ResultIssued{Of: source},
	dossier.ResultReturned{Way: dossier.Counter, To: "representative", Of: source},
	dossier.StepRecorded{Code: "ext:t02", Unit: "ext:group-1", Officer: "ext:resource01", Irregular: "after_end", Of: source},
	dossier.DeadlineRecorded{Due: monday, DueSource: dossier.ImportedDeadline, Of: source},
	dossier.DeadlineRecomputed{OldDue: monday, Reason: dossier.CalendarChanged, Term: term, Of: source},
	dossier.OutcomeRecorded{Outcome: dossier.Unknown, Of: source},
	dossier.VersionMoved{FromVersion: 1, ToVersion: 2, Ground: "transition_rule", Basis: "nd-309-2026.5", Text: said, Of: source},
	dossier.SupplementWindowExpired{Stage: dossier.AtAppraisal, Of: source},
	dossier.ReturnedForRework{Reason: "draft_errors", Text: said, Of: source},
	dossier.ExtensionProposed{Due: monday, Reason: "awaiting_laboratory", Late: true, Text: said, Of: source},
	dossier.DeadlineExtended{OldDue: monday, Due: monday.Add(240 * time.Hour), Reason: "awaiting_laboratory", Of: source},
	dossier.WithdrawalRequested{Text: said, Of: source},
	dossier.WithdrawalRejected{Reason: "applicant_changed_mind", Term: term, Text: said, Of: source},
	dossier.DossierStopped{Reason: "legal_impediment", Basis: "nd-118-2025.21", Text: said, Of: source},
}

var term = dossier.Term{
	Limits: []dossier.Code{"15.calendar_day", "5.working_day"}, Policy: "whole_days", Calendar: "vn", CalendarVersion: 5, Agency: "mot-cua",
	Due: time.Date(2026, 11, 30, 16, 59, 59, 999999000, time.UTC), MissingYear: 2028, Provisional: true, Assumed: true,
	Stages: []dossier.StageTerm{{Stage: "gd-1", Limit: "5.working_day", Counts: "reception", Due: time.Date(2026, 11, 27, 16, 59, 59, 999999000, time.UTC)}, {Stage: "gd-2", Limit: "3.working_day", Counts: "remediation_reported"}},
}

// storedKinds is what the journal may hold, for ever: a line is added for a new kind or version and never changed or removed.
// The sum is that of the golden file.
const storedKinds = "testdata/golden/SUMS"

func TestTheStoredNamesAndTheirGoldensNeverChange(t *testing.T) {
	sums, err := os.ReadFile(storedKinds)
	if err != nil && !*update {
		t.Fatal(err)
	}
	kept := strings.Fields(string(sums)) // name sum name sum …
	for i := 0; i+1 < len(kept); i += 2 {
		if got := sumOf(t, kept[i]); got != kept[i+1] {
			t.Errorf("%s is not what was written once (%s)", kept[i], got)
		}
	}
	if len(samples) != len(dossier.EventTypes()) {
		t.Errorf("%d samples for %d kinds of events", len(samples), len(dossier.EventTypes()))
	}
	for _, e := range samples {
		typ, version, data, err := dossier.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		for v := 1; v < version; v++ {
			if !slices.Contains(kept, golden(typ, v, 1)) {
				t.Errorf("%s version %d has no golden in %s", typ, v, storedKinds)
			}
		}
		// Members that came later, and may be missing, are a revision: the version stays, and with it the name that subscribers know.
		revision := 1
		for ; slices.Contains(kept, golden(typ, version, revision)); revision++ {
			if stored, _ := os.ReadFile(filepath.Join("testdata/golden", golden(typ, version, revision))); string(stored) == string(data)+"\n" {
				revision = 0
				break
			}
		}
		name := golden(typ, version, revision)
		switch {
		case revision == 0:
		case !*update:
			t.Errorf("%s has no golden in %s", name, storedKinds)
		default:
			write(t, filepath.Join("testdata/golden", name), string(data)+"\n")
			sums = fmt.Appendf(sums, "%s %s\n", name, sumOf(t, name))
			write(t, storedKinds, string(sums))
		}
	}
}

// golden names the file of a kind's version, and of what was added to it since.
func golden(typ string, version, revision int) string {
	if revision > 1 {
		return fmt.Sprintf("%s.v%d.%d.json", typ, version, revision)
	}
	return fmt.Sprintf("%s.v%d.json", typ, version)
}

func sumOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/golden", name))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var goldenName = regexp.MustCompile(`^(dossier\.[a-z-]+)\.v(\d+)(?:\.\d+)?\.json$`)

func TestEveryGoldenIsReadAndTheNewestIsWrittenByteForByte(t *testing.T) {
	files, _ := filepath.Glob("testdata/golden/*.json")
	if len(files) < len(samples) {
		t.Fatalf("%d goldens for %d kinds", len(files), len(samples))
	}
	for _, file := range files {
		m := goldenName.FindStringSubmatch(filepath.Base(file))
		if m == nil {
			t.Fatalf("%s is not named after a kind and version", file)
		}
		var version int
		fmt.Sscan(m[2], &version)
		stored, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := dossier.Decode(m[1], version, stored)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		typ, newest, data, err := dossier.Encode(e)
		if err != nil || typ != m[1] {
			t.Errorf("%s: %s, %v", file, typ, err)
		}
		if version == newest && string(data)+"\n" != string(stored) {
			t.Errorf("%s is written differently now:\n%s", file, data)
		}
	}
}

func TestASubmissionOfTheFirstVersionIsReadAsFiledUnderVersionOneOfItsProcedure(t *testing.T) {
	v1, err := os.ReadFile("testdata/golden/dossier.submitted.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(v1), "procedure_version") {
		t.Fatal("the golden of version 1 is not of version 1")
	}
	got, err := dossier.Decode("dossier.submitted", 1, v1)
	if err != nil {
		t.Fatal(err)
	}
	want := dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "ref-7f3a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for _, c := range []struct {
		name, typ string
		version   int
		data      string
	}{
		{"an unknown kind", "dossier.vanished", 1, `{}`},
		{"a version of tomorrow", "dossier.accepted", 2, `{"procedure_version":1}`},
		{"version zero", "dossier.accepted", 0, `{"procedure_version":1}`},
		{"a member nobody knows", "dossier.accepted", 1, `{"procedure_version":1,"note":"x"}`},
		{"a member in another letter case", "dossier.accepted", 1, `{"Procedure_version":1}`},
		{"a member twice", "dossier.accepted", 1, `{"procedure_version":1,"procedure_version":1}`},
		{"a member missing", "dossier.accepted", 1, `{}`},
		{"a value outside its list", "dossier.result-returned", 1, `{"way":"drone","to":"owner"}`},
		{"a free text for a code", "dossier.forwarded", 1, `{"unit":"Phòng Thú y"}`},
		{"something after the object", "dossier.accepted", 1, `{"procedure_version":1} {}`},
		{"a member nobody knows in the source", "dossier.result-signed", 1, `{"source":{"name":"x"}}`},
		{"no object", "dossier.result-signed", 1, `[]`},
	} {
		_, err := dossier.Decode(c.typ, c.version, []byte(c.data))
		if err == nil {
			t.Errorf("%s was read", c.name)
		}
		if strings.HasPrefix(refusal(err), "invalid") {
			t.Errorf("%s is told as a caller's mistake, but it is ours: %v", c.name, err)
		}
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	if _, _, _, err := dossier.Encode(dossier.DossierForwarded{Unit: "Phòng Thú y"}); err == nil {
		t.Error("a free text was written")
	}
	if _, _, _, err := dossier.Encode(nil); err == nil {
		t.Error("nothing was written")
	}
}

func TestAFactKnowsItsPlace(t *testing.T) {
	f, err := dossier.DecodeFact(7, 3, "dossier.accepted", 1, []byte(`{"procedure_version":1}`), []byte(`{"actor":"lq","actorrole":"reception_officer"}`), monday, monday.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if f.Position != 7 || f.Version != 3 || f.Meta.By().Account != "lq" || !f.RecordedAt.Equal(monday.Add(time.Minute)) || !cmp.Equal(f.Event, dossier.Event(dossier.DossierAccepted{ProcedureVersion: 1})) {
		t.Errorf("%+v", f)
	}
	if _, err := dossier.DecodeFact(7, 3, "dossier.accepted", 1, []byte(`{"procedure_version":1}`), []byte(`[]`), monday, monday); err == nil {
		t.Error("a broken meta was read")
	}
}
