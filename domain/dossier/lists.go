package dossier

// The closed lists. A value outside its list never reaches the rules. Lists only grow: what an event once said stays sayable.

// Channel is the way in which papers travel between the applicant and the one-stop unit.
type Channel string

// The channels of Decree 118/2025, Article 14.
const (
	Online  Channel = "online"
	Counter Channel = "counter"
	Post    Channel = "post"
)

func (Channel) values() []string { return []string{"online", "counter", "post"} }

// Stage is where a supplement was asked for. Each stage has its own count.
type Stage string

// The stages: at the one-stop unit (Article 11.2c, 16.3), and during appraisal (Article 19.5).
const (
	AtReception Stage = "reception"
	AtAppraisal Stage = "appraisal"
)

func (Stage) values() []string { return []string{"reception", "appraisal"} }

// Proposal is what the case officer proposes and what the approver decides.
type Proposal string

// A dossier is granted or refused. A refusal after appraisal is a result (Article 19.3).
const (
	Grant  Proposal = "grant"
	Refuse Proposal = "refuse"
)

func (Proposal) values() []string { return []string{"grant", "refuse"} }

// Outcome is how a resolved dossier ended.
type Outcome string

// The outcomes. Unknown stands only on imported dossiers whose source does not say.
const (
	Granted Outcome = "granted"
	Refused Outcome = "refused"
	Unknown Outcome = "unknown"

	Published Outcome = "published" // a notification: nobody decides
)

func (Outcome) values() []string { return []string{"granted", "refused", "unknown", "published"} }

// RefusalReason is why a dossier is not received (form 03).
type RefusalReason string

func (RefusalReason) values() []string {
	return []string{"wrong_agency", "not_eligible", "incomplete", "invalid_papers", "duplicate", "supplement_expired"}
}

// SupplementExpired is the refusal of a dossier whose supplement window at reception is over.
const SupplementExpired RefusalReason = "supplement_expired"

// SupplementReason is what is wrong with the items asked for (form 02).
type SupplementReason string

func (SupplementReason) values() []string {
	return []string{"missing", "wrong_form", "illegible", "unsigned", "not_certified", "expired_paper", "inconsistent", "insufficient"}
}

// Verdict is what a consulted unit answers.
type Verdict string

// VerdictUnknown stands only on imported answers whose source does not say.
const VerdictUnknown Verdict = "unknown"

// Agreed is what silence may count as; NoAnswer closes a request that nobody answered in time.
const (
	Agreed   Verdict = "agreed"
	NoAnswer Verdict = "no_answer"
)

func (Verdict) values() []string {
	return []string{"agreed", "agreed_with_conditions", "objected", "no_opinion", "unknown", "no_answer"}
}

// Recipient is who takes the result.
type Recipient string

// Owner is whose dossier it is; anybody else needs a written authorisation.
const Owner Recipient = "owner"

func (Recipient) values() []string { return []string{"owner", "representative"} }

// StopReason is why the processing clock stands still.
type StopReason string

// The clock stands still until the complete supplement has arrived, for work and remediation where the procedure says so, and for a fee due
// during processing.
const (
	AwaitingSupplement  StopReason = "awaiting_supplement"
	AwaitingWork        StopReason = "awaiting_work"
	AwaitingRemediation StopReason = "awaiting_remediation"
	AwaitingPaymentStop StopReason = "awaiting_payment"
)

func (StopReason) values() []string {
	return []string{"awaiting_supplement", "awaiting_work", "awaiting_remediation", "awaiting_payment"}
}

// PartKind is what is asked of an item.
type PartKind string

func (PartKind) values() []string { return []string{"paper", "form_field", "explanation", "fee"} }

// DeadlineSource is where a due date comes from.
type DeadlineSource string

// ReworkReason is why a proposal goes back to the case officer.
type ReworkReason string

func (ReworkReason) values() []string {
	return []string{"incomplete_appraisal", "wrong_basis", "draft_errors", "opinion_needed"}
}

// ExtensionReason is why a result will be late (form 04).
type ExtensionReason string

func (ExtensionReason) values() []string {
	return []string{"awaiting_laboratory", "awaiting_opinion", "awaiting_inspection", "complex_case", "system_outage", "force_majeure"}
}

// WithdrawalRefusal is why a withdrawal is not accepted.
type WithdrawalRefusal string

func (WithdrawalRefusal) values() []string {
	return []string{"result_issued", "applicant_changed_mind", "not_by_owner"}
}

// StoppedReason is why a dossier ended without a result. The national code 8 does not tell; this does.
type StoppedReason string

// The reasons that follow from another act; the others are given when a dossier is stopped.
const (
	ApplicantWithdrew StoppedReason = "applicant_withdrew"
	WindowExpired     StoppedReason = "supplement_expired"
	PaymentExpired    StoppedReason = "payment_expired"
)

func (StoppedReason) values() []string {
	return []string{"applicant_withdrew", "supplement_expired", "legal_impediment", "void", "payment_expired"}
}

// An imported due date is taken over as it stood in the source and never computed again; a computed one explains itself.
const (
	ImportedDeadline DeadlineSource = "imported"
	ComputedDeadline DeadlineSource = "computed"
	ExtendedDeadline DeadlineSource = "extended" // by decision, once
)

func (DeadlineSource) values() []string { return []string{"imported", "computed", "extended"} }

// RecomputeReason is why a due date was counted again.
type RecomputeReason string

// A year that was missing is published, or the calendar's days or hours have changed.
const (
	CalendarPublished RecomputeReason = "calendar_published"
	CalendarChanged   RecomputeReason = "calendar_changed"
)

func (RecomputeReason) values() []string { return []string{"calendar_published", "calendar_changed"} }

// Irregular is why an imported event could not become the command its mapping names and was kept as a step.
type Irregular string

// AlreadyTrue marks an imported event that said nothing new.
const AlreadyTrue Irregular = "already_true"

func (Irregular) values() []string { return append(GuardCodes(), string(AlreadyTrue)) }

// LateReasons is why an act may be entered more than five minutes after it happened. It travels in the event's meta.
func LateReasons() []string {
	return []string{"counter_entry", "post_arrival", "field_work", "system_outage", "paper_record", "entry_correction"}
}
