package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// soon is by when the views usually hold what was just recorded; then it is asked whether there is such a position at all.
const soon = 100 * time.Millisecond

// patience is how long a question waits for min_position before it is told to come again.
const patience = 2 * time.Second

// dossierBody is one dossier: its state, and how new that is.
type dossierBody struct {
	ID   uuid.UUID `json:"id"`
	Code *string   `json:"code" doc:"Code of the dossier, or the external code it was imported with; null while there is none."`
	dossier.State

	PortalSync    dossier.PortalSync `json:"portal_sync" enum:"never,in_sync,waiting,behind,failed" doc:"How the status that the national portal has stands to this one."`
	Class         dossier.Class      `json:"class,omitempty" doc:"Of a finished dossier, by the time at which its result was ready: early, on_time or overdue."`
	OriginalClass dossier.Class      `json:"original_class,omitempty" doc:"The same against the first due date, where it was extended."`
	Position      int64              `json:"position" doc:"Position of the last event in this state."`
	RecordedAt    time.Time          `json:"recorded_at" doc:"When that event was recorded."`
	Stale         bool               `json:"stale" doc:"The views stand still for this dossier: there are events that this state does not hold."`
}

type dossierInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	At          string `query:"at" doc:"As it was: an instant, a date (the end of that day in the agency's zone) or @POSITION."`
	KnownAt     string `query:"known_at" doc:"As it was known: an instant, a date or @POSITION."`
	Version     int64  `query:"version" minimum:"1" doc:"After this many events."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
	IfNoneMatch string `header:"If-None-Match" doc:"ETag seen before; 304 when nothing changed."`
}

type dossierOutput struct {
	Status int
	ETag   string `header:"ETag" doc:"Version of the dossier, for If-Match."`
	Body   dossierBody
}

func (s *server) dossier(ctx context.Context, in *dossierInput) (*dossierOutput, error) {
	q, err := s.asked(in.At, in.KnownAt)
	if err != nil {
		return nil, err
	}
	q.Version = in.Version
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	b, err := s.state(ctx, id, q)
	if err != nil {
		return nil, err
	}
	s.Executor.Opened(ctx, accessor(ctx), id)
	out := &dossierOutput{Status: http.StatusOK, Body: b}
	if in.At == "" && in.KnownAt == "" { // a state put together from some of the events is no version to act on
		out.ETag = handlers.ETag(b.Version)
	}
	if out.ETag != "" && in.IfNoneMatch == out.ETag {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// reading resolves an id or code and waits for the position the caller knows of.
func (s *server) reading(ctx context.Context, idOrCode string, position int64) (uuid.UUID, error) {
	if err := handlers.May(handlers.CallOf(ctx).Actor, handlers.Act{Kind: handlers.Read}); err != nil {
		return uuid.UUID{}, err
	}
	id, err := s.find(ctx, idOrCode)
	if position > 0 && errors.Is(err, handlers.ErrNotFound) { // a code that the views do not hold yet
		if err := s.wait(ctx, position, nil); err != nil {
			return id, err
		}
		return s.find(ctx, idOrCode)
	}
	if err != nil || position == 0 {
		return id, err
	}
	return id, s.wait(ctx, position, &id)
}

func (s *server) wait(ctx context.Context, position int64, stream *uuid.UUID) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	asking := time.AfterFunc(soon, func() { // beside the wait: a question that is cut off costs its connection
		if err := s.given(context.WithoutCancel(ctx), position); err != nil {
			end(err)
		}
	})
	defer asking.Stop()
	err := s.Views.Wait(ctx, position, stream)
	var unknown *handlers.Failure
	if errors.As(context.Cause(ctx), &unknown) {
		return unknown
	}
	return err
}

// given tells a position that is on its way from one that the journal never gave.
func (s *server) given(ctx context.Context, position int64) error {
	head, err := s.Journal.Head(ctx)
	if err != nil || position <= head {
		return err
	}
	return &handlers.Failure{Status: http.StatusConflict, Code: "position_unknown", Field: "min_position",
		VI: fmt.Sprintf("Sổ sự kiện mới đến vị trí %d, chưa có %d: dùng vị trí (position) mà một lần gửi đã trả về.", head, position),
		EN: fmt.Sprintf("The journal ends at position %d and never gave %d: send the position of a receipt.", head, position)}
}

// find takes an id as it is and looks a code up in the views.
func (s *server) find(ctx context.Context, idOrCode string) (uuid.UUID, error) {
	if len(idOrCode) == 36 {
		if id, err := uuid.Parse(idOrCode); err == nil {
			return id, nil
		}
	}
	id, ok, err := s.Views.Find(ctx, idOrCode)
	if err == nil && !ok {
		err = handlers.ErrNotFound
	}
	return id, err
}

// state is one dossier as the caller may see it: from the status view, or folded from the journal when it is asked for as it
// was, or is so new that the view does not have it.
func (s *server) state(ctx context.Context, id uuid.UUID, q handlers.Asked) (dossierBody, error) {
	b, err := s.current(ctx, id)
	if q != (handlers.Asked{}) || errors.Is(err, handlers.ErrNotFound) {
		b, err = s.folded(ctx, id, q)
	}
	if err != nil {
		return b, err
	}
	return b, s.mayRead(ctx, id, b.State, q)
}

// mayRead asks by the newest state, whichever is shown.
func (s *server) mayRead(ctx context.Context, id uuid.UUID, shown dossier.State, q handlers.Asked) error {
	if q != (handlers.Asked{}) {
		newest, _, err := s.Executor.AsOf(ctx, id, handlers.Asked{})
		if err != nil {
			return err
		}
		shown = newest
	}
	return s.Executor.MayRead(ctx, handlers.CallOf(ctx).Actor, shown)
}

func (s *server) current(ctx context.Context, id uuid.UUID) (dossierBody, error) {
	row, ok, err := s.Views.Get(ctx, id)
	if err == nil && !ok {
		err = handlers.ErrNotFound
	}
	return rowBody(row), err
}

func rowBody(r projections.Row) dossierBody {
	return dossierBody{ID: r.ID, Code: r.Code, State: r.State, Position: r.Position, RecordedAt: r.RecordedAt, Stale: r.Stale}.classed()
}

// classed says how a finished dossier counts: that no longer depends on the clock.
func (b dossierBody) classed() dossierBody {
	b.PortalSync = b.State.PortalSync()
	if b.Resolved.Done() {
		b.Class = b.State.Class(b.Resolved.At)
	}
	if b.Resolved.Done() && !b.Extension.Original.IsZero() {
		b.OriginalClass = b.State.OriginalClass(b.Resolved.At)
	}
	return b
}

func (s *server) folded(ctx context.Context, id uuid.UUID, q handlers.Asked) (dossierBody, error) {
	state, facts, err := s.Executor.AsOf(ctx, id, q)
	if err != nil {
		return dossierBody{}, err
	}
	b := dossierBody{ID: id, Code: handlers.Code(state), State: state}
	for _, f := range facts {
		if f.Version == state.Version {
			b.Position, b.RecordedAt = f.Position, f.RecordedAt
		}
	}
	return b.classed(), nil
}

func (s *server) asked(at, knownAt string) (q handlers.Asked, err error) {
	if q.At, err = s.moment("at", at); err != nil {
		return q, err
	}
	q.KnownAt, err = s.moment("known_at", knownAt)
	return q, err
}

func (s *server) moment(name, text string) (*handlers.Moment, error) {
	if text == "" {
		return nil, nil
	}
	m, err := handlers.ParseMoment(text, s.Zone)
	var invalid *domain.Invalid
	if errors.As(err, &invalid) {
		invalid.Field = name
	}
	return &m, err
}

type listInput struct {
	Status      []string `query:"status" doc:"Any of these statuses, comma-separated."`
	Procedure   string   `query:"procedure" maxLength:"128"`
	Channel     string   `query:"channel" enum:"online,counter,post"`
	Unit        string   `query:"unit" maxLength:"64"`
	Officer     string   `query:"officer" maxLength:"64"`
	Applicant   string   `query:"applicant" maxLength:"64"`
	Outcome     string   `query:"outcome" enum:"granted,refused,unknown,published"`
	Portal      string   `query:"portal" enum:"pending,accepted,failed,never" doc:"How telling the national portal went last; never: it was told nothing."`
	Query       string   `query:"q" maxLength:"128" doc:"Beginning of a code or id, or words of the procedure's name, with or without accents."`
	At          string   `query:"at" doc:"As they were: an instant, a date (the end of that day in the agency's zone) or @POSITION."`
	KnownAt     string   `query:"known_at" doc:"As they were known: an instant, a date or @POSITION."`
	MinPosition int64    `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
	Sort        string   `query:"sort" enum:"updated,due" doc:"updated (newest first, the default) or due (due first)."`
	Limit       int      `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Cursor      string   `query:"cursor" maxLength:"512" doc:"From the next link of the page before."`
	Accept      string   `header:"Accept" doc:"application/x-ndjson: the whole list, a dossier a line, all as of one moment; limit and cursor say nothing then."`
}

type listBody struct {
	Items       []dossierBody `json:"items"`
	Total       int           `json:"total" doc:"Of the whole list, exact up to 10,000; one that took long to count may be ten seconds old."`
	TotalCapped bool          `json:"total_capped" doc:"There are more than total."`
	Next        string        `json:"next,omitempty" doc:"Cursor of the next page."`
	Stamp       stampBody     `json:"stamp"`
}

// stampBody says what an answer is true at.
type stampBody struct {
	Position   int64     `json:"position" doc:"Every event up to here is in."`
	At         time.Time `json:"at" doc:"When that event was recorded."`
	Head       int64     `json:"head" doc:"Last position of the journal."`
	LagSeconds float64   `json:"lag_seconds" doc:"How long the oldest missing event has waited."`
	Parked     int       `json:"parked" doc:"Dossiers whose views stand still."`
}

func (s *server) list(ctx context.Context, in *listInput) (*huma.StreamResponse, error) {
	f, err := s.filter(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.MinPosition > 0 {
		if err := s.wait(ctx, in.MinPosition, nil); err != nil {
			return nil, err
		}
	}
	return listed{
		page: func() (string, any, error) {
			page, err := s.Views.List(ctx, f)
			if err != nil {
				return "", nil, err
			}
			b := listBody{Items: make([]dossierBody, len(page.Rows)), Total: page.Total, TotalCapped: page.TotalCapped, Next: page.Next, Stamp: stamp(page.Stamp)}
			for i, r := range page.Rows {
				b.Items[i] = rowBody(r)
			}
			s.Executor.Listed(ctx, accessor(ctx), idsOf(page.Rows))
			return in.next(page.Next), b, nil
		},
		all: func(ctx context.Context, tell func(any) error) error {
			var shown []uuid.UUID
			_, err := s.Views.Each(ctx, f, func(r projections.Row) error {
				if shown = append(shown, r.ID); len(shown) == access.MostListed {
					s.Executor.Listed(ctx, accessor(ctx), shown)
					shown = shown[:0]
				}
				return tell(rowBody(r))
			})
			s.Executor.Listed(ctx, accessor(ctx), shown) // also of a list that broke off
			return err
		},
	}.answer(in.Accept)
}

func idsOf(rows []projections.Row) []uuid.UUID {
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}

func stamp(s projections.Stamp) stampBody {
	return stampBody{Position: s.Position, At: s.At, Head: s.Head, LagSeconds: s.Lag.Seconds(), Parked: s.Parked}
}

// filter is what was asked for, cut down to what the caller may see.
func (s *server) filter(ctx context.Context, in *listInput) (f projections.Filter, err error) {
	actor := handlers.CallOf(ctx).Actor
	if err := handlers.Authorize(actor, handlers.Act{Kind: handlers.List}); err != nil {
		return f, err
	}
	q, err := s.asked(in.At, in.KnownAt)
	if err != nil {
		return f, err
	}
	f = projections.Filter{
		Procedure: in.Procedure, Channel: dossier.Channel(in.Channel), Unit: in.Unit, Officer: in.Officer, Applicant: in.Applicant,
		Outcome: dossier.Outcome(in.Outcome), Portal: dossier.PortalOutcome(in.Portal), Query: in.Query, Sort: projections.Sort(in.Sort), Limit: in.Limit, Cursor: in.Cursor,
	}
	if only := handlers.Only(actor); only != "" {
		f.Applicant = only
	}
	if f.Sight, err = s.Executor.Sight(ctx, actor); err != nil {
		return f, err
	}
	if f.Status, err = statuses(in.Status); err != nil {
		return f, err
	}
	if f.At, err = s.Executor.Instant(ctx, q.At); err != nil {
		return f, err
	}
	if q.KnownAt != nil && q.KnownAt.Position > 0 {
		f.KnownPosition = q.KnownAt.Position
		return f, nil
	}
	f.KnownAt, err = s.Executor.Instant(ctx, q.KnownAt)
	return f, err
}

func statuses(names []string) ([]dossier.Status, error) {
	var list []dossier.Status
	for _, n := range names {
		if !isStatus(dossier.Status(n)) {
			all := make([]string, 0, 16)
			for _, known := range dossier.Statuses() {
				all = append(all, string(known))
			}
			return nil, &domain.Invalid{Code: "not_in_list", Field: "status",
				VI: "Không có trạng thái “" + n + "”; có: " + strings.Join(all, ", "), EN: "There is no status “" + n + "”; there are: " + strings.Join(all, ", ")}
		}
		list = append(list, dossier.Status(n))
	}
	return list, nil
}

func isStatus(s dossier.Status) bool {
	for _, known := range dossier.Statuses() {
		if s == known {
			return true
		}
	}
	return false
}

// next is the link to the page after this one: the same question with its cursor.
func (in *listInput) next(cursor string) string {
	if cursor == "" {
		return ""
	}
	q := url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(in.Limit)}}
	for name, value := range map[string]string{
		"status": strings.Join(in.Status, ","), "procedure": in.Procedure, "channel": in.Channel, "unit": in.Unit, "officer": in.Officer,
		"applicant": in.Applicant, "outcome": in.Outcome, "portal": in.Portal, "q": in.Query, "at": in.At, "known_at": in.KnownAt, "sort": in.Sort,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return link("/v1/dossiers", q)
}

func link(path string, q url.Values) string { return "<" + path + "?" + q.Encode() + `>; rel="next"` }
