package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/handlers/client"
	"dossier/projections"
)

// remote is the desk of a server, which decides who may what.
type remote struct {
	*client.Client
	wire *http.Transport
}

func (d *remote) close() { d.wire.CloseIdleConnections() }

// dossierAnswer is a dossier as the API has it.
type dossierAnswer struct {
	ID uuid.UUID `json:"id"`
	dossier.State
}

// as reads an answer as what this program prints.
func as[T, U any](got *client.Answer[U], err error) (is T, _ error) {
	if err != nil {
		return is, err
	}
	if err := json.Unmarshal(got.Raw, &is); err != nil {
		return is, fmt.Errorf("read answer: %w", err)
	}
	return is, nil
}

// list is as, of an answer that wraps its list.
func list[T, U any](name string, got *client.Answer[U], err error) (is []T, _ error) {
	members, err := as[map[string]json.RawMessage](got, err)
	if err != nil {
		return nil, err
	}
	if members[name] == nil {
		return nil, fmt.Errorf("the answer has no %s: is the server of another version?", name)
	}
	if err := json.Unmarshal(members[name], &is); err != nil {
		return nil, fmt.Errorf("read %s of the answer: %w", name, err)
	}
	return is, nil
}

// once is the key and the version that a wish goes with.
func (w wish) once() client.Once {
	o := client.Once{Key: w.envelope.Key}
	if w.envelope.Expected != nil {
		o.IfMatch = handlers.ETag(*w.envelope.Expected)
	}
	return o
}

func receiptOf[T any](got *client.Answer[T], err error) (handlers.Receipt, error) {
	r, err := as[handlers.Receipt](got, err)
	if err == nil {
		r.Repeated = got.Replayed()
	}
	return r, err
}

func (d *remote) submit(ctx context.Context, w wish) (g handlers.Group, err error) {
	body, err := w.whole()
	if err != nil {
		return g, err
	}
	got, err := d.Client.Submit(ctx, w.once(), body)
	if g.Lead, err = receiptOf(got, err); err != nil {
		return g, err
	}
	members, err := as[struct{ Members []handlers.Receipt }](got, err)
	g.Members = members.Members
	return g, err
}

func (d *remote) do(ctx context.Context, target string, w wish) (handlers.Receipt, error) {
	body, err := w.whole()
	if err != nil {
		return handlers.Receipt{}, err
	}
	return receiptOf(d.Command(ctx, target, w.name, w.once(), body))
}

func (d *remote) lookUp(ctx context.Context, target string, component dossier.Code, key string) (handlers.Receipt, error) {
	return receiptOf(d.LookUp(ctx, target, client.Once{Key: key}, client.LookUpInputBody{Component: string(component)}))
}

// known is as of when the server is to know it: without a moment for ever, which has it fold the journal as this process does, and not answer from
// a view that is a moment behind.
func (q question) known() string {
	if q.now() {
		return "9999-12-31T00:00:00Z"
	}
	return q.knownAt
}

func (d *remote) show(ctx context.Context, q question) (is shown, err error) {
	got, err := d.GetDossier(ctx, q.target, client.GetDossierParams{At: q.at, KnownAt: q.known(), Version: q.version})
	body, err := as[dossierAnswer](got, err)
	if err != nil {
		return is, err
	}
	is.id, is.state = body.ID, body.State
	if is.rules, err = d.rules(ctx, is.state.Procedure, int64(is.state.ProcedureVersion)); err != nil || !q.now() {
		return is, err
	}
	timers, err := d.ListDossierTimers(ctx, is.id.String(), client.ListDossierTimersParams{})
	is.timers, err = list[handlers.TimerLine]("items", timers, err)
	return is, err
}

// rules are a version of a procedure, nothing where the server knows none.
func (d *remote) rules(ctx context.Context, id string, number int64) (procedure.Version, error) {
	got, err := d.GetProcedure(ctx, id, client.GetProcedureParams{Version: number})
	if problem := (*client.Problem)(nil); errors.As(err, &problem) && problem.Status == http.StatusNotFound {
		return procedure.Version{}, nil
	}
	body, err := as[struct{ Version *procedure.Described }](got, err)
	if err != nil || body.Version == nil {
		return procedure.Version{}, err
	}
	return body.Version.Whole()
}

func (d *remote) history(ctx context.Context, target string) (is trail, err error) {
	got, err := d.GetHistory(ctx, target, client.GetHistoryParams{})
	entries, err := list[struct {
		projections.Entry
		Late float64 `json:"late_by_seconds"`
	}]("entries", got, err)
	if err != nil {
		return is, err
	}
	for _, e := range entries {
		if e.LateBy = time.Duration(e.Late * float64(time.Second)).Round(time.Microsecond); len(e.Changes) == 0 {
			e.Changes = nil
		}
		is.entries = append(is.entries, e.Entry)
	}
	is.stale = got.Value.Stale
	return is, nil
}

func (d *remote) deadline(ctx context.Context, q question) (handlers.Deadline, error) {
	got, err := d.GetDeadline(ctx, q.target, client.GetDeadlineParams{At: q.at, KnownAt: q.known()})
	return as[handlers.Deadline](got, err)
}

func (d *remote) receipt(ctx context.Context, target string) (handlers.Reception, error) {
	got, err := d.GetReceipt(ctx, target, client.GetReceiptParams{})
	return as[handlers.Reception](got, err)
}

func (d *remote) fee(ctx context.Context, target, on string) (handlers.OwedFee, error) {
	got, err := d.GetFee(ctx, target, client.GetFeeParams{On: on})
	return as[handlers.OwedFee](got, err)
}

func (d *remote) words(ctx context.Context, target, purpose string) ([]handlers.Said, error) {
	got, err := d.ReadWords(ctx, target, client.ReadWordsParams{Purpose: purpose})
	return list[handlers.Said]("words", got, err)
}

func (d *remote) earlier(ctx context.Context, target string) ([]handlers.Earlier, error) {
	got, err := d.EarlierDossiers(ctx, target)
	return list[handlers.Earlier]("dossiers", got, err)
}

func (d *remote) openings(ctx context.Context, target string, limit int) ([]handlers.Opening, error) {
	got, err := d.ListOpenings(ctx, target, client.ListOpeningsParams{Limit: int64(limit)})
	return list[handlers.Opening]("items", got, err)
}

func (d *remote) timers(ctx context.Context, w waiting) ([]handlers.TimerLine, error) {
	if w.within%time.Hour != 0 {
		return nil, usageError{fmt.Errorf("--within %s: to a server say whole hours, such as 48h", w.within)}
	}
	got, err := d.ListTimers(ctx, client.ListTimersParams{Kind: w.kind, Unit: w.unit, Dossier: w.target, WithinHours: int64(w.within / time.Hour), Limit: int64(w.limit)})
	return list[handlers.TimerLine]("items", got, err)
}

func (d *remote) results(ctx context.Context, p papers) (r register, err error) {
	got, err := d.ListResults(ctx, client.ListResultsParams{Procedure: p.procedure, Unit: p.unit, Verdict: p.verdict, RenewBy: p.renewBy, Limit: int64(p.limit), Cursor: p.cursor})
	if r.lines, err = list[paperLine]("items", got, err); err != nil {
		return r, err
	}
	for i, l := range r.lines {
		r.lines[i].Number = or(l.Number, l.ID)
	}
	r.at, r.next = got.Value.Stamp.Position, got.Value.Next
	return r, nil
}

func (d *remote) checkResult(ctx context.Context, number, agency string) ([]handlers.CheckedResult, error) {
	got, err := d.CheckResult(ctx, number, client.CheckResultParams{Agency: agency})
	return list[handlers.CheckedResult]("items", got, err)
}

func (d *remote) accesses(ctx context.Context, account, since string, limit int) (all []handlers.AccessEntry, zone *time.Location, err error) {
	p := client.ListAccessParams{Account: account, Since: since}
	for len(all) < limit {
		p.Limit = int64(min(limit-len(all), 500))
		page, err := as[handlers.AccessPage](d.ListAccess(ctx, p))
		if err != nil {
			return nil, nil, err
		}
		all = append(all, page.Entries...)
		if p.Before = page.Next; p.Before == 0 {
			break
		}
	}
	return all, agencyZone, nil
}

func (d *remote) events(ctx context.Context, after int64, limit int, line func([]byte) error) error {
	n := 0
	for e, err := range d.Feed(ctx, after) {
		if err != nil {
			return err
		}
		if err := line(e.Raw); err != nil {
			return err
		}
		if n++; n == limit {
			break
		}
	}
	return nil
}

func (d *remote) tail(ctx context.Context, after int64, line func([]byte) error) error {
	if after == fromNowOn {
		now, err := d.ListDossiers(ctx, client.ListDossiersParams{Limit: 1}) // whatever list: it is stamped with the head of the journal
		if err != nil {
			return fmt.Errorf("find the end of the journal: %w", err)
		}
		after = now.Value.Stamp.Head
	}
	for e, err := range d.StreamEvents(ctx, client.StreamEventsParams{After: after}) {
		if err != nil {
			return err
		}
		if err := line(e.Raw); err != nil {
			return err
		}
	}
	return ctx.Err()
}
