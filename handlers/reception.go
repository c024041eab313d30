package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// Reception is one receipt: everything that was taken in together, each dossier with the limit and the date that are its own. It names
// no person.
type Reception struct {
	Code     *string         `json:"code" doc:"Of the dossier that leads."`
	Channel  dossier.Channel `json:"channel"`
	Unit     string          `json:"unit,omitempty" doc:"The receiving unit."`
	FiledAt  time.Time       `json:"filed_at"`
	AnswerBy *time.Time      `json:"answer_by,omitempty" doc:"By when the receiving unit says whether it accepts; while something waits for that."`
	Dossiers []TakenIn       `json:"dossiers" doc:"The one that leads first."`
}

// TakenIn is one dossier of a reception.
type TakenIn struct {
	ID          uuid.UUID      `json:"id"`
	Code        *string        `json:"code"`
	Lead        bool           `json:"lead"`
	Procedure   string         `json:"procedure"`
	Version     int            `json:"procedure_version"`
	NameVI      string         `json:"name_vi"`
	NameEN      string         `json:"name_en"`
	Status      dossier.Status `json:"status"`
	LimitVI     string         `json:"limit_vi,omitempty" doc:"Its own limit; one after the other."`
	LimitEN     string         `json:"limit_en,omitempty"`
	Due         *time.Time     `json:"due" doc:"Once it is accepted; null while it is not, or cannot be counted yet."`
	Accepted    *time.Time     `json:"accepted,omitempty"`
	Assumed     bool           `json:"assumed" doc:"The limit or a day of the way rests on no source."`
	Provisional bool           `json:"provisional"`

	State dossier.State `json:"-"`
}

// Reception returns the receipt of the reception to which a dossier belongs, whichever of its dossiers is asked for.
func (x *Executor) Reception(ctx context.Context, a domain.Actor, id uuid.UUID) (Reception, error) {
	lead, err := x.read(ctx, a, id)
	if err != nil {
		return Reception{}, err
	}
	if i := slices.IndexFunc(lead.Links, func(l dossier.Link) bool { return l.Kind == dossier.GroupLead }); i >= 0 {
		first, err := uuid.Parse(lead.Links[i].Other)
		if err != nil {
			return Reception{}, err
		}
		s, err := x.read(ctx, a, first)
		switch {
		case err == nil:
			id, lead = first, s
		case !errors.Is(err, ErrNotFound): // else it stayed with another agency: the receipt is of this one
			return Reception{}, err
		}
	}
	r := Reception{Code: Code(lead), Channel: lead.Channel, Unit: lead.FiledAt, FiledAt: lead.Submitted.At, Dossiers: []TakenIn{x.received(ctx, id, lead, true)}}
	for _, l := range lead.Links {
		member, err := uuid.Parse(l.Other)
		if err != nil || l.Kind != dossier.GroupMember {
			continue
		}
		s, err := x.read(ctx, a, member)
		if errors.Is(err, ErrNotFound) { // cut short, and completed by sending it again; or with another agency
			continue
		}
		if err != nil {
			return r, err
		}
		r.Dossiers = append(r.Dossiers, x.received(ctx, member, s, false))
	}
	for _, d := range r.Dossiers {
		by, err := x.countsBy(ctx, d.State)
		if err != nil {
			return r, err
		}
		for _, t := range dossier.Timers(d.State, by.calendar, dossier.Code(by.agency)) {
			if t.Kind == dossier.ReceptionTimer && !t.Due.IsZero() && (r.AnswerBy == nil || t.Due.After(*r.AnswerBy)) {
				r.AnswerBy = moment(t.Due)
			}
		}
	}
	return r, nil
}

// read is the newest state of a dossier that the actor may see.
func (x *Executor) read(ctx context.Context, a domain.Actor, id uuid.UUID) (dossier.State, error) {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return dossier.State{}, err
	}
	s := dossier.Fold(facts)
	return s, x.MayRead(ctx, a, s)
}

func (x *Executor) received(ctx context.Context, id uuid.UUID, s dossier.State, leads bool) TakenIn {
	r := TakenIn{
		ID: id, Code: Code(s), Lead: leads, Procedure: s.Procedure, Version: s.ProcedureVersion, NameVI: s.Procedure, NameEN: s.Procedure, Status: s.Status,
		Due: moment(s.Due), Accepted: moment(s.Accepted.At), Assumed: s.Clock.Term.Assumed, Provisional: s.Clock.Term.Provisional, State: s,
	}
	v, known := x.procedures.All(ctx).Version(s.Procedure, s.ProcedureVersion)
	if known {
		r.NameVI, r.NameEN = v.NameVI, cmp.Or(v.NameEN, v.NameVI)
		r.Assumed = r.Assumed || v.Assumed
	}
	var limits []calendar.Limit
	for _, code := range s.Clock.Term.Limits {
		if l, ok := calendar.ParseLimit(string(code)); ok {
			limits = append(limits, l)
		}
	}
	if len(limits) == 0 && known {
		limits = v.LimitsUnder(func(fact string) bool { return slices.Contains(s.Facts, fact) })
	}
	for i, l := range limits {
		if i > 0 {
			r.LimitVI, r.LimitEN = r.LimitVI+", rồi ", r.LimitEN+", then "
		}
		r.LimitVI, r.LimitEN = r.LimitVI+l.Text("vi"), r.LimitEN+l.Text("en")
	}
	return r
}
