package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/projections"

	"github.com/google/uuid"
)

// The stream kinds of batches, and of the lists of their items, a stream for each chunk: so nobody ever reads more of a list than that.
const (
	BatchKind     = "batch"
	BatchListKind = "batch-list"
)

// BatchStream is where the history of a batch stands that an account plans under a key.
func BatchStream(account, key string) uuid.UUID {
	return eventstore.StreamIDFor(BatchKind, account, key)
}

func batchList(id uuid.UUID, sum string, chunk int) uuid.UUID {
	return eventstore.StreamIDFor(BatchListKind, id.String(), sum+" "+strconv.Itoa(chunk))
}

// Bulk does one act on many dossiers. Each item is a command like any other, sent through Executor.Do in the name of who planned the batch,
// under a key that follows from the batch: so it is done once, whoever runs the batch and however often it is begun again.
type Bulk struct {
	x     *Executor
	views *projections.Views
	o     BulkOptions
	woken chan struct{}

	before func(step string) error // tests stop here
}

// BulkOptions of bulk acts.
type BulkOptions struct {
	Width int           // items under way at once; default 32
	Hold  time.Duration // after which another process takes over from one that died; default 5 s
	Every time.Duration // how far it came is recorded so often at least; default 1 s
	Log   *slog.Logger  // default: none
}

// NewBulk returns the bulk acts of an executor. Views find dossiers by filter and code.
func NewBulk(x *Executor, v *projections.Views, o BulkOptions) *Bulk {
	if o.Width == 0 {
		o.Width = 32
	}
	if o.Hold == 0 {
		o.Hold = 5 * time.Second
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Bulk{x: x, views: v, o: o, woken: make(chan struct{}, 1), before: func(string) error { return nil }}
}

// BulkPlan is what is to be done to which dossiers: those of IDs, or all that Filter finds.
type BulkPlan struct {
	Command    string          // kebab-case
	Arguments  json.RawMessage // the body as the command takes it for one dossier, occurred_at and late_reason included
	IDs        []string        // id or code, with @VERSION where one was seen
	Filter     *projections.Filter
	AnyVersion bool // act also on what has changed since
}

// Batch is a batch as it is shown.
type Batch struct {
	ID uuid.UUID `json:"id"`
	batch.State
	PhaseVI    string `json:"phase_vi"`
	PhaseEN    string `json:"phase_en"`
	Duplicates int    `json:"duplicates,omitempty" doc:"Dossiers that the list named more than once: each is one item."`
	Repeated   bool   `json:"-"`
}

func shown(id uuid.UUID, s batch.State) Batch {
	return Batch{ID: id, State: s, PhaseVI: batch.Label(s.Phase, "vi"), PhaseEN: batch.Label(s.Phase, "en")}
}

// Plan fixes a batch and does nothing to any dossier. Where no version was given, the present one counts as seen.
func (b *Bulk) Plan(ctx context.Context, a domain.Actor, p BulkPlan, e Envelope) (_ Batch, err error) {
	defer func() { err = b.x.Refused(ctx, a, e, p.Command, uuid.Nil, err) }()
	if err := checkKey(e.Key); err != nil {
		return Batch{}, err
	}
	if err := b.x.Admits(ctx, a); err != nil {
		return Batch{}, err
	}
	arguments, err := p.check(a)
	if err != nil {
		return Batch{}, err
	}
	id := BatchStream(a.Account, e.Key)
	if s, err := b.state(ctx, id); err != nil || s.Exists() { // the same, or another under its key
		if err == nil {
			_, _, err = b.decide(ctx, a, id, "plan", e, batch.Plan{Items: s.Total})
		}
		again := shown(id, s)
		again.Repeated = true
		return again, err
	}
	items, duplicates, err := b.items(ctx, a, p)
	if err != nil {
		return Batch{}, err
	}
	wish := batch.Plan{Command: p.Command, Arguments: arguments, AnyVersion: p.AnyVersion, Items: len(items), List: batch.Sum(items)}
	if _, err := batch.Decide(batch.State{}, wish, a); err != nil { // before anything is listed
		return Batch{}, err
	}
	if err := b.list(ctx, a, id, wish.List, items); err != nil {
		return Batch{}, err
	}
	s, _, err := b.decide(ctx, a, id, "plan", e, wish)
	made := shown(id, s)
	made.Duplicates = duplicates
	return made, err
}

// check reads the command as it will be read for each dossier, and returns its body without white space.
func (p BulkPlan) check(a domain.Actor) (json.RawMessage, error) {
	if _, known := actors[p.Command]; !known || p.Command == dossier.Kebab(dossier.SubmitDossier{}.Name()) {
		return nil, UnknownCommand(p.Command, BulkCommands())
	}
	if err := May(a, Act{Kind: Command, Name: p.Command}); err != nil {
		return nil, err
	}
	if May(a, Act{Kind: Bulks}) != nil { // bulk is for officers: a list would tell others' dossiers apart from those there are not
		return nil, notAllowed(a, Act{Kind: Command, Name: p.Command})
	}
	_, c, err := opened(p.Command, p.Arguments)
	if err != nil {
		return nil, err
	}
	if dossier.HasWords(c) { // the plan is a fact, and facts hold no words
		return nil, &domain.Invalid{Code: "no_words_in_bulk", Field: "text",
			VI: "Xử lý hàng loạt không kèm nội dung gõ tay: nội dung thuộc từng hồ sơ. Bỏ “text”, hoặc xử lý từng hồ sơ.",
			EN: "A batch carries no typed text: words belong to one dossier. Leave out “text”, or act on the dossiers one by one."}
	}
	switch {
	case p.AnyVersion && NeedsVersion(p.Command):
		return nil, &domain.Invalid{Code: "version_required", Field: "any_version",
			VI: "Duyệt, ký và cấp số chỉ áp dụng cho đúng phiên bản đã xem; bỏ any_version.",
			EN: "Approving, signing and issuing are for the version that was looked at; leave out any_version."}
	case (len(p.IDs) > 0) == (p.Filter != nil):
		return nil, &domain.Invalid{Code: "ids_or_filter", Field: "ids",
			VI: "Ghi danh sách hồ sơ (ids) hoặc điều kiện lọc (filter), một trong hai.", EN: "Give a list of dossiers (ids) or a filter, one of the two."}
	}
	var compact bytes.Buffer
	if len(bytes.TrimSpace(p.Arguments)) == 0 {
		return json.RawMessage("{}"), nil
	}
	err = json.Compact(&compact, p.Arguments)
	return compact.Bytes(), err
}

// BulkCommands lists what can be done in bulk.
func BulkCommands() []string {
	return slices.DeleteFunc(dossier.CommandNames(), func(name string) bool {
		_, known := actors[name]
		return !known || name == dossier.Kebab(dossier.SubmitDossier{}.Name())
	})
}

// opened takes a command's body apart.
func opened(name string, body []byte) (Envelope, dossier.Command, error) {
	e, members, err := Open(body)
	if err != nil {
		return e, nil, err
	}
	c, err := dossier.DecodeCommand(name, members)
	return e, c, err
}

// items are the dossiers that a plan is about, each once, at the version that was seen.
func (b *Bulk) items(ctx context.Context, a domain.Actor, p BulkPlan) (items []batch.Item, duplicates int, err error) {
	sight, err := b.x.Sight(ctx, a)
	if err != nil {
		return nil, 0, err
	}
	if p.Filter != nil {
		filter := *p.Filter
		filter.Sight = sight
		items, err = b.found(ctx, filter)
	} else {
		items, err = b.named(ctx, a, sight, p.IDs)
	}
	seen := map[uuid.UUID]bool{}
	all := len(items)
	items = slices.DeleteFunc(items, func(i batch.Item) bool {
		had := seen[i.ID]
		seen[i.ID] = true
		return had
	})
	return items, all - len(items), err
}

func (b *Bulk) found(ctx context.Context, f projections.Filter) (items []batch.Item, err error) {
	for f.Limit = 500; ; {
		page, err := b.views.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			items = append(items, batch.Item{ID: row.ID, Version: row.State.Version})
		}
		if f.Cursor = page.Next; f.Cursor == "" || len(items) > batch.MostItems {
			return items, nil
		}
	}
}

// mostTold is how many wrong entries of a list are told.
const mostTold = 20

// named reads ids and codes; versions that were not given are those of now. A dossier of another agency is told like one there is not.
func (b *Bulk) named(ctx context.Context, a domain.Actor, sight projections.Sight, ids []string) (items []batch.Item, err error) {
	items = make([]batch.Item, len(ids))
	coded := make([]string, len(ids)) // what is no id
	unread := make([]bool, len(ids))  // told already
	var wrong []FieldError
	wrongAt := func(i int, vi, en string) {
		if len(wrong) < mostTold {
			wrong = append(wrong, WrongField(fmt.Sprintf("ids[%d]", i), vi, en))
		}
	}
	for i, entry := range ids {
		id, version, versioned := strings.Cut(strings.TrimSpace(entry), "@")
		if versioned {
			v, err := strconv.ParseInt(version, 10, 64)
			if err != nil || v < 1 {
				unread[i] = true
				wrongAt(i, fmt.Sprintf("“%.80s”: ghi MÃ hoặc MÃ@PHIÊN-BẢN, phiên bản là số từ 1", entry), fmt.Sprintf("“%.80s”: write ID or ID@VERSION, a version is a number from 1", entry))
				continue
			}
			items[i].Version = v
		}
		if items[i].ID, err = uuid.Parse(id); err != nil {
			items[i].ID, coded[i] = uuid.Nil, id
		}
	}
	for from := 0; from < len(items); from += 500 {
		some := items[from:min(from+500, len(items))]
		if err := b.decoded(ctx, some, coded[from:from+len(some)]); err != nil {
			return nil, err
		}
		streams, err := b.x.journal.Streams(ctx, idsOf(some))
		if err != nil {
			return nil, err
		}
		for i := range some {
			events := streams[some[i].ID]
			switch {
			case unread[from+i]:
			case len(events) == 0 || events[0].StreamKind != Kind, !sight.All() && errors.Is(b.seen(ctx, a, events), ErrNotFound):
				wrongAt(from+i, fmt.Sprintf("“%.80s”: không có hồ sơ mang mã này", ids[from+i]), fmt.Sprintf("“%.80s”: no dossier has this id or code", ids[from+i]))
			case some[i].Version == 0:
				some[i].Version = events[len(events)-1].Version
			}
		}
	}
	if len(wrong) > 0 {
		return nil, &Failure{Status: 422, Code: "wrong_items", Field: "", Fields: wrong,
			VI: "Danh sách hồ sơ có chỗ chưa đúng (errors); chưa lập gì. Sửa rồi gửi lại.", EN: "Some of the list is not right (errors); nothing was planned. Mend it, then send it again."}
	}
	return items, nil
}

// decoded finds the dossiers of codes.
func (b *Bulk) decoded(ctx context.Context, items []batch.Item, codes []string) error {
	asked := slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return c == "" })
	if len(asked) == 0 {
		return nil
	}
	found, err := b.views.FindCodes(ctx, asked)
	for i, c := range codes {
		if c != "" {
			items[i].ID = found[strings.ToLower(c)]
		}
	}
	return err
}

// seen says whether a dossier is there for somebody. What cannot be read is: the item will say so.
func (b *Bulk) seen(ctx context.Context, a domain.Actor, events []eventstore.Event) error {
	facts, err := Decode(events)
	if err != nil {
		return err
	}
	s := dossier.Fold(facts)
	return b.x.sees(ctx, a, &s)
}

func idsOf(items []batch.Item) []uuid.UUID {
	ids := make([]uuid.UUID, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return ids
}

// list writes the items, before the batch that names their sum. Chunks that are there already are the same: their stream follows from it.
func (b *Bulk) list(ctx context.Context, a domain.Actor, id uuid.UUID, sum string, items []batch.Item) error {
	meta, err := domain.Meta{Actor: a.Account, ActorRole: a.Role, ActorUnit: a.Unit, Batch: id.String(), Origin: b.x.o.Origin}.Encode()
	if err != nil {
		return err
	}
	for chunk, some := range slices.Collect(slices.Chunk(items, batch.ChunkSize)) {
		if err := b.before("list"); err != nil {
			return err
		}
		typ, version, data, err := batch.Encode(batch.Listed{Items: some})
		if err != nil {
			return err
		}
		_, err = b.x.journal.Append(ctx, eventstore.Request{
			Stream: eventstore.Stream{Kind: BatchListKind, ID: batchList(id, sum, chunk)}, Expected: eventstore.NoStream,
			Events: []eventstore.NewEvent{{Type: typ, TypeVersion: version, Data: data, Meta: meta, OccurredAt: b.x.o.Now().UTC()}},
		})
		if conflict := (*eventstore.ConflictError)(nil); err != nil && !errors.As(err, &conflict) {
			return fmt.Errorf("list the items of batch %s: %w", id, err)
		}
	}
	return nil
}

// chunk returns the items of one chunk.
func (b *Bulk) chunk(ctx context.Context, id uuid.UUID, s batch.State, chunk int) ([]batch.Item, error) {
	events, err := b.x.journal.Stream(ctx, batchList(id, s.List, chunk), 0)
	if err != nil {
		return nil, err
	}
	if len(events) != 1 {
		return nil, fmt.Errorf("batch %s: chunk %d of its list is %d events", id, chunk, len(events))
	}
	event, err := batch.Decode(events[0].Type, events[0].TypeVersion, events[0].Data)
	if err != nil {
		return nil, &UnreadableError{events[0].Position, err}
	}
	return event.(batch.Listed).Items, nil
}

func batchFacts(events []eventstore.Event) ([]batch.Fact, error) {
	facts := make([]batch.Fact, len(events))
	for i, e := range events {
		event, err := batch.Decode(e.Type, e.TypeVersion, e.Data)
		if err != nil {
			return nil, &UnreadableError{e.Position, err}
		}
		meta, err := domain.DecodeMeta(e.Meta)
		if err != nil {
			return nil, &UnreadableError{e.Position, err}
		}
		facts[i] = batch.Fact{Version: e.Version, By: meta.By(), RecordedAt: e.RecordedAt, Event: event}
	}
	return facts, nil
}

func (b *Bulk) facts(ctx context.Context, id uuid.UUID) ([]batch.Fact, error) {
	events, err := b.x.journal.Stream(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	if len(events) > 0 && events[0].StreamKind != BatchKind {
		return nil, nil
	}
	return batchFacts(events)
}

func (b *Bulk) state(ctx context.Context, id uuid.UUID) (batch.State, error) {
	facts, err := b.facts(ctx, id)
	return batch.Fold(facts), err
}

// decide asks the domain about a batch and returns what it amounts to then, and how many events that took.
func (b *Bulk) decide(ctx context.Context, a domain.Actor, id uuid.UUID, name string, e Envelope, wish batch.Command) (s batch.State, events int, err error) {
	var made []batch.Event
	e.Expected = nil
	r, err := b.x.rule(ctx, a, eventstore.Stream{Kind: BatchKind, ID: id}, name, e, e.Body, func(history []eventstore.Event) (stored []encoded, err error) {
		if len(history) > 0 && history[0].StreamKind != BatchKind {
			return nil, ErrNoBatch
		}
		facts, err := batchFacts(history)
		if err != nil {
			return nil, err
		}
		s = batch.Fold(facts)
		if _, plans := wish.(batch.Plan); !s.Exists() && !plans {
			return nil, ErrNoBatch
		}
		if made, err = batch.Decide(s, wish, a); err != nil {
			return nil, err
		}
		for _, event := range made {
			typ, version, data, err := batch.Encode(event)
			if err != nil {
				return nil, err
			}
			stored = append(stored, encoded{typ, version, data})
		}
		return stored, nil
	})
	if err != nil || r.Repeated {
		if err == nil {
			s, err = b.state(ctx, id)
		}
		return s, 0, err
	}
	for _, event := range made {
		s = batch.Evolve(s, batch.Fact{Version: s.Version + 1, By: a, RecordedAt: r.RecordedAt, Event: event})
	}
	return s, len(made), nil
}

// Get returns a batch to staff.
func (b *Bulk) Get(ctx context.Context, a domain.Actor, id uuid.UUID) (Batch, error) {
	s, err := b.read(ctx, a, id)
	return shown(id, s), err
}

func (b *Bulk) read(ctx context.Context, a domain.Actor, id uuid.UUID) (batch.State, error) {
	if err := b.x.authorized(ctx, a, Act{Kind: Batches}); err != nil {
		return batch.State{}, err
	}
	s, err := b.state(ctx, id)
	switch {
	case err != nil:
		return s, err
	case !s.Exists():
		return s, ErrNoBatch
	}
	sight, err := b.x.Sight(ctx, a)
	if err == nil && slices.Contains(sight.Others, s.By.Unit) { // of another agency: not there
		return batch.State{}, ErrNoBatch
	}
	if err != nil {
		return batch.State{}, err
	}
	return s, nil
}
