package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/projections"

	"github.com/google/uuid"
)

// A complaint against a decision is a dossier of its own, under the procedure of its instance. It names the dossier that it contests, holds it
// back from disposal, and when it has ended says there what became of the decision.

// complaintOf is the procedure of an instance; a lawsuit is a court's.
var complaintOf = map[dossier.ComplaintKind]string{"complaint": procedure.FirstComplaint, "appeal": procedure.SecondComplaint}

var (
	openComplaintName  = dossier.Kebab(dossier.OpenComplaint{}.Name())
	closeComplaintName = dossier.Kebab(dossier.CloseComplaint{}.Name())
)

// endings are the commands that may end a complaint's own dossier.
var endings = namesOf(dossier.IssueResult{}, dossier.ResolveAtOnce{}, dossier.AcceptWithdrawal{}, dossier.StopDossier{}, dossier.ExpireSupplement{}, dossier.RefuseReception{})

// openComplaint opens the complaint's dossier, then notes it in the one that is contested. Each is an act under a key that follows from the one
// given, so what was cut short is completed by sending it again.
func (x *Executor) openComplaint(ctx context.Context, a domain.Actor, id uuid.UUID, e Envelope, c dossier.OpenComplaint) (Receipt, error) {
	which := complaintOf[c.Kind]
	contested, err := x.read(ctx, a, id)
	if err != nil {
		return Receipt{}, err
	}
	wish := dossier.SubmitDossier{Procedure: dossier.Code(which), Channel: dossier.Counter, Applicant: dossier.Ref(contested.Applicant), Unit: dossier.Code(contested.FiledAt)}
	if c.Complex {
		wish.Facts = []dossier.Code{"complex_case"}
	}
	if err := x.authorized(ctx, a, Act{Kind: Command, Name: dossier.Kebab(wish.Name()), Applicant: contested.Applicant}); err != nil {
		return Receipt{}, err
	}
	part := e.part("complaint", wish)
	part.group = []dossier.Link{{Other: id.String(), Kind: dossier.Contests}}
	own := eventstore.StreamIDFor(Kind, a.Account, part.Key)
	c.Other = dossier.Ref(own.String())
	if r, err := x.Try(ctx, a, id, e, c); err != nil || r.Repeated { // nothing is opened that could not be noted
		return r, err
	}
	if err := x.complaintPublished(ctx, which); err != nil {
		return Receipt{}, err
	}
	if _, err := x.Submit(ctx, a, part, wish); err != nil {
		return Receipt{}, fmt.Errorf("open the complaint's dossier: %w", err)
	}
	return x.do(ctx, a, id, openComplaintName, e, c)
}

// complaintPublished publishes the procedure of an instance when its first complaint comes, unless the authority has published one.
func (x *Executor) complaintPublished(ctx context.Context, id string) error {
	p, err := x.procedures.recent(ctx, id)
	if err != nil || p.Exists() {
		return err
	}
	file, _ := procedure.ComplaintFile(id)
	_, err = x.PublishProcedure(ctx, clockwork, file, Envelope{Key: "shipped-" + id})
	return err
}

// linkBack lets a complaint's dossier that was there before name the one that it contests, where there is one and its roles allow it.
func (x *Executor) linkBack(ctx context.Context, a domain.Actor, id uuid.UUID, e Envelope, c dossier.OpenComplaint) error {
	other, err := uuid.Parse(string(c.Other))
	wish := dossier.LinkDossier{Other: dossier.Ref(id.String()), Kind: dossier.Contests}
	if err != nil || other == id || May(a, Act{Kind: Command, Name: dossier.Kebab(wish.Name())}) != nil {
		return nil
	}
	if _, err = x.Facts(ctx, other); errors.Is(err, ErrNotFound) {
		return nil // a number of somebody else's
	} else if err != nil {
		return err
	}
	if _, err = x.do(ctx, a, other, dossier.Kebab(wish.Name()), e.part("contests", wish), wish); errors.Is(err, ErrNotFound) {
		return nil // of another agency
	}
	return err
}

// found is what a complaint's dossier that has ended says of the decision that it contests.
func found(s dossier.State) (dossier.ComplaintFinding, bool) {
	switch {
	case s.Status == dossier.Stopped && s.StoppedReason == dossier.ApplicantWithdrew:
		return "withdrawn", true
	case s.Status == dossier.Stopped, s.Status == dossier.ReceptionRefusedStatus:
		return dossier.Upheld, true
	case s.Status.Ended() && s.Outcome == dossier.Granted:
		return dossier.Overturned, true
	case s.Status.Ended() && s.Outcome == dossier.Refused:
		return dossier.Upheld, true
	}
	return "", false
}

// complaintDossier is the state of a complaint's own dossier, false where it is none of ours.
func (x *Executor) complaintDossier(ctx context.Context, contested uuid.UUID, other string) (dossier.State, bool, error) {
	id, err := uuid.Parse(other)
	if err != nil {
		return dossier.State{}, false, nil
	}
	facts, err := x.Facts(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return dossier.State{}, false, nil
	}
	s := dossier.Fold(facts)
	return s, err == nil && slices.Contains(s.Links, dossier.Link{Other: contested.String(), Kind: dossier.Contests}), err
}

// closable refuses to close a complaint otherwise than its own dossier has ended.
func (x *Executor) closable(ctx context.Context, id uuid.UUID, c dossier.CloseComplaint) error {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return err
	}
	s := dossier.Fold(facts)
	i := slices.IndexFunc(s.Complaints, func(o dossier.Complaint) bool { return o.Number == c.Number })
	if i < 0 {
		return nil
	}
	own, ours, err := x.complaintDossier(ctx, id, s.Complaints[i].Other)
	if err != nil || !ours {
		return err
	}
	finding, ended := found(own)
	switch {
	case !ended:
		return &domain.Refusal{Code: "complaint_not_decided", Field: "number", Basis: "Luật 02/2011, Điều 31 và 40",
			VI: "Chưa đóng được khiếu nại: hồ sơ khiếu nại còn đang giải quyết. Kết thúc hồ sơ đó, khiếu nại tự đóng theo kết quả của nó.",
			EN: "The complaint cannot be closed: its own dossier is still under way. Finish that one, and this closes by its outcome."}
	case finding != c.Finding:
		return &domain.Refusal{Code: "complaint_decided_otherwise", Field: "finding", Basis: "Luật 02/2011, Điều 31 và 40",
			VI: "Hồ sơ khiếu nại đã kết thúc với kết quả khác: “" + dossier.Label("complaint_finding", string(finding), "vi") + "”. Ghi đúng kết quả đó.",
			EN: "The complaint's dossier has ended otherwise: “" + dossier.Label("complaint_finding", string(finding), "en") + "”. Give that finding."}
	}
	return nil
}

// settle closes the complaints that a dossier bears whose own dossiers have ended, and says how many.
func (x *Executor) settle(ctx context.Context, contested uuid.UUID, s dossier.State) (closed int, err error) {
	for _, o := range s.Complaints {
		if !o.Open() {
			continue
		}
		own, ours, err := x.complaintDossier(ctx, contested, o.Other)
		if err != nil {
			return closed, err
		}
		finding, ended := found(own)
		if !ours || !ended {
			continue
		}
		wish := dossier.CloseComplaint{Number: o.Number, Finding: finding}
		r, err := x.do(ctx, clockwork, contested, closeComplaintName, Envelope{Key: fmt.Sprintf("complaint-%d-%s", o.Number, o.Other)}, wish)
		if err != nil {
			return closed, err
		}
		if !r.Repeated {
			closed += r.Events
		}
	}
	return closed, nil
}

// settled lets what a complaint's dossier contests know that it has ended. Whatever fails is done by the next sweep.
func (x *Executor) settled(ctx context.Context, id uuid.UUID) {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return
	}
	for _, l := range dossier.Fold(facts).Links {
		contested, err := uuid.Parse(l.Other)
		if l.Kind != dossier.Contests || err != nil {
			continue
		}
		if facts, err := x.Facts(ctx, contested); err == nil {
			_, _ = x.settle(ctx, contested, dossier.Fold(facts))
		}
	}
}

// Complaints passes over the dossiers that are contested: what has been settled is closed, and dates follow the calendar as it is now.
func (r *Recounter) Complaints(ctx context.Context, c calendar.Calendar) (changed int, err error) {
	for after := uuid.Nil; ; {
		rows, err := r.views.Contested(ctx, after, 200)
		if err != nil || len(rows) == 0 {
			return changed, err
		}
		for _, row := range rows {
			after = row.ID
			closed, err := r.executor.settle(ctx, row.ID, row.State)
			if changed += closed; err != nil {
				return changed, fmt.Errorf("close complaints of dossier %s: %w", row.ID, err)
			}
			done, err := r.recountComplaints(ctx, row, c)
			if changed += done; err != nil {
				return changed, fmt.Errorf("count complaints of dossier %s again: %w", row.ID, err)
			}
		}
	}
}

func (r *Recounter) recountComplaints(ctx context.Context, row projections.Row, c calendar.Calendar) (changed int, err error) {
	o, err := r.executor.organisation.Recent(ctx)
	if err != nil {
		return 0, err
	}
	agency, _ := o.AgencyOf(row.State.FiledAt, calendar.DateOf(r.executor.o.Now(), Zone()))
	if calendarFor(row.State, agency) != c.Code {
		return 0, nil
	}
	for _, number := range row.State.RecountsComplaints(c) {
		key := fmt.Sprintf("recount-complaint-%d-%s-%d-%d", number, c.Code, c.Version, row.State.Version)
		done, err := r.executor.Do(ctx, clockwork, row.ID, Envelope{Key: key}, dossier.RecountComplaint{Number: number})
		if err != nil {
			return changed, err
		}
		if !done.Repeated {
			changed += done.Events
		}
	}
	return changed, nil
}
