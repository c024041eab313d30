package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// waiting is where dossiers stand today, whatever the dice say: something lies on each desk.
var waiting = []dossier.Status{
	dossier.Submitted, dossier.Submitted, dossier.Submitted, dossier.SupplementAtReception, dossier.Accepted, dossier.Forwarded,
	dossier.Forwarded, dossier.Assigned, dossier.Appraising, dossier.Appraising, dossier.Verifying,
	dossier.SupplementRequestedStatus, dossier.WithdrawalRequestedStatus, dossier.PendingApproval, dossier.PendingApproval, dossier.Approved, dossier.Resolved,
	dossier.Resolved, dossier.AwaitingPayment,
}

// plot invents n stories: most are spread over the months, some stand on today's desks.
func plot(now time.Time, n int) ([]story, error) {
	wanted := demand()
	if len(wanted) == 0 {
		return nil, fmt.Errorf("plot demo: no procedure is open for filing")
	}
	today := min(len(waiting), n/4)
	begin := now.AddDate(0, -months, 0)
	r := rand.New(rand.NewPCG(seed, 0))
	stories := make([]story, 0, n)
	for i := range n - today {
		x := r.Float64()
		at := 1 - (1-x)*(1-x)*0.4 - (1-x)*0.6 // a little more each month
		day := begin.Add(time.Duration(at * float64(now.Sub(begin))))
		stories = append(stories, tell(i+1, seed, day, 0.35+0.4*at, wanted))
	}
	for i := range today {
		s, err := standing(now, n-today+i+1, waiting[i], wanted)
		if err != nil {
			return nil, err
		}
		stories = append(stories, s)
	}
	for i := range stories {
		stories[i].cut(now)
	}
	return slices.DeleteFunc(stories, func(s story) bool { return len(s.acts) == 0 }), nil
}

// standing looks for a story that has just come to a state: other dice until it passes there, later days until it is there now.
func standing(now time.Time, i int, want dossier.Status, wanted []procedure.Version) (story, error) {
	for dice := uint64(seed); dice < seed+1000; dice++ {
		for ago := range 45 {
			s := tell(i, dice, now.AddDate(0, 0, -ago), 0.7, wanted)
			at, err := s.reaches(want)
			if err != nil {
				return s, err
			}
			if at < 0 {
				break
			}
			if s.acts = s.acts[:at+1]; !s.acts[at].entered.After(now) {
				return s, nil
			}
		}
	}
	return story{}, fmt.Errorf("plot demo: no story leads to %s", want)
}

// cut leaves away what has not happened yet.
func (s *story) cut(now time.Time) {
	for i, a := range s.acts {
		if a.entered.After(now) {
			s.acts = s.acts[:i]
			return
		}
	}
}

// reaches is the last act after which the dossier is in that state, -1 if none is. It asks the domain, so each story is lawful
// before it is told.
func (s *story) reaches(want dossier.Status) (int, error) {
	found := -1
	var state dossier.State
	for i, a := range s.acts {
		events, err := dossier.Decide(state, a.command, dossier.Context{
			Now: a.entered, OccurredAt: a.at(), Actor: a.by, Origin: domain.Demo, LateReason: a.late, Procedure: &s.procedure, Calendar: &vietnam,
		})
		if err != nil {
			return -1, fmt.Errorf("plot demo: dossier %d, act %d %s: %w", s.number, i+1, a.command.Name(), err)
		}
		for _, e := range events {
			state = dossier.Evolve(state, dossier.Fact{
				Version: state.Version + 1, Event: e, OccurredAt: a.at(), RecordedAt: a.entered,
				Meta: domain.Meta{Actor: a.by.Account, ActorRole: a.by.Role, ActorUnit: a.by.Unit, Origin: domain.Demo},
			})
		}
		if state.Status == want {
			found = i
		}
	}
	return found, nil
}

func (a act) at() time.Time {
	if a.happened.IsZero() {
		return a.entered
	}
	return a.happened
}
