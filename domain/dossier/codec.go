package dossier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"dossier/domain"
)

// kind is one stored kind of event: its newest version and the Go type that holds it.
type kind struct {
	version int
	event   Event
}

// kinds is the one map of stored names. A name never changes and never goes; a change that old data do not fit raises the
// version and adds an upcaster.
var kinds = map[string]kind{
	"dossier.submitted":                 {2, DossierSubmitted{}},
	"dossier.accepted":                  {1, DossierAccepted{}},
	"dossier.reception-refused":         {1, ReceptionRefused{}},
	"dossier.supplement-requested":      {1, SupplementRequested{}},
	"dossier.supplement-submitted":      {1, SupplementSubmitted{}},
	"dossier.supplement-accepted":       {1, SupplementAccepted{}},
	"dossier.clock-stopped":             {1, ClockStopped{}},
	"dossier.clock-restarted":           {1, ClockRestarted{}},
	"dossier.supplement-window-expired": {1, SupplementWindowExpired{}},
	"dossier.returned-for-rework":       {1, ReturnedForRework{}},
	"dossier.extension-proposed":        {1, ExtensionProposed{}},
	"dossier.deadline-extended":         {1, DeadlineExtended{}},
	"dossier.withdrawal-requested":      {1, WithdrawalRequested{}},
	"dossier.withdrawal-rejected":       {1, WithdrawalRejected{}},
	"dossier.stopped":                   {1, DossierStopped{}},
	"dossier.forwarded":                 {1, DossierForwarded{}},
	"dossier.officer-assigned":          {1, OfficerAssigned{}},
	"dossier.appraisal-started":         {1, AppraisalStarted{}},
	"dossier.opinion-requested":         {1, OpinionRequested{}},
	"dossier.opinion-received":          {1, OpinionReceived{}},
	"dossier.submitted-for-approval":    {1, SubmittedForApproval{}},
	"dossier.decision-approved":         {1, DecisionApproved{}},
	"dossier.result-signed":             {2, ResultSigned{}},
	"dossier.result-numbered":           {1, ResultNumbered{}},
	"dossier.result-issued":             {1, ResultIssued{}},
	"dossier.result-returned":           {1, ResultReturned{}},
	"dossier.step-recorded":             {1, StepRecorded{}},
	"dossier.deadline-recorded":         {1, DeadlineRecorded{}},
	"dossier.deadline-recomputed":       {1, DeadlineRecomputed{}},
	"dossier.outcome-recorded":          {1, OutcomeRecorded{}},
	"dossier.component-checked":         {1, ComponentChecked{}},
	"dossier.submission-adjusted":       {1, SubmissionAdjusted{}},
	"dossier.transferred":               {1, DossierTransferred{}},
	"dossier.transfer-received":         {1, TransferReceived{}},
	"dossier.transfer-refused":          {1, TransferRefused{}},
	"dossier.work-begun":                {1, WorkBegun{}},
	"dossier.work-finished":             {1, WorkFinished{}},
	"dossier.remediation-reported":      {1, RemediationReported{}},
	"dossier.clock-resumed":             {1, ClockResumed{}},
	"dossier.payment-requested":         {1, PaymentRequested{}},
	"dossier.payment-confirmed":         {1, PaymentConfirmed{}},
	"dossier.payment-cancelled":         {1, PaymentCancelled{}},
	"dossier.payment-refunded":          {1, PaymentRefunded{}},
	"dossier.payment-window-expired":    {1, PaymentWindowExpired{}},
	"dossier.proposal-endorsed":         {1, ProposalEndorsed{}},
	"dossier.decision-delegated":        {1, DecisionDelegated{}},
	"dossier.notification-published":    {1, NotificationPublished{}},
	"dossier.delivery-way-chosen":       {1, DeliveryWayChosen{}},
	"dossier.result-sent":               {1, ResultSent{}},
	"dossier.delivery-has-failed":       {1, DeliveryHasFailed{}},
	"dossier.paper-registered":          {1, PaperRegistered{}},
	"dossier.error-reported":            {1, ErrorReported{}},
	"dossier.result-corrected":          {1, ResultCorrected{}},
	"dossier.result-replaced":           {1, ResultReplaced{}},
	"dossier.result-revoked":            {1, ResultRevoked{}},
	"dossier.apology-sent":              {1, ApologySent{}},
	"dossier.unit-urged":                {1, UnitUrged{}},
	"dossier.service-rated":             {1, ServiceRated{}},
	"dossier.linked":                    {1, DossierLinked{}},
	"dossier.complaint-opened":          {1, ComplaintOpened{}},
	"dossier.complaint-closed":          {1, ComplaintClosed{}},
	"dossier.complaint-recounted":       {1, ComplaintRecounted{}},
	"dossier.message-sent":              {1, MessageSent{}},
	"dossier.message-answered":          {1, MessageAnswered{}},
	"dossier.note-added":                {1, NoteAdded{}},
	"dossier.act-undone":                {1, ActUndone{}},
	"dossier.record-disposed":           {1, RecordDisposed{}},
	"dossier.record-handed-over":        {1, RecordHandedOver{}},
	"dossier.disposal-announced":        {1, DisposalAnnounced{}},
	"dossier.version-moved":             {1, VersionMoved{}},
	"dossier.file-attached":             {1, FileAttached{}},
	"dossier.file-signed":               {1, FileSigned{}},
	"dossier.timer-fired":               {1, TimerFired{}},
	"dossier.notice-corrected":          {1, NoticeCorrected{}},
	"dossier.portal-status-recorded":    {1, PortalStatusRecorded{}},
}

// names is kinds read backwards.
var names = func() map[reflect.Type]string {
	back := map[reflect.Type]string{}
	for name, k := range kinds {
		back[reflect.TypeOf(k.event)] = name
	}
	return back
}()

// TypeOf is the stored name of an event.
func TypeOf(e Event) string { return names[reflect.TypeOf(e)] }

// Encode returns the stored name, the newest version of it, and the stored data. An event that Decode would refuse is refused here.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	typ, known := names[reflect.TypeOf(e)]
	if !known {
		return "", 0, nil, fmt.Errorf("encode event: %T is no stored event", e)
	}
	if bad := check(e); bad != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %v", typ, bad)
	}
	if bad := wordless(reflect.ValueOf(e)); bad != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", typ, bad)
	}
	data, err = json.Marshal(e)
	if err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", typ, err)
	}
	return typ, kinds[typ].version, data, nil
}

// Decode is the inverse of Encode and reads every version ever written. It is strict: a journal that holds what it does not
// know was written by a newer program, and guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	k, known := kinds[typ]
	if !known {
		return nil, fmt.Errorf("decode %s: unknown event type", typ)
	}
	if version < 1 || version > k.version {
		return nil, fmt.Errorf("decode %s: unknown version %d, newest known is %d", typ, version, k.version)
	}
	data, err := upcast(typ, version, data)
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
	}
	v, bad := read(reflect.TypeOf(k.event), data)
	if bad != nil {
		return nil, fmt.Errorf("decode %s version %d: %v", typ, version, bad) // %v: a fault of ours, never the caller's invalid input
	}
	if err := wordless(v); err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", typ, version, err)
	}
	return v.Interface().(Event), nil
}

// wordless refuses an event that holds words where it may only point to them.
func wordless(event reflect.Value) error {
	for _, f := range schemas[event.Type()] {
		if f.shape != isObjects { // any other text of an event is read as a pointer
			continue
		}
		entries, _ := event.FieldByIndex(f.index).Interface().([]Entry)
		for _, e := range entries {
			if e.Text.words != "" {
				return fmt.Errorf("%s holds words: they belong into the vault", e.place())
			}
		}
	}
	return nil
}

// DecodeFact puts a stored event in its place.
func DecodeFact(position, version int64, typ string, typeVersion int, data, meta []byte, occurredAt, recordedAt time.Time) (Fact, error) {
	e, err := Decode(typ, typeVersion, data)
	if err != nil {
		return Fact{}, err
	}
	m, err := domain.DecodeMeta(meta)
	if err != nil {
		return Fact{}, err
	}
	return Fact{version, position, typ, e, instant(occurredAt), instant(recordedAt), m}, nil
}

// DecodeCommand reads the body of a command under its kebab-case name, strictly; no body is an empty object. What it does not
// understand is a *domain.Invalid.
func DecodeCommand(name string, body []byte) (Command, error) {
	for _, c := range commands {
		if Kebab(c.Name()) != name {
			continue
		}
		if len(bytes.TrimSpace(body)) == 0 {
			body = []byte("{}")
		}
		v, bad := read(reflect.TypeOf(c), body)
		if bad != nil {
			return nil, bad
		}
		for place, t := range texts(v) {
			if t.Ref != "" { // nobody points to a text that is another's
				return nil, wrongType(place, t)
			}
		}
		return v.Interface().(Command), nil
	}
	return nil, unknownCommand(strings.TrimSpace(name))
}
