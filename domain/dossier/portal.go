package dossier

import "time"

// What the national portal was told of a dossier is a dimension of its own: the code that was sent, whether the portal took it, and the last one
// that it did take. It never moves the dossier, and the dossier never waits for it. (National Public Service Portal, codes 1 to 10.)

// PortalOutcome is how telling the portal went.
type PortalOutcome string

// The outcomes.
const (
	PortalPending  PortalOutcome = "pending"  // sent, no answer yet
	PortalAccepted PortalOutcome = "accepted" // the portal took it
	PortalFailed   PortalOutcome = "failed"   // it did not; it is sent again
)

func (PortalOutcome) values() []string { return []string{"pending", "accepted", "failed"} }

// RecordPortalStatus says what the national portal was told and how that went.
type RecordPortalStatus struct {
	Code    int           `json:"code" range:"1-10"` // of the ten national ones
	Outcome PortalOutcome `json:"outcome"`
	Error   Code          `json:"error,omitempty"` // the portal's own code of what went wrong
	Sync    Code          `json:"sync,omitempty"`  // the number of the exchange
}

// PortalStatusRecorded says what the national portal was told and how that went.
type PortalStatusRecorded struct {
	Code    int           `json:"code" range:"1-10"`
	Outcome PortalOutcome `json:"outcome"`
	Error   Code          `json:"error,omitempty"`
	Sync    Code          `json:"sync,omitempty"`
	Of
}

// Portal is what the national portal knows of a dossier.
type Portal struct {
	Code     int           `json:"code,omitempty"` // told last
	Outcome  PortalOutcome `json:"outcome,omitempty"`
	At       time.Time     `json:"at,omitzero"`
	Error    string        `json:"error,omitempty"`
	Failures int           `json:"failures,omitempty"` // since it last took one
	Taken    int           `json:"taken,omitempty"`    // the last code that it took
	TakenAt  time.Time     `json:"taken_at,omitzero"`
}

// PortalSync is how the portal's code stands to the dossier's.
type PortalSync string

// The states of synchronisation.
const (
	PortalNever   PortalSync = "never"   // it was told nothing yet
	PortalInSync  PortalSync = "in_sync" // it took the code that the dossier has
	PortalWaiting PortalSync = "waiting" // the code that the dossier has was sent, no answer yet
	PortalBehind  PortalSync = "behind"  // the dossier has another code by now
	PortalTrouble PortalSync = "failed"  // the last one was not taken
)

func (PortalSync) values() []string {
	return []string{"never", "in_sync", "waiting", "behind", "failed"}
}

// PortalSync says how what the portal knows stands to the dossier as it is.
func (s State) PortalSync() PortalSync {
	switch now := s.Status.National(); {
	case s.Portal.Outcome == "":
		return PortalNever
	case s.Portal.Outcome == PortalFailed:
		return PortalTrouble
	case s.Portal.Taken == now && s.Portal.Outcome == PortalAccepted, now == 0:
		return PortalInSync
	case s.Portal.Code == now:
		return PortalWaiting
	}
	return PortalBehind
}

func (c RecordPortalStatus) already(q question) bool {
	p := q.s.Portal
	return p.Code == c.Code && p.Outcome == c.Outcome && p.Outcome != PortalFailed && p.Error == string(c.Error)
}

func (c RecordPortalStatus) facts(q question) []Event {
	return []Event{PortalStatusRecorded{c.Code, c.Outcome, c.Error, c.Sync, q.of()}}
}

func (e PortalStatusRecorded) evolve(s State, act Act) State {
	p := &s.Portal
	p.Code, p.Outcome, p.At, p.Error = e.Code, e.Outcome, act.At, string(e.Error)
	switch e.Outcome {
	case PortalAccepted:
		p.Taken, p.TakenAt, p.Failures = e.Code, act.At, 0
	case PortalFailed:
		p.Failures++
	}
	return s
}

func (PortalStatusRecorded) beside() {}

func (RecordPortalStatus) Name() string { return "RecordPortalStatus" }
func (RecordPortalStatus) command()     {}

var portalGuards = []Guard{
	{Code: "portal_has_returned", On: []string{"RecordPortalStatus"}, Field: "code", Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return q.s.Portal.Taken == 10 && q.c.(RecordPortalStatus).Code != 10 },
		VI:     "Cổng quốc gia đã nhận mã 10 (đã trả kết quả) và không lùi lại từ đó. Gửi lại mã 10, hoặc báo đơn vị quản lý cổng.",
		EN:     "The national portal has taken code 10 (returned) and never goes back from it. Send 10 again, or ask who runs the portal."},
	{Code: "error_without_failure", On: []string{"RecordPortalStatus"}, Field: "error",
		broken: func(q question) bool {
			c := q.c.(RecordPortalStatus)
			return c.Error != "" && c.Outcome != PortalFailed
		},
		VI: "Mã lỗi chỉ đi với kết quả “failed”. Bỏ mã lỗi, hoặc ghi kết quả là failed.",
		EN: "An error goes with the outcome failed only. Leave it out, or say failed."},
}
