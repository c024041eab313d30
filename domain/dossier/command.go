package dossier

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// A Command is a wish. The set is closed; Decide answers each with facts, with nothing (it is already so) or with a refusal.
//
// The json tags are the schema: a field without omitempty or omitzero is required, and its type says what it accepts.
type Command interface {
	Name() string // the imperative: "RequestSupplement"
	command()
}

// SubmitDossier opens a dossier, online by the applicant or by an officer for papers brought to the counter or sent by post.
type SubmitDossier struct {
	Procedure    Code     `json:"procedure"`
	Channel      Channel  `json:"channel"`
	Applicant    Ref      `json:"applicant"`
	Unit         Code     `json:"unit,omitempty"`          // the receiving one-stop unit
	ExternalCode External `json:"external_code,omitempty"` // imports only
	Support      Code     `json:"support,omitempty"`       // the support point that helped to file it
	Facts        []Code   `json:"facts,omitempty"`         // conditions of the procedure that hold
	Values       []Given  `json:"values,omitempty"`        // of fields that are not personal
	Entries      []Entry  `json:"entries,omitempty"`       // of fields that are personal, or take words
	Submitter    Ref      `json:"submitter,omitempty"`     // who files it for the applicant
	Mandate      int      `json:"mandate,omitempty"`       // of the applicant's, under which that is done; found by itself
}

// AcceptDossier receives a complete dossier and starts the processing clock. What was filed of its facts may be put right.
type AcceptDossier struct {
	Facts  []Code `json:"facts,omitempty"`  // conditions that hold too: "disease_free_facility"
	Denied []Code `json:"denied,omitempty"` // conditions that do not hold
}

// RefuseReception does not receive the dossier (form 03).
type RefuseReception struct {
	Reason RefusalReason `json:"reason"`
	Basis  Code          `json:"basis"` // "nd-118-2025.17.1"
	Text   Text          `json:"text,omitzero"`
}

// RequestSupplement asks the applicant for what is missing (form 02). The stage follows from the state.
type RequestSupplement struct {
	Items      []Code           `json:"items"`
	Reason     SupplementReason `json:"reason"`
	WindowDays int              `json:"window_days,omitempty" range:"1-365"` // calendar days; 0 takes the procedure's, else 15
	Parts      []Part           `json:"parts,omitempty"`                     // what is asked of each item, where more than its name is to be said
	Text       Text             `json:"text,omitzero"`
}

// Part says what is asked of one item: its kind, and how many originals, certified and plain copies (form 02).
type Part struct {
	Code      Code             `json:"code"` // of the items
	Kind      PartKind         `json:"kind"`
	Reason    SupplementReason `json:"reason,omitempty"`
	Originals int              `json:"originals,omitempty" range:"1-99"`
	Certified int              `json:"certified,omitempty" range:"1-99"`
	Copies    int              `json:"copies,omitempty" range:"1-99"`
}

// SubmitSupplement answers the open request; without items it answers all of them.
type SubmitSupplement struct {
	Items   []Code  `json:"items,omitempty"`
	Facts   []Code  `json:"facts,omitempty"`
	Denied  []Code  `json:"denied,omitempty"`
	Values  []Given `json:"values,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
}

// AcceptSupplement finds the answer complete and lets the limit start again.
type AcceptSupplement struct{}

// ExpireSupplement confirms that the window has passed without a complete answer: a dossier at reception is not received, one in
// appraisal is stopped.
type ExpireSupplement struct{}

// ForwardDossier hands the dossier to the unit that resolves it.
type ForwardDossier struct {
	Unit Code `json:"unit"`
}

// AssignOfficer names who handles the dossier, or names another.
type AssignOfficer struct {
	Officer Code `json:"officer"` // an account
}

// StartAppraisal begins the check of substance.
type StartAppraisal struct{}

// RequestOpinion asks another unit, with a time by which to answer.
type RequestOpinion struct {
	Unit    Code      `json:"unit"`
	Subject Code      `json:"subject,omitempty"` // tells two questions to one unit apart
	Due     time.Time `json:"due,omitzero"`      // required unless imported
}

// RecordOpinion takes the answer to the request of that number.
type RecordOpinion struct {
	Number  int     `json:"number" range:"1-999"`
	Verdict Verdict `json:"verdict"`
	Text    Text    `json:"text,omitzero"`
}

// SubmitForApproval lays the appraised dossier before the approver.
type SubmitForApproval struct {
	Proposal Proposal `json:"proposal"`
	Text     Text     `json:"text,omitzero"` // the appraisal note
}

// Approve decides.
type Approve struct {
	Outcome Proposal `json:"outcome"`
}

// ReturnForRework gives the dossier back to the case officer. The clock goes on.
type ReturnForRework struct {
	Reason ReworkReason `json:"reason"`
	Text   Text         `json:"text,omitzero"`
}

// ProposeExtension asks for a later due date, once, with the reason that the apology will give (form 04).
type ProposeExtension struct {
	Due    time.Time       `json:"due"`
	Reason ExtensionReason `json:"reason"`
	Text   Text            `json:"text,omitzero"`
}

// ApproveExtension grants the extension that was proposed.
type ApproveExtension struct{}

// RequestWithdrawal asks to stop, at the applicant's wish, until the result is issued. The clock stands still meanwhile.
type RequestWithdrawal struct {
	Text Text `json:"text,omitzero"`
}

// AcceptWithdrawal stops the dossier at the applicant's wish.
type AcceptWithdrawal struct{}

// RejectWithdrawal goes on where the dossier stood.
type RejectWithdrawal struct {
	Reason WithdrawalRefusal `json:"reason"`
	Text   Text              `json:"text,omitzero"`
}

// StopDossier ends a dossier for a legal impediment, or because it has become void (form 05).
type StopDossier struct {
	Reason StoppedReason `json:"reason"`
	Basis  Code          `json:"basis"`
	Text   Text          `json:"text,omitzero"`
}

// IssueResult issues the signed and numbered result.
type IssueResult struct{}

// ReturnResult hands the result over.
type ReturnResult struct {
	Way Channel   `json:"way"`
	To  Recipient `json:"to,omitempty"` // without it: the owner
}

// RecordStep notes a piece of work inside the dossier. It moves nothing. Imports keep everything as steps that is no command.
type RecordStep struct {
	Code      Code      `json:"code"`
	Unit      Code      `json:"unit,omitempty"`
	Officer   Code      `json:"officer,omitempty"`
	Activity  Code      `json:"activity,omitempty"` // as the source named it, imports only; so are the next three
	Resource  Code      `json:"resource,omitempty"`
	Group     Code      `json:"group,omitempty"`
	Case      Code      `json:"case,omitempty"`
	Irregular Irregular `json:"irregular,omitempty"` // imports only
}

// RecordDeadline takes over the due date of an imported dossier as it stood in the source.
type RecordDeadline struct {
	Due time.Time `json:"due"`
}

// RecomputeDeadline counts the running limit again over the calendar as it is now. Where the date stays, nothing happens.
type RecomputeDeadline struct{}

// RecordOutcome takes over the end of an imported dossier.
type RecordOutcome struct {
	Outcome Outcome `json:"outcome,omitempty"` // without it: unknown
}

// commands lists every command once, in the order of a dossier's way.
var commands = []Command{
	SubmitDossier{}, CheckComponent{}, AttachFile{}, SignFile{}, AcceptDossier{}, RefuseReception{}, RequestSupplement{}, SubmitSupplement{}, AcceptSupplement{}, ExpireSupplement{},
	AdjustSubmission{}, TransferDossier{}, ReceiveTransfer{}, RefuseTransfer{}, ForwardDossier{}, AssignOfficer{}, StartAppraisal{},
	RequestOpinion{}, RecordOpinion{}, BeginWork{}, FinishWork{}, ReportRemediation{}, RequestPayment{}, ConfirmPayment{}, CancelPayment{},
	RefundPayment{}, ExpirePayment{}, SubmitForApproval{}, ReturnForRework{}, Endorse{}, DelegateDecision{}, Approve{}, DecideBySilence{},
	SignResult{}, NumberResult{}, IssueResult{}, PublishNotification{}, ResolveAtOnce{}, ChooseDelivery{}, SendResult{}, FailDelivery{}, ReturnResult{},
	ProposeExtension{}, ApproveExtension{}, ApologiseForDelay{}, UrgeUnit{}, RequestWithdrawal{}, AcceptWithdrawal{}, RejectWithdrawal{}, StopDossier{}, MoveToVersion{},
	UndoAct{}, ReportError{}, CorrectResult{}, ReplaceResult{}, RevokeResult{}, RateService{}, LinkDossier{}, OpenComplaint{}, CloseComplaint{}, RecountComplaint{},
	SendMessage{}, AnswerMessage{}, AddNote{}, HandOverRecord{}, AnnounceDisposal{}, DisposeRecord{}, RecordStep{}, RecomputeDeadline{}, FireTimer{}, RecordPortalStatus{}, RecordDeadline{}, RecordOutcome{},
}

// Commands lists every command once, in the order of a dossier's way.
func Commands() []Command { return slices.Clone(commands) }

// CommandNames lists the kebab-case names, in the order of a dossier's way.
func CommandNames() []string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = Kebab(c.Name())
	}
	return names
}

// Kebab is the name of a command in paths and on the command line: its words without the thing it is always about.
// "AcceptDossier" is "accept", "SignResult" is "sign", "RequestSupplement" is "request-supplement".
func Kebab(name string) string {
	for _, thing := range []string{"Dossier", "Result"} {
		name = strings.TrimSuffix(name, thing)
	}
	return kebab(name)
}

func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// The names, as the law of moves in table.go writes them.

func (SubmitDossier) Name() string     { return "SubmitDossier" }
func (AcceptDossier) Name() string     { return "AcceptDossier" }
func (RefuseReception) Name() string   { return "RefuseReception" }
func (RequestSupplement) Name() string { return "RequestSupplement" }
func (SubmitSupplement) Name() string  { return "SubmitSupplement" }
func (AcceptSupplement) Name() string  { return "AcceptSupplement" }
func (ForwardDossier) Name() string    { return "ForwardDossier" }
func (AssignOfficer) Name() string     { return "AssignOfficer" }
func (StartAppraisal) Name() string    { return "StartAppraisal" }
func (RequestOpinion) Name() string    { return "RequestOpinion" }
func (RecordOpinion) Name() string     { return "RecordOpinion" }
func (SubmitForApproval) Name() string { return "SubmitForApproval" }
func (Approve) Name() string           { return "Approve" }
func (SignResult) Name() string        { return "SignResult" }
func (IssueResult) Name() string       { return "IssueResult" }
func (ReturnResult) Name() string      { return "ReturnResult" }
func (ExpireSupplement) Name() string  { return "ExpireSupplement" }
func (ReturnForRework) Name() string   { return "ReturnForRework" }
func (ProposeExtension) Name() string  { return "ProposeExtension" }
func (ApproveExtension) Name() string  { return "ApproveExtension" }
func (RequestWithdrawal) Name() string { return "RequestWithdrawal" }
func (AcceptWithdrawal) Name() string  { return "AcceptWithdrawal" }
func (RejectWithdrawal) Name() string  { return "RejectWithdrawal" }
func (StopDossier) Name() string       { return "StopDossier" }
func (RecordStep) Name() string        { return "RecordStep" }
func (RecomputeDeadline) Name() string { return "RecomputeDeadline" }
func (RecordDeadline) Name() string    { return "RecordDeadline" }
func (RecordOutcome) Name() string     { return "RecordOutcome" }

func (SubmitDossier) command()     {}
func (AcceptDossier) command()     {}
func (RefuseReception) command()   {}
func (RequestSupplement) command() {}
func (SubmitSupplement) command()  {}
func (AcceptSupplement) command()  {}
func (ForwardDossier) command()    {}
func (AssignOfficer) command()     {}
func (StartAppraisal) command()    {}
func (RequestOpinion) command()    {}
func (RecordOpinion) command()     {}
func (SubmitForApproval) command() {}
func (Approve) command()           {}
func (SignResult) command()        {}
func (IssueResult) command()       {}
func (ReturnResult) command()      {}
func (ExpireSupplement) command()  {}
func (ReturnForRework) command()   {}
func (ProposeExtension) command()  {}
func (ApproveExtension) command()  {}
func (RequestWithdrawal) command() {}
func (AcceptWithdrawal) command()  {}
func (RejectWithdrawal) command()  {}
func (StopDossier) command()       {}
func (RecordStep) command()        {}
func (RecomputeDeadline) command() {}
func (RecordDeadline) command()    {}
func (RecordOutcome) command()     {}
