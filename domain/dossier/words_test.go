package dossier_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
)

// spoken lists every code that people may meet, by kind.
func spoken() map[string][]string {
	codes := map[string][]string{
		"command": dossier.CommandNames(),
		"event":   dossier.EventTypes(),
		"tone":    {"authority", "applicant", "decision", "good", "negative", "ended"},
		"origin":  {"", "import", "demo"},
		"status":  {"", "resolved:granted", "resolved:refused", "resolved:unknown", "resolved:published"},
		"act":     {"nd", "luat", "tt", "nq", "qd"},
	}
	for _, s := range dossier.Statuses() {
		codes["status"] = append(codes["status"], string(s))
	}
	for _, r := range domain.Roles() {
		codes["role"] = append(codes["role"], string(r))
	}
	for _, kind := range []string{"channel", "stage", "proposal", "outcome", "verdict", "refusal_reason", "supplement_reason", "recipient", "stop_reason", "deadline_source", "irregular", "late_reason",
		"stopped_reason", "rework_reason", "extension_reason", "withdrawal_refusal", "recompute_reason", "count_policy", "part_kind", "work_kind", "finding", "check_verdict", "signature_block",
		"payment_stage", "payment_method", "payment_reason", "delivery_status", "delivery_failure", "transfer_mode", "transfer_refusal", "link_kind", "complaint_kind",
		"complaint_finding", "paper_status", "error_origin", "revocation_reason", "grade", "urge_reason", "message_topic", "media_type", "undo_reason", "consequence",
		"means", "file_kind", "signature_algorithm", "time_source", "certificate_state"} {
		codes[kind] = dossier.Values(kind)
	}
	for _, class := range dossier.Classes() {
		codes["class"] = append(codes["class"], string(class))
	}
	for _, c := range dossier.Changes(&dossier.State{}, &full) {
		codes["field"] = append(codes["field"], c.Field)
	}
	return codes
}

var vietnamese = regexp.MustCompile(`[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđĐ]`)

func TestEveryCodeHasWordsInBothLanguages(t *testing.T) {
	for kind, codes := range spoken() {
		if len(codes) == 0 {
			t.Errorf("no codes of kind %s", kind)
		}
		for _, code := range codes {
			vi, en := dossier.Label(kind, code, "vi"), dossier.Label(kind, code, "en")
			if vi == code || en == code || vi == "" || en == "" || vi == en {
				t.Errorf("%s %q reads %q and %q", kind, code, vi, en)
			}
			if strings.Contains(vi+en, "_") || vietnamese.MatchString(en) {
				t.Errorf("%s %q reads like a code: %q, %q", kind, code, vi, en)
			}
		}
	}
}

func TestTheStatusTagsReadAsTheDesignBriefSays(t *testing.T) {
	for _, c := range []struct {
		life         *life
		vi, en, tone string
	}{
		{in(t, dossier.Submitted), "Chờ tiếp nhận", "Awaiting reception", "authority"},
		{in(t, dossier.SupplementAtReception), "Chờ bổ sung khi tiếp nhận", "Supplement needed at reception", "applicant"},
		{in(t, dossier.PendingApproval), "Đang trình duyệt", "Awaiting approval", "decision"},
		{in(t, dossier.Approved), "Đã duyệt, chờ ký và cấp số", "Approved, to be signed and numbered", "decision"},
		{in(t, dossier.Resolved), "Đã có kết quả", "Result ready", "good"},
		{given(t, submit, accept, forward, assign, start, propose, by(leader, dossier.Approve{Outcome: dossier.Refuse}), sign, number, issue), "Có kết quả: từ chối", "Result: refused", "negative"},
		{given(t, submit, takeEnd), "Đã kết thúc, không rõ kết quả", "Ended, outcome not known", "ended"},
		{in(t, dossier.ReceptionRefusedStatus), "Không tiếp nhận", "Not accepted", "negative"},
		{in(t, dossier.Returned), "Đã trả kết quả", "Result returned", "ended"},
	} {
		s := c.life.state
		if s.Words("vi") != c.vi || s.Words("en") != c.en || s.Tone() != c.tone {
			t.Errorf("%s reads %q, %q in tone %q", s.Status, s.Words("vi"), s.Words("en"), s.Tone())
		}
	}
}

func TestAnArticleOfLawIsCitedForReading(t *testing.T) {
	for _, c := range []struct{ code, vi, en string }{
		{"nd-118-2025.17.1", "NĐ 118/2025, Điều 17.1", "Decree 118/2025, Art. 17.1"},
		{"nd-118-2025", "NĐ 118/2025", "Decree 118/2025"},
		{"luat-79-2015.109", "Luật 79/2015, Điều 109", "Law 79/2015, Art. 109"},
		{"NĐ 118/2025, Điều 11.2c và 16.3", "NĐ 118/2025, Điều 11.2c và 16.3", "Decree 118/2025, Art. 11.2c and 16.3"},
		{"somewhere", "somewhere", "somewhere"},
	} {
		if vi, en := dossier.Label("basis", c.code, "vi"), dossier.Label("basis", c.code, "en"); vi != c.vi || en != c.en {
			t.Errorf("%s reads %q and %q", c.code, vi, en)
		}
	}
}

func TestACodeOfAnOpenListIsShownAsItIs(t *testing.T) {
	if got := dossier.Label("unit", "phong-thu-y", "vi"); got != "phong-thu-y" {
		t.Errorf("got %q", got)
	}
}

func TestTheNationalCodesAreThoseOfThePortal(t *testing.T) {
	want := map[dossier.Status]int{
		dossier.Submitted: 1, dossier.Accepted: 2, dossier.ReceptionRefusedStatus: 3, dossier.Forwarded: 4, dossier.Assigned: 4,
		dossier.AwaitingPayment: 6, dossier.Disposed: 0,
		dossier.Appraising: 4, dossier.Verifying: 4, dossier.PendingApproval: 4, dossier.Approved: 4,
		dossier.SupplementAtReception: 5, dossier.SupplementRequestedStatus: 5, dossier.WithdrawalRequestedStatus: 7, dossier.Stopped: 8, dossier.Resolved: 9, dossier.Returned: 10, dossier.None: 0,
	}
	for s, code := range want {
		if s.National() != code {
			t.Errorf("%s is %d, want %d", s, s.National(), code)
		}
	}
	if len(want) != len(dossier.Statuses())+1 {
		t.Error("a state without a national code")
	}
}

func TestTheAuditTrailSaysWhatAnEventChanged(t *testing.T) {
	l := in(t, dossier.Appraising)
	before := l.state
	l.then(t, askInCase)
	got := dossier.Changes(&before, &l.state)
	want := []string{"status", "clock_stopped", "supplement_appraisal_items", "supplement_appraisal_reason", "supplement_appraisal_until"}
	var fields []string
	for _, c := range got {
		fields = append(fields, c.Field)
	}
	if !slices.Equal(fields, want) {
		t.Fatalf("changes %+v", got)
	}
	if c := got[0]; c != (dossier.Change{Field: "status", Kind: "status", Old: "appraising", New: "supplement_requested"}) {
		t.Errorf("%+v", c)
	}
	if c := got[2]; c.Old != "" || c.New != "tp-1, tp-3" {
		t.Errorf("%+v", c)
	}
}

func TestTwoMomentsAreComparedBothWays(t *testing.T) {
	early, late := in(t, dossier.Appraising).state, in(t, dossier.Verifying).state
	there, back := dossier.Changes(&early, &late), dossier.Changes(&late, &early)
	if len(there) != len(back) || len(there) == 0 {
		t.Fatalf("%d changes one way, %d the other", len(there), len(back))
	}
	for _, c := range there {
		turned := dossier.Change{Field: c.Field, Kind: c.Kind, Old: c.New, New: c.Old}
		if !slices.Contains(back, turned) {
			t.Errorf("%+v is not undone", c)
		}
	}
	if len(dossier.Changes(&late, &late)) > 0 {
		t.Error("a state differs from itself")
	}
}

// full is a state with every member filled, so that every line of the audit trail appears.
var full = dossier.State{
	Version: 9, Origin: domain.Imported, Status: dossier.Verifying, Outcome: dossier.Granted,
	Procedure: "p", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "ref-1", ExternalCode: "X-1", FiledAt: "u", Unit: "u", Officer: "o",
	Submitted: done, Accepted: done, Refused: done, Forwarded: done, Appraisal: done, Proposed: done, Decided: done,
	Signed: done, Numbered: done, Issued: done, Resolved: done, Returned: done,
	RefusalReason: "wrong_agency", RefusalBasis: "nd-118-2025.17.1", Proposal: dossier.Grant, Decision: dossier.Grant,
	Appraisers: []string{"o"}, Way: dossier.Counter, To: dossier.Owner,
	Supplements: []dossier.Supplement{fullSupplement(dossier.AtReception), fullSupplement(dossier.AtAppraisal)},
	Opinions:    []dossier.Opinion{{Number: 1, Unit: "u", Subject: "s", RequestedAt: monday, Due: monday, Verdict: "agreed", ReceivedAt: monday, Late: true, Counts: dossier.Agreed}},
	BackTo:      dossier.Appraising,
	Clock:       dossier.Clock{StartedAt: monday, StoppedAt: monday, RestartedFrom: monday, Restarts: 1},
	Due:         monday, DueSource: dossier.ImportedDeadline, Steps: 2, IrregularSteps: 1,
	LastStep:   dossier.Step{Code: "s", Unit: "u", Officer: "o", At: monday},
	LastChange: monday, UpdatedAt: monday,

	Withdrawn: done, Kept: done, Reworked: done, Stopped: done, StoodAt: dossier.Verifying, Reworks: 1, ReworkReason: "draft_errors", KeptReason: "not_by_owner",
	StoppedReason: "void", StoppedBasis: "nd-118-2025.21", Extension: dossier.Extension{Proposed: done, Due: monday, Reason: "complex_case", Approved: done, Original: monday},
	Facts: []string{"disease_free_facility"}, Agencies: dossier.Agencies{Support: "u", Competent: "v", Since: monday},
	Components:  []dossier.CheckedComponent{{Code: "tp-1", Verdict: dossier.Insufficient, Reason: "missing", By: "o", At: monday}},
	Works:       []dossier.Work{{Number: 1, Kind: dossier.Inspection, Step: "s", Unit: "u", BegunAt: monday, At: monday, Due: monday, Inspected: 1, Stops: true, OutOfFlow: true, Finding: dossier.ToMend, FinishedAt: monday, Late: true}},
	Payments:    []dossier.Payment{{Number: 1, Stage: dossier.PayAtReturn, Amount: 1, RequestedAt: monday, Until: monday, PaidAt: monday, Method: "cash", Late: true, Cancelled: "exempt", Expired: true, Refunded: 1}},
	Transfers:   []dossier.Transfer{{Number: 1, From: "u", To: "v", Mode: dossier.Serial, Slip: "p", SentBy: "o", SentAt: monday, Due: monday, ReceivedBy: "o", ReceivedAt: monday, Late: true, Refused: "sent_in_error"}},
	Endorsed:    []dossier.Endorsement{{Level: 1, Outcome: dossier.Grant, By: "o", At: monday}},
	Delegations: []dossier.Delegation{{To: "o", Block: "kt", By: "p", Since: monday, Until: monday}},
	Papers:      []dossier.Paper{{Number: 1, Code: "c", Status: dossier.Revoked, IssuedAt: monday, ValidUntil: monday, RenewFrom: monday, Replaces: 1, EndedAt: monday, Reason: "holder_asked", Decision: "q"}},
	Mistakes:    []dossier.Mistake{{Number: 1, Paper: 1, Part: "ten", By: "authority", ReportedAt: monday, Due: monday, CorrectedAt: monday, Late: true}},
	Links:       []dossier.Link{{Other: "d", Kind: dossier.Follows}},
	Complaints:  []dossier.Complaint{{Number: 1, Other: "d", Kind: "lawsuit", OpenedAt: monday, Finding: dossier.Upheld, ClosedAt: monday}},
	Messages:    dossier.Messages{Count: 2, Notes: 1, Open: []dossier.Message{{Number: 1, Topic: "question", By: "o", SentAt: monday, AnswerBy: monday}}, Last: done},
	Delivery:    dossier.Delivery{Way: dossier.Post, Status: dossier.DeliveryFailed, Sent: done, Tries: 1, Reason: "lost"},
	Apology:     dossier.Apology{Count: 1, Sent: done, Promised: monday}, Rating: dossier.Rating{Done: done, Overall: "good"}, Adjusted: done, Urged: done, Urges: 1,
	Undone: dossier.Undone{Act: "accept", By: "o", Reason: "wrong_content", Version: 3}, Silence: true, Disposed: done, DisposalDecision: "q",
	Files:     []dossier.File{{File: "f-1", Component: "tp-1", Media: "pdf", Size: 1, By: "o", At: monday, Kind: dossier.Scan, SignedBy: []string{"o"}, SignedAt: monday}},
	Signature: dossier.Signature{Means: dossier.Digital, Block: "kt", For: "p", File: "f-1", SignedAt: monday, TimeBy: "stamped", Serial: "sn:3f"},
	Code:      "000.00.01.G15-250301-0001", Values: []dossier.Given{{Field: "application.head_count", Value: "3"}}, Entered: []string{"application.phone"}, Submitter: "ref-2", Mandate: 1,
	Corrected: []dossier.Correction{{To: "owner", Unit: "u", Withdraws: []string{"receipt"}}},
	Archived:  dossier.Archived{Agency: done, Historical: done, Register: "r", Late: true}, Announced: done, DisposalAfter: monday,
	Fired:       []dossier.Fired{{Timer: dossier.ProcessingTimer, Number: 1, Notice: "late", Share: 100, Due: monday, At: monday, Told: monday, Tells: "officer"}},
	CheckWithin: "10.calendar_day", Confidential: true, Sandbox: "sandbox.3", Portal: dossier.Portal{Code: 1, Outcome: "taken", At: monday, Error: "e", Failures: 1, Taken: 1, TakenAt: monday},
}

func TestTheFullStateHasEveryMemberFilled(t *testing.T) {
	all := reflect.ValueOf(full)
	for i := range all.NumField() {
		if all.Field(i).IsZero() {
			t.Errorf("%s is not: whoever reads the audit trail would not be asked for its words", all.Type().Field(i).Name)
		}
	}
}

var done = dossier.Act{By: "o", At: monday}

func fullSupplement(stage dossier.Stage) dossier.Supplement {
	return dossier.Supplement{Stage: stage, Items: []string{"tp-1"}, Reason: "missing", WindowDays: 15, RequestedAt: monday, Until: monday,
		Answered: []string{"tp-1"}, AnsweredAt: monday, Late: true, Accepted: done, Closed: true, Number: 1, Parts: []dossier.Part{{Code: "tp-1", Kind: "paper", Originals: 1}}}
}
