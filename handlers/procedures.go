package handlers

import (
	"context"
	"slices"
	"sync"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// The stream kinds of procedures, of their switches, and of the one list by which all are found.
const (
	ProcedureKind = "procedure"
	SwitchKind    = "switch"
	CatalogueKind = "catalogue"
)

// ProcedureStream is where a procedure's history stands.
func ProcedureStream(id string) uuid.UUID { return eventstore.StreamIDFor(ProcedureKind, "", id) }

// SwitchStream is where the history of a procedure's switch at a unit stands.
func SwitchStream(id, unit string) uuid.UUID {
	return eventstore.StreamIDFor(SwitchKind, "", id+"\n"+unit)
}

// CatalogueStream is where the list of all procedures and switches stands.
func CatalogueStream() uuid.UUID { return eventstore.StreamIDFor(CatalogueKind, "", "") }

// Procedures are folded in memory from the journal and caught up as they are used. A procedure that ships with the program and has no
// stream yet stands as its file says, as the first version that its stream will begin with.
type Procedures struct {
	procedures *memory[procedure.Procedure]
	switches   *memory[procedure.Switch]
	lists      *memory[listing]

	mu   sync.Mutex
	last Catalogue
}

func newProcedures(j *eventstore.Journal) *Procedures {
	return &Procedures{procedures: newMemory(j, evolveProcedure), switches: newMemory(j, evolveSwitch), lists: newMemory(j, evolveListing)}
}

// listing is what is listed: procedures, and the units that have a switch of their own.
type listing struct {
	procedures []string
	units      map[string][]string
}

func (l listing) has(e procedure.Listed) bool {
	if e.Switch {
		return slices.Contains(l.units[e.Procedure], e.Unit)
	}
	return slices.Contains(l.procedures, e.Procedure)
}

// with is the listing with one more entry; what others hold of it stays as it is.
func (l listing) with(e procedure.Listed) listing {
	if !e.Switch {
		l.procedures = append(slices.Clip(l.procedures), e.Procedure)
		return l
	}
	units := map[string][]string{}
	for id, list := range l.units {
		units[id] = list
	}
	units[e.Procedure] = append(slices.Clip(units[e.Procedure]), e.Unit)
	l.units = units
	return l
}

func evolveListing(l listing, e eventstore.Event) (listing, error) {
	event, err := procedure.Decode(e.Type, e.TypeVersion, e.Data)
	if listed, is := event.(procedure.Listed); is && err == nil {
		return l.with(listed), nil
	}
	return l, err
}

func evolveProcedure(p procedure.Procedure, e eventstore.Event) (procedure.Procedure, error) {
	event, err := procedure.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return p, err
	}
	return procedure.Evolve(p, procedure.Fact{Version: e.Version, Event: event}), nil
}

func evolveSwitch(s procedure.Switch, e eventstore.Event) (procedure.Switch, error) {
	event, err := procedure.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return s, err
	}
	return procedure.EvolveSwitch(s, procedure.Fact{Version: e.Version, Event: event}), nil
}

// orShipped is the procedure, or what ships under its id while nothing was published.
func orShipped(id string, p procedure.Procedure) procedure.Procedure {
	if p.Exists() {
		return p
	}
	if s, ships := shipped()[id]; ships {
		return s
	}
	return p
}

// shipped are the procedures that come with the program, as if their files had just been published.
var shipped = sync.OnceValue(func() map[string]procedure.Procedure {
	all := map[string]procedure.Procedure{}
	for _, v := range procedure.Catalogue() {
		all[v.ID] = procedure.Evolve(procedure.Procedure{}, procedure.Fact{Event: procedure.Published{Number: 1, Decision: v.Decision, Version: v}})
	}
	return all
})

// recent returns a procedure as it was a moment ago, mostly from memory.
func (k *Procedures) recent(ctx context.Context, id string) (procedure.Procedure, error) {
	p, err := k.procedures.recent(ctx, ProcedureStream(id))
	return orShipped(id, p), err
}

// Get returns a procedure as it is now; one that was never published and does not ship does not exist (Procedure.Exists).
func (k *Procedures) Get(ctx context.Context, id string) (procedure.Procedure, error) {
	p, err := k.procedures.get(ctx, ProcedureStream(id))
	return orShipped(id, p), err
}

// Switch returns the switch of a procedure at a unit as it was a moment ago; of all units when unit is empty.
func (k *Procedures) Switch(ctx context.Context, id, unit string) (procedure.Switch, error) {
	return k.switches.recent(ctx, SwitchStream(id, unit))
}

// Switches returns all switches of a procedure that were ever turned, the general one first.
func (k *Procedures) Switches(ctx context.Context, id string) ([]procedure.Switch, error) {
	l, err := k.lists.get(ctx, CatalogueStream())
	if err != nil {
		return nil, err
	}
	units := slices.Sorted(slices.Values(l.units[id]))
	ids := make([]uuid.UUID, len(units))
	for i, unit := range units {
		ids[i] = SwitchStream(id, unit)
	}
	switches, err := k.switches.all(ctx, ids)
	return slices.DeleteFunc(switches, func(s procedure.Switch) bool { return !s.Turned() }), err
}

// Catalogue is all procedures as they were a moment ago.
type Catalogue struct {
	all    map[string]procedure.Procedure
	names  []procedure.Version // the newest of each
	looked time.Time
}

// shownFor is how long a list of the catalogue is shown without looking again. Commands never go by it.
const shownFor = 5 * time.Second

// All returns the catalogue. While it is read again, and when the journal does not answer, it is as it was last, or as it ships.
func (k *Procedures) All(ctx context.Context) Catalogue {
	k.mu.Lock()
	if k.last.all == nil {
		k.last = ShippedCatalogue()
	}
	last := k.last
	if time.Since(last.looked) < shownFor {
		k.mu.Unlock()
		return last
	}
	k.last.looked = time.Now()
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := k.read(ctx)
	if err != nil {
		return last
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = c
	return c
}

// ShippedCatalogue is the catalogue of a system in which nothing was published.
func ShippedCatalogue() Catalogue {
	return Catalogue{all: shippedAlone(), names: procedure.Catalogue()}
}

// Names are the procedures by whose names dossiers are found.
func (k *Procedures) Names() []procedure.Version { return k.All(context.Background()).names }

func (k *Procedures) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last.looked = time.Time{}
}

func shippedAlone() map[string]procedure.Procedure {
	all := map[string]procedure.Procedure{}
	for _, v := range procedure.Catalogue() {
		all[v.ID] = orShipped(v.ID, procedure.Procedure{})
	}
	return all
}

func (k *Procedures) read(ctx context.Context) (Catalogue, error) {
	c := Catalogue{all: shippedAlone(), looked: time.Now()}
	l, err := k.lists.get(ctx, CatalogueStream())
	if err != nil {
		return c, err
	}
	ids := make([]uuid.UUID, len(l.procedures))
	for i, id := range l.procedures {
		ids[i] = ProcedureStream(id)
	}
	published, err := k.procedures.all(ctx, ids)
	for i, p := range published {
		if p = orShipped(l.procedures[i], p); p.Exists() {
			c.all[l.procedures[i]] = p
		}
	}
	for _, p := range c.all {
		v, _ := p.Newest()
		c.names = append(c.names, v)
	}
	c.names = procedure.Sorted(c.names)
	return c, err
}

// On lists the version of each procedure that is valid on a day, in the order of the catalogue; the newest of those that are not valid.
func (c Catalogue) On(day calendar.Date) []procedure.Version {
	var list []procedure.Version
	for _, p := range c.all {
		v, valid := p.On(day)
		if !valid {
			v, _ = p.Newest()
			v.OpenForFiling = false
		}
		list = append(list, v)
	}
	return procedure.Sorted(list)
}

// Today lists what is valid today.
func (c Catalogue) Today() []procedure.Version { return c.On(calendar.DateOf(time.Now(), Zone())) }

// Procedure is the one of that id.
func (c Catalogue) Procedure(id string) (procedure.Procedure, bool) {
	p, known := c.all[id]
	return p, known
}

// Version is a version of a procedure; number 0 asks for the newest.
func (c Catalogue) Version(id string, number int) (procedure.Version, bool) {
	p := c.all[id]
	if number == 0 {
		return p.Newest()
	}
	return p.Version(number)
}

// Procedures are those under which this executor files.
func (x *Executor) Procedures() *Procedures { return x.procedures }

// filing is what a new dossier is filed under: the version that is valid then, nil for a procedure nobody knows, and why it cannot be
// filed there and then.
type filing struct {
	version *procedure.Version
	early   error // instead of any decision: no version is valid
	closed  error // once the domain has granted it: the switch is off, or the channel not offered
}

func (x *Executor) filing(ctx context.Context, c dossier.SubmitDossier, e Envelope) (f filing, err error) {
	p, err := x.procedures.recent(ctx, string(c.Procedure))
	if err != nil || !p.Exists() {
		return f, err
	}
	day := calendar.DateOf(e.At(x.o.Now()), Zone())
	v, valid := p.On(day)
	if !valid {
		f.early = p.NotValid(day.String())
		return f, nil
	}
	f.version = &v
	s, err := x.procedures.Switch(ctx, p.ID, "")
	if err == nil && c.Unit != "" {
		var own procedure.Switch
		own, err = x.procedures.Switch(ctx, p.ID, string(c.Unit))
		s = own.Over(s)
	}
	if refusal := v.Admits(procedure.Channel(c.Channel), s); refusal != nil {
		f.closed = refusal
	}
	return f, err
}

// ruled returns the version a dossier goes by; for a move the one it is to go by, nil if there is none. An imported one may go by a
// procedure that nobody published.
func (x *Executor) ruled(ctx context.Context, s dossier.State, c dossier.Command) (*procedure.Version, error) {
	p, err := x.procedures.recent(ctx, s.Procedure)
	if err != nil {
		return nil, err
	}
	move, moves := c.(dossier.MoveToVersion)
	number := s.ProcedureVersion
	if moves {
		number = move.Version
	}
	if v, known := p.Version(number); known {
		return &v, nil
	}
	if moves {
		return nil, nil
	}
	v := procedure.ExternalVersion(s.Procedure)
	return &v, nil
}
