package handlers

import (
	"context"
	"errors"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/person"

	"github.com/google/uuid"
)

// What a person may have done in its place and what it asks of its own data: the person itself says so, logged in, or the counter writes it
// down. None of it is in the vault: it names accounts, procedures and days.

// Standing is what stands of a person beside who it is.
type Standing struct {
	Ref      string                     `json:"ref"`
	Version  int64                      `json:"version"` // of what the vault holds; 0: it was never registered
	Mandates []person.Mandate           `json:"mandates"`
	Requests []person.Request           `json:"requests"`
	Erased   *person.PersonalDataErased `json:"erased,omitempty"`
}

// Standing returns it.
func (k *Persons) Standing(ctx context.Context, by Accessor, ref string) (s Standing, err error) {
	if !dossier.Ref(ref).Valid() {
		return s, badRef()
	}
	if err := k.x.authorized(ctx, by.Actor, ofOneself(by.Actor, ref, People)); err != nil {
		return s, k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readPerson, uuid.Nil, err)
	}
	if err := k.x.noPersons(ctx, by.Actor); err != nil {
		return s, k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readPerson, uuid.Nil, err)
	}
	return k.standing(ctx, ref)
}

func (k *Persons) standing(ctx context.Context, ref string) (Standing, error) {
	p, err := k.now(ctx, PersonStream(ref))
	return Standing{ref, p.Version, append([]person.Mandate{}, p.Mandates...), append([]person.Request{}, p.Requests...), p.Erased}, err
}

// ofOneself is what somebody does about a person: an applicant about itself alone.
func ofOneself(a domain.Actor, ref string, otherwise ActKind) Act {
	if a.Role == domain.Applicant {
		return Act{Kind: Oneself, Applicant: ref}
	}
	return Act{Kind: otherwise}
}

// Grant lets somebody act in a person's place.
func (k *Persons) Grant(ctx context.Context, by Accessor, ref string, m person.MandateGranted, e Envelope) (Standing, error) {
	return k.tell(ctx, by, ref, Enrol, grantMandate, e, func(p person.Person, _ time.Time) (person.Event, error) {
		m.Number = len(p.Mandates) + 1
		if by.Role == domain.Applicant {
			m.Evidence = person.Own
		}
		if m.From == 0 {
			m.From = calendar.DateOf(k.x.o.Now(), Zone())
		}
		return m, nil
	})
}

// EndMandate ends one from a day on, today where none is named.
func (k *Persons) EndMandate(ctx context.Context, by Accessor, ref string, m person.MandateEnded, e Envelope) (Standing, error) {
	if !m.Reason.Valid() {
		return Standing{}, badReason()
	}
	return k.tell(ctx, by, ref, Enrol, endMandate, e, func(p person.Person, _ time.Time) (person.Event, error) {
		if m.From == 0 {
			m.From = calendar.DateOf(k.x.o.Now(), Zone())
		}
		return m, nil
	})
}

// Ask receives what a person asks of its own data and starts its clock.
func (k *Persons) Ask(ctx context.Context, by Accessor, ref string, wish person.Wish, e Envelope) (Standing, error) {
	return k.tell(ctx, by, ref, Enrol, askPerson, e, func(p person.Person, now time.Time) (person.Event, error) {
		answer, err := k.due(ctx, now, calendar.Limit{Value: 2, Unit: calendar.WorkingDays})
		if err != nil {
			return nil, err
		}
		done, err := k.due(ctx, now, calendar.Limit{Value: 15, Unit: calendar.CalendarDays})
		said := wish == person.Restriction || wish == person.Objection || wish == person.WithdrawConsent
		return person.RequestReceived{Number: len(p.Requests) + 1, Wish: wish, AnswerBy: answer, DoneBy: done, Assumed: !said}, err
	})
}

// Answer tells a person what is done, or on what ground it is not.
func (k *Persons) Answer(ctx context.Context, by Accessor, ref string, a person.RequestAnswered, e Envelope) (Standing, error) {
	return k.tell(ctx, by, ref, Erase, answerPerson, e, func(p person.Person, now time.Time) (person.Event, error) {
		a.Late = requestOf(p, a.Number).AnswerBy.Before(now)
		return a, nil
	})
}

// Extend moves the time by which a request is done, by fifteen days.
func (k *Persons) Extend(ctx context.Context, by Accessor, ref string, x person.RequestExtended, e Envelope) (Standing, error) {
	if !x.Reason.Valid() {
		return Standing{}, badReason()
	}
	return k.tell(ctx, by, ref, Erase, extendRequest, e, func(p person.Person, _ time.Time) (_ person.Event, err error) {
		x.DoneBy, err = k.due(ctx, requestOf(p, x.Number).DoneBy, calendar.Limit{Value: 15, Unit: calendar.CalendarDays})
		return x, err
	})
}

// Finish ends a request that was granted.
func (k *Persons) Finish(ctx context.Context, by Accessor, ref string, number int, e Envelope) (Standing, error) {
	return k.tell(ctx, by, ref, Erase, finishRequest, e, func(p person.Person, now time.Time) (person.Event, error) {
		return person.RequestDone{Number: number, Late: requestOf(p, number).DoneBy.Before(now)}, nil
	})
}

func requestOf(p person.Person, number int) (r person.Request) {
	if number >= 1 && number <= len(p.Requests) {
		return p.Requests[number-1]
	}
	return r
}

// due is the end of a limit that runs from a moment, by the authority's calendar.
func (k *Persons) due(ctx context.Context, from time.Time, l calendar.Limit) (time.Time, error) {
	c, err := k.x.calendars.recent(ctx, StandardCalendar)
	return c.Count("", from, l, calendar.WholeDays).Due, err
}

// tell appends one fact to a person's history that concerns nothing in the vault.
func (k *Persons) tell(ctx context.Context, by Accessor, ref string, act ActKind, name string, e Envelope, plan func(person.Person, time.Time) (person.Event, error)) (Standing, error) {
	if !dossier.Ref(ref).Valid() {
		return Standing{}, badRef()
	}
	asks := Act{Kind: act}
	if act == Enrol { // what is decided about a person is not for that person to decide
		asks = ofOneself(by.Actor, ref, act)
	}
	err := k.append(ctx, by, ref, asks, name, e, func(p person.Person) (person.Event, func() error, error) {
		event, err := plan(p, k.x.o.Now().UTC())
		return event, nil, err
	})
	if err != nil {
		return Standing{}, err
	}
	return k.standing(ctx, ref)
}

// mandate is the one under which somebody acts for an owner at a moment; a *domain.Refusal where there is none.
func (x *Executor) mandate(ctx context.Context, owner, to, procedure string, at time.Time) (person.Mandate, error) {
	events, err := x.journal.Stream(ctx, PersonStream(owner), 0)
	if err != nil {
		return person.Mandate{}, err
	}
	p, err := foldPerson(events)
	if err != nil {
		return person.Mandate{}, err
	}
	return p.Mandated(to, procedure, calendar.DateOf(at, Zone()))
}

// AuthorizeOn is Authorize for an act on one dossier: the applicant's own, or under a mandate that it gave. It is where every reading of a
// dossier and every command on one is let pass. The state is the newest: who may see what was goes by what is.
func (x *Executor) AuthorizeOn(ctx context.Context, a domain.Actor, act Act, s dossier.State) error {
	act.Applicant = s.Applicant
	err := Authorize(a, act)
	if err == nil {
		err = x.sees(ctx, a, &s)
	}
	if err == nil || a.Role != domain.Applicant || s.Applicant == "" || May(a, act) != nil {
		return err
	}
	_, none := x.mandate(ctx, s.Applicant, a.Account, s.Procedure, x.o.Now())
	if missing(none) {
		return err
	}
	return none
}

// MayRead says whether somebody may read a dossier, by its newest state: the staff of its agencies, its applicant, and who has a mandate of
// the applicant's.
func (x *Executor) MayRead(ctx context.Context, a domain.Actor, s dossier.State) error {
	return x.AuthorizeOn(ctx, a, Act{Kind: Read}, s)
}

// admitsReading is MayRead of somebody whom the organisation admits.
func (x *Executor) admitsReading(ctx context.Context, a domain.Actor, s dossier.State) error {
	if err := x.MayRead(ctx, a, s); err != nil {
		return err
	}
	return x.Admits(ctx, a)
}

// missing says whether somebody never had a mandate; who had one is told that it has ended.
func missing(err error) bool {
	var refusal *domain.Refusal
	return errors.As(err, &refusal) && refusal.Code == person.MandateMissing
}

// submitted says who files a dossier for its owner, and under which mandate: an applicant for another one, or somebody else at the counter.
func (x *Executor) submitted(ctx context.Context, a domain.Actor, c dossier.SubmitDossier, at time.Time) (dossier.SubmitDossier, error) {
	act := Act{Kind: Command, Name: dossier.Kebab(c.Name()), Applicant: string(c.Applicant)}
	theirs := a.Role == domain.Applicant && a.Account != string(c.Applicant)
	if theirs {
		c.Submitter, act.Applicant = dossier.Ref(a.Account), a.Account
	}
	if err := x.authorized(ctx, a, act); err != nil {
		return c, err
	}
	if c.Submitter == c.Applicant {
		c.Submitter = ""
	}
	if c.Mandate = 0; c.Submitter == "" {
		return c, nil
	}
	m, err := x.mandate(ctx, string(c.Applicant), string(c.Submitter), string(c.Procedure), at)
	if theirs && missing(err) {
		return c, notTheirs()
	}
	c.Mandate = m.Number
	return c, err
}
