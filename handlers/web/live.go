package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/projections"
)

const (
	maxLive   = 256              // connections that follow a list at once; more are told to come back
	liveEvery = time.Second      // how often the views are asked
	liveBeat  = 15 * time.Second // a comment line, so that proxies keep the connection
	newsMost  = 100              // new dossiers are counted this far
)

// watch is one list that somebody has open: its question, the rows on the screen, and how far they know the views.
type watch struct {
	v      *visit
	actor  domain.Actor
	q      question
	rows   map[uuid.UUID]bool
	after  int64 // what the rows on the screen know
	since  int64 // what the page knew when it was made: newer rows are news
	events *sse
}

// live tells an open list what changed: rows that are on it in place, new ones as a count. It never moves a row.
func (s *site) live(w http.ResponseWriter, r *http.Request, v *visit) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	if err := handlers.Authorize(actor, listAct); err != nil {
		return err
	}
	if r.Method == http.MethodHead { // has nothing to follow
		w.Header().Set("Content-Type", "text/event-stream")
		return nil
	}
	select {
	case s.guests <- struct{}{}:
		defer func() { <-s.guests }()
	default:
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	follow := watch{v: v, actor: actor, q: readQuestion(r.URL.Query()), rows: idsOf(r.URL.Query().Get("ids")), events: openSSE(w)}
	follow.after, _ = strconv.ParseInt(first(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")), 10, 64)
	follow.since, _ = strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	s.follow(r, &follow)
	return nil
}

// follow looks once a second.
func (s *site) follow(r *http.Request, f *watch) {
	tick, beat := time.NewTicker(liveEvery), time.NewTicker(liveBeat)
	defer tick.Stop()
	defer beat.Stop()
	for f.events.err == nil {
		if err := s.lookWithin(r, f); err != nil {
			if r.Context().Err() == nil {
				s.Log.WarnContext(r.Context(), "live list failed", "error", err)
			}
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.Closing:
			f.events.send("end", 0, "{}")
			return
		case <-beat.C:
			if a, err := s.Auth.Authenticate(identity.Looking(r)); err != nil || a != f.actor { // signed out, or somebody else by now
				f.events.send("end", 0, "{}")
				return
			}
			f.events.comment()
		case <-tick.C:
		}
	}
}

// lookWithin ends a look that is not answered: the page connects again.
func (s *site) lookWithin(r *http.Request, f *watch) error {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	return s.look(r.WithContext(ctx), f)
}

// look sends what the views know beyond what the page knows.
func (s *site) look(r *http.Request, f *watch) error {
	now, err := s.recent.stamp(r.Context(), s.Views)
	if err != nil || now.Position <= f.after {
		return err
	}
	if err := s.changedRows(r, f, now.Position); err != nil {
		return err
	}
	if err := s.news(r, f); err != nil {
		return err
	}
	html, err := s.part(f.v.lang, "list", "stamp", s.viewStamp(f.v, now))
	if err != nil {
		return err
	}
	f.after = now.Position
	f.events.send("stamp", now.Position, map[string]any{"after": now.Position, "html": html})
	return nil
}

// recent asks the views how far they are on behalf of everybody who follows a list.
type recent struct {
	mu    sync.Mutex
	asked time.Time
	known projections.Stamp
}

func (c *recent) stamp(ctx context.Context, views *projections.Views) (projections.Stamp, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) < liveEvery/2 {
		return c.known, nil
	}
	known, err := views.Stamp(ctx)
	if err != nil {
		return projections.Stamp{}, err
	}
	c.known, c.asked = known, time.Now()
	return known, nil
}

// changedRows sends each of the page's rows that has news, as it is now.
func (s *site) changedRows(r *http.Request, f *watch, upTo int64) error {
	changed, err := s.changedSince(r.Context(), f, upTo)
	if err != nil {
		return err
	}
	for id := range changed {
		if err := s.changedRow(r, f, id); err != nil {
			return err
		}
	}
	return nil
}

// changedSince reads in the journal which rows have news. A page that slept through more than that is worth looks at them all.
func (s *site) changedSince(ctx context.Context, f *watch, upTo int64) (map[uuid.UUID]bool, error) {
	if upTo-f.after > livePage {
		return f.rows, nil
	}
	events, err := s.Journal.Page(ctx, f.after, livePage)
	if err != nil {
		return nil, err
	}
	changed := map[uuid.UUID]bool{}
	for _, e := range events {
		if f.rows[e.StreamID] && e.Position <= upTo {
			changed[e.StreamID] = true
		}
	}
	return changed, nil
}

const livePage = 1000

func (s *site) changedRow(r *http.Request, f *watch, id uuid.UUID) error {
	row, ok, err := s.Views.Get(r.Context(), id)
	if err != nil || !ok || row.Position <= f.after {
		return err
	}
	if only := handlers.Only(f.actor); only != "" && row.State.Applicant != only || !f.v.sight.Sees(&row.State) {
		return nil // the page's own word about its rows is not a right to see them
	}
	s.listed(r, f.actor, []projections.Row{row})
	shown := f.v.row(row, s.Now())
	shown.Changed, shown.Gone = row.RecordedAt, !f.q.holds(row)
	html, err := s.part(f.v.lang, "list", "cells", shown)
	if err != nil {
		return err
	}
	f.events.send("row", 0, map[string]any{"id": id, "html": html, "gone": shown.Gone})
	return nil
}

// news counts the dossiers that belong on the list, came after it was made, and are not on the screen.
func (s *site) news(r *http.Request, f *watch) error {
	filter := f.q.filter(f.actor, f.v.sight, newsMost)
	filter.Sort, filter.Cursor = projections.SortUpdated, ""
	page, err := s.Views.List(r.Context(), filter)
	if err != nil {
		return err
	}
	n := 0
	for _, row := range page.Rows {
		if row.Position > f.since && !f.rows[row.ID] {
			n++
		}
	}
	html, err := s.part(f.v.lang, "list", "news", map[string]any{"Count": n, "More": n == newsMost, "URL": f.q.url("/dossiers")})
	if err != nil || n == 0 {
		return err
	}
	f.events.send("news", 0, map[string]any{"count": n, "html": html})
	return nil
}

func idsOf(text string) map[uuid.UUID]bool {
	out := map[uuid.UUID]bool{}
	for part := range strings.SplitSeq(text, ",") {
		if id, err := uuid.Parse(part); err == nil && len(out) < 2*rowsCompact {
			out[id] = true
		}
	}
	return out
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sse writes server-sent events; after the first failure it writes no more.
type sse struct {
	w   http.ResponseWriter
	out *http.ResponseController
	err error
}

func openSSE(w http.ResponseWriter) *sse {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	e := &sse{w: w, out: http.NewResponseController(w)}
	_ = e.out.SetWriteDeadline(time.Time{}) // a list may be open for hours
	e.write("retry: 3000\n\n")
	return e
}

func (e *sse) send(event string, id int64, data any) {
	body, err := json.Marshal(data)
	if err != nil {
		e.err = err
		return
	}
	head := "event: " + event + "\n"
	if id > 0 {
		head += "id: " + strconv.FormatInt(id, 10) + "\n"
	}
	e.write(head + "data: " + string(body) + "\n\n")
}

func (e *sse) comment() { e.write(": \n\n") }

func (e *sse) write(text string) {
	if e.err != nil {
		return
	}
	if _, err := fmt.Fprint(e.w, text); err != nil {
		e.err = err
		return
	}
	e.err = e.out.Flush()
}
