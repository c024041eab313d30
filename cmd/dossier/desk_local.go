package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
)

// local is the desk of this process: its own handlers over the database that it finds when it is first asked.
type local struct {
	a   *app
	cmd *cli.Command
	s   *system
}

func (d *local) close() {
	if d.s != nil {
		d.s.stop()
	}
}

func (d *local) system(ctx context.Context) (*system, error) {
	if d.s != nil {
		return d.s, nil
	}
	s, err := d.a.open(ctx, d.cmd)
	if err == nil {
		d.s = s
	}
	return s, err
}

// acting is the system, and who acts on it.
func (d *local) acting(ctx context.Context) (*system, domain.Actor, error) {
	s, err := d.system(ctx)
	if err != nil {
		return nil, domain.Actor{}, err
	}
	actor, err := s.actor(d.cmd)
	return s, actor, err
}

// reading is the system, and who reads on it.
func (d *local) reading(ctx context.Context) (*system, domain.Actor, error) {
	s, err := d.system(ctx)
	if err != nil {
		return nil, domain.Actor{}, err
	}
	actor, err := s.reader(ctx, d.cmd)
	return s, actor, err
}

// dossier is reading, and the dossier that is read.
func (d *local) dossier(ctx context.Context, target string) (s *system, actor domain.Actor, id uuid.UUID, err error) {
	if s, actor, err = d.reading(ctx); err != nil {
		return s, actor, id, err
	}
	id, err = s.find(ctx, target)
	return s, actor, id, err
}

func (d *local) submit(ctx context.Context, w wish) (handlers.Group, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Group{}, err
	}
	lead, _ := w.command.(dossier.SubmitDossier)
	if len(w.with) > 0 {
		return s.executor.SubmitGroup(ctx, actor, w.envelope, lead, handlers.Beside(lead, w.with))
	}
	r, err := s.executor.Submit(ctx, actor, w.envelope, lead)
	return handlers.Group{Lead: r}, err
}

func (d *local) do(ctx context.Context, target string, w wish) (handlers.Receipt, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Receipt{}, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return handlers.Receipt{}, err
	}
	return s.executor.Do(ctx, actor, id, w.envelope, w.command)
}

func (d *local) lookUp(ctx context.Context, target string, component dossier.Code, key string) (handlers.Receipt, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Receipt{}, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return handlers.Receipt{}, err
	}
	return handlers.NewPersons(s.executor, s.views).LookUp(ctx, handlers.Accessor{Actor: actor}, id, component, handlers.Envelope{Key: key, Body: []byte(component)})
}

// asked reads the two time axes in the zone of the system.
func (s *system) asked(q question) (handlers.Asked, error) {
	asked := handlers.Asked{Version: q.version}
	zone, err := s.zone()
	if err != nil {
		return asked, err
	}
	for _, axis := range []struct {
		text string
		to   **handlers.Moment
	}{{q.at, &asked.At}, {q.knownAt, &asked.KnownAt}} {
		if axis.text == "" {
			continue
		}
		m, err := handlers.ParseMoment(axis.text, zone)
		if err != nil {
			return asked, err
		}
		*axis.to = &m
	}
	return asked, nil
}

func (s *system) zone() (*time.Location, error) {
	zone, err := time.LoadLocation(s.cfg.Zone)
	if err != nil {
		return nil, usageError{fmt.Errorf("DOSSIER_ZONE %q: %w", s.cfg.Zone, err)}
	}
	return zone, nil
}

// asOf is a dossier as of the moment that the question names.
func (d *local) asOf(ctx context.Context, q question) (s *system, actor domain.Actor, id uuid.UUID, state dossier.State, err error) {
	if s, actor, id, err = d.dossier(ctx, q.target); err != nil {
		return s, actor, id, state, err
	}
	asked, err := s.asked(q)
	if err != nil {
		return s, actor, id, state, err
	}
	if state, _, err = s.executor.AsOfFor(ctx, actor, id, asked); err != nil {
		err = fmt.Errorf("read dossier %s: %w", id, err)
	}
	return s, actor, id, state, err
}

func (d *local) show(ctx context.Context, q question) (is shown, err error) {
	s, actor, id, state, err := d.asOf(ctx, q)
	if err != nil {
		return is, err
	}
	s.executor.Opened(ctx, handlers.Accessor{Actor: actor}, id)
	is.id, is.state = id, state
	is.rules, _ = s.executor.Procedures().All(ctx).Version(state.Procedure, state.ProcedureVersion)
	if q.now() { // what comes next is a question of now
		is.timers, err = s.executor.TimersOf(ctx, id, state)
	}
	return is, err
}

func (d *local) history(ctx context.Context, target string) (is trail, err error) {
	s, actor, id, err := d.dossier(ctx, target)
	if err != nil {
		return is, err
	}
	row, found, err := s.views.Get(ctx, id)
	if err != nil {
		return is, fmt.Errorf("read dossier: %w", err)
	}
	if !found {
		return is, fmt.Errorf("dossier %s: %w", id, handlers.ErrNotFound)
	}
	if err := s.executor.MayRead(ctx, actor, row.State); err != nil {
		return is, fmt.Errorf("dossier %s: %w", id, err)
	}
	s.executor.Opened(ctx, handlers.Accessor{Actor: actor}, id)
	if is.entries, err = s.views.History(ctx, id); err != nil {
		return is, fmt.Errorf("read history: %w", err)
	}
	parked, err := projections.Parked(ctx, s.pool)
	is.stale = slices.ContainsFunc(parked, func(p projections.ParkedStream) bool {
		return p.Stream == id && strings.HasPrefix(p.Projection, "history_")
	})
	return is, err
}

func (d *local) deadline(ctx context.Context, q question) (handlers.Deadline, error) {
	s, _, _, state, err := d.asOf(ctx, q)
	if err != nil {
		return handlers.Deadline{}, err
	}
	return s.executor.Deadline(ctx, state)
}

func (d *local) receipt(ctx context.Context, target string) (handlers.Reception, error) {
	s, actor, id, err := d.dossier(ctx, target)
	if err != nil {
		return handlers.Reception{}, err
	}
	return s.executor.Reception(ctx, actor, id)
}

func (d *local) fee(ctx context.Context, target, on string) (handlers.OwedFee, error) {
	var day calendar.Date
	if on != "" {
		var err error
		if day, err = dayOf(on); err != nil {
			return handlers.OwedFee{}, err
		}
	}
	s, _, _, state, err := d.asOf(ctx, question{target: target})
	if err != nil {
		return handlers.OwedFee{}, err
	}
	return s.executor.Fee(ctx, state, day)
}

func (d *local) words(ctx context.Context, target, purpose string) ([]handlers.Said, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return nil, err
	}
	return s.executor.Words(ctx, handlers.Accessor{Actor: actor}, id, dossier.Code(purpose))
}

func (d *local) earlier(ctx context.Context, target string) ([]handlers.Earlier, error) {
	s, actor, id, err := d.dossier(ctx, target)
	if err != nil {
		return nil, err
	}
	return handlers.NewPersons(s.executor, s.views).Earlier(ctx, handlers.Accessor{Actor: actor}, id)
}

func (d *local) openings(ctx context.Context, target string, limit int) ([]handlers.Opening, error) {
	s, actor, id, err := d.dossier(ctx, target)
	if err != nil {
		return nil, err
	}
	page, err := s.executor.Openings(ctx, actor, id, 0, limit)
	return page.Items, err
}

func (d *local) timers(ctx context.Context, w waiting) ([]handlers.TimerLine, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, err
	}
	f := projections.TimerFilter{Kind: dossier.TimerKind(w.kind), Unit: w.unit, Limit: w.limit}
	if w.target != "" {
		if f.ID, err = s.find(ctx, w.target); err != nil {
			return nil, err
		}
	}
	if w.within > 0 {
		f.Until = s.executor.Now().Add(w.within)
	}
	return s.executor.TimerLines(ctx, s.views, actor, f)
}

func (d *local) results(ctx context.Context, p papers) (r register, err error) {
	s, actor, err := d.reading(ctx)
	if err != nil {
		return r, err
	}
	if err := handlers.Authorize(actor, handlers.Act{Kind: handlers.List}); err != nil {
		return r, err
	}
	f := projections.ResultFilter{Procedure: p.procedure, Unit: p.unit, Verdict: dossier.PaperVerdict(p.verdict), Limit: p.limit, Cursor: p.cursor, Now: s.executor.Now(), Applicant: handlers.Only(actor)}
	if p.renewBy != "" {
		day, err := calendar.ParseDate(p.renewBy)
		if err != nil {
			return r, err
		}
		f.RenewBy = (day + 1).Start(handlers.Zone()).Add(-time.Microsecond)
	}
	if f.Sight, err = s.executor.Sight(ctx, actor); err != nil {
		return r, err
	}
	page, err := s.views.Results(ctx, f)
	if err != nil {
		return r, err
	}
	for _, row := range page.Rows {
		number := row.ID.String()
		if row.Code != nil {
			number = handlers.ResultNumber(*row.Code, row.Paper.Number)
		}
		r.lines = append(r.lines, paperLine{row.ID.String(), number, row.Verdict, row.Paper})
	}
	r.at, r.next = page.Stamp.Position, page.Next
	return r, nil
}

func (d *local) checkResult(ctx context.Context, number, agency string) ([]handlers.CheckedResult, error) {
	s, err := d.system(ctx)
	if err != nil {
		return nil, err
	}
	return s.executor.CheckResult(ctx, s.views, number, agency)
}

func (d *local) accesses(ctx context.Context, account, sinceText string, limit int) (list []handlers.AccessEntry, zone *time.Location, err error) {
	s, actor, err := d.reading(ctx)
	if err != nil {
		return nil, nil, err
	}
	if zone, err = s.zone(); err != nil {
		return nil, nil, err
	}
	since, err := handlers.ParseSince(sinceText, zone)
	if err != nil {
		return nil, nil, err
	}
	f := handlers.AccessFilter{Account: account, Since: since}
	for len(list) < limit {
		f.Limit = limit - len(list)
		page, err := s.executor.Accesses(ctx, actor, f)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, page.Entries...)
		if f.Before = page.Next; f.Before == 0 {
			break
		}
	}
	return list, zone, nil
}

// feedPage is how many events are held in memory at a time.
const feedPage = 1000

func (d *local) events(ctx context.Context, after int64, limit int, line func([]byte) error) error {
	s, actor, err := d.reading(ctx)
	if err != nil {
		return err
	}
	feed, err := handlers.OpenFeed(ctx, s.journal, actor, after)
	if err != nil {
		return err
	}
	for left, more := limit, true; more; {
		page := feedPage
		if left > 0 {
			page = min(page, left)
		}
		n := 0
		if n, more, err = s.lines(ctx, feed, page, line); err != nil {
			return err
		}
		if left > 0 && left == n {
			return nil
		}
		left = max(0, left-n)
	}
	return nil
}

// fromNowOn asks for what is recorded after the feed was opened.
const fromNowOn = -1

func (d *local) tail(ctx context.Context, after int64, line func([]byte) error) error {
	s, actor, err := d.reading(ctx)
	if err != nil {
		return err
	}
	if after == fromNowOn {
		if after, err = s.journal.Head(ctx); err != nil {
			return fmt.Errorf("read head: %w", err)
		}
	}
	feed, err := handlers.OpenFeed(ctx, s.journal, actor, after)
	if err != nil {
		return err
	}
	for {
		_, more, err := s.lines(ctx, feed, feedPage, line)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// lines gives a page of the feed, event by event.
func (s *system) lines(ctx context.Context, feed *handlers.Reader, limit int, line func([]byte) error) (n int, more bool, err error) {
	events, more, err := feed.Next(ctx, limit)
	if err != nil {
		return 0, false, fmt.Errorf("read events: %w", err)
	}
	for _, e := range events {
		text, err := e.CloudEvent(s.source())
		if err != nil {
			return n, false, fmt.Errorf("print event %d: %w", e.Position, err)
		}
		if err := line(text); err != nil {
			return n, false, err
		}
		n++
	}
	return n, more, nil
}
