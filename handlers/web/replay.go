package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// askedForm is the replay form as it was filled in: a version, or moments on the two axes of time.
type askedForm struct {
	Version     int64
	At, KnownAt string
	at, knownAt *handlers.Moment
}

func readAsked(q url.Values, z *time.Location) (handlers.Asked, askedForm, error) {
	f := askedForm{At: strings.TrimSpace(q.Get("at")), KnownAt: strings.TrimSpace(q.Get("known_at"))}
	var err error
	if f.at, err = readMoment("at", f.At, z); err != nil {
		return handlers.Asked{}, f, err
	}
	if f.knownAt, err = readMoment("known_at", f.KnownAt, z); err != nil {
		return handlers.Asked{}, f, err
	}
	if text := strings.TrimSpace(q.Get("version")); text != "" && f.at == nil && f.knownAt == nil {
		if f.Version, err = strconv.ParseInt(text, 10, 64); err != nil || f.Version < 1 {
			return handlers.Asked{}, f, &domain.Invalid{Code: "malformed_value", Field: "version", VI: "Phiên bản là một số từ 1", EN: "A version is a number from 1"}
		}
	}
	return handlers.Asked{Version: f.Version, At: f.at, KnownAt: f.knownAt}, f, nil
}

func readMoment(field, text string, z *time.Location) (*handlers.Moment, error) {
	if text == "" {
		return nil, nil
	}
	m, err := parseMoment(text, z)
	if err != nil {
		return nil, &domain.Invalid{
			Code: "malformed_value", Field: field,
			VI: "Không đọc được thời điểm “" + text + "”; viết như 19/11/2026 08:00, 19/11/2026 hoặc @1198402",
			EN: "The moment “" + text + "” cannot be read; write it like 2026-11-19 08:00, 2026-11-19 or @1198402",
		}
	}
	return &m, nil
}

// settle turns a position on the axis of what was true into its moment, so that the page and the fold cut at the same place.
func (s *site) settle(ctx context.Context, f *askedForm) error {
	if f.at == nil || f.at.Position == 0 {
		return nil
	}
	t, err := s.Executor.Instant(ctx, f.at)
	if err != nil {
		return err
	}
	f.at = &handlers.Moment{Time: *t}
	return nil
}

// past says whether the page shows anything but the present.
func (f askedForm) past(versions int) bool {
	return f.at != nil || f.knownAt != nil || (f.Version > 0 && f.Version < int64(versions))
}

// moment is the time the page speaks of: the one asked for, or when the shown version's last fact was true.
func (f askedForm) moment(facts []dossier.Fact, now time.Time) time.Time {
	switch {
	case !f.past(len(facts)):
		return now
	case f.at != nil:
		return f.at.Time
	case f.knownAt != nil && f.knownAt.Position == 0:
		return f.knownAt.Time
	}
	for _, fact := range slices.Backward(facts) {
		if f.includes(fact) {
			return fact.OccurredAt
		}
	}
	return now
}

// includes says whether a fact belongs to what was asked for.
func (f askedForm) includes(fact dossier.Fact) bool {
	return (f.Version == 0 || fact.Version <= f.Version) &&
		within(f.at, fact.OccurredAt, fact.Position) && within(f.knownAt, fact.RecordedAt, fact.Position)
}

func within(m *handlers.Moment, t time.Time, position int64) bool {
	switch {
	case m == nil:
		return true
	case m.Position != 0:
		return position <= m.Position
	default:
		return !t.After(m.Time)
	}
}

// replay is the slider with the form field it mirrors, and links that do the same without it.
type replay struct {
	Form                        askedForm
	Shown, Last                 int64
	First, Previous, Next, Ende string
	Now                         string
	Steps                       []string // one line per version, for the slider to say
	Step                        event    // what the shown version's event was
	Known                       time.Time
	Missing                     int // events left out of the moment asked for
}

func (v *visit) replay(id uuid.UUID, facts []dossier.Fact, state dossier.State, form askedForm) replay {
	p := replay{Form: form, Last: int64(len(facts)), Shown: state.Version, Now: "/dossiers/" + id.String()}
	if form.Version > 0 {
		p.Shown = form.Version
	}
	step := func(n int64) string {
		if n < 1 || n > p.Last || n == p.Shown {
			return ""
		}
		return v.With("version", strconv.FormatInt(n, 10), "at", "", "known_at", "", "min_position", "", "again", "")
	}
	p.First, p.Previous, p.Next, p.Ende = step(1), step(p.Shown-1), step(p.Shown+1), step(p.Last)
	var before dossier.State
	for _, f := range facts {
		p.Steps = append(p.Steps, Words{"%d trên %d: %s, %s", "%d of %d: %s, %s"}.In(v.lang, f.Version, p.Last, label("event", f.Type, v.lang), v.Moment(f.OccurredAt)))
		after := dossier.Evolve(before, f)
		if f.Version == p.Shown {
			p.Step, p.Known = v.event(f, before, after), f.RecordedAt
		}
		if !form.includes(f) {
			p.Missing++
		}
		before = after
	}
	return p
}
