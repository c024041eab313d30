package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/projections"

	"github.com/google/uuid"
)

// Persons registers, finds, shows, corrects and erases people. The journal holds that and why, the vault who it is.
type Persons struct {
	x     *Executor
	views *projections.Views
}

// NewPersons returns them over an executor with a vault.
func NewPersons(x *Executor, views *projections.Views) *Persons { return &Persons{x, views} }

// ShownPerson is a person as somebody may see it.
type ShownPerson struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	vault.Person
	Erased     *person.PersonalDataErased `json:"erased,omitempty"`
	Unreadable bool                       `json:"unreadable,omitempty"`
}

// PersonReceipt says where a change left a person.
type PersonReceipt struct {
	Ref     string                     `json:"ref"`
	Version int64                      `json:"version"`
	Erased  *person.PersonalDataErased `json:"erased,omitempty"`
	Alike   []string                   `json:"alike,omitempty"` // ids of others with the same number: perhaps the same person
}

// Register makes a person known under a reference, and warns when another has the same number already.
func (k *Persons) Register(ctx context.Context, by Accessor, ref string, kind person.Kind, p vault.Person, e Envelope) (r PersonReceipt, err error) {
	if !slices.Contains(person.Kinds(), kind) {
		return r, &domain.Invalid{Code: "not_in_list", Field: "kind", VI: "“kind” là citizen (công dân) hoặc organisation (tổ chức).", EN: "“kind” is citizen or organisation."}
	}
	if err := checkPerson(ref, p); err != nil {
		return r, err
	}
	p.Ref = ref
	r.Alike, err = k.alike(ctx, by, PersonStream(ref), p)
	if err != nil {
		return r, err
	}
	return r, k.change(ctx, by, ref, Enrol, registerPerson, e, &r, func(person.Person) (person.Event, func() error, error) {
		id := PersonStream(ref)
		commitment, err := k.x.o.Vault.Commitment(ctx, id, 1, p)
		return person.Registered{Kind: kind, Commitment: dossier.Code(commitment)}, func() error { return k.x.o.Vault.Keep(ctx, id, 1, p) }, err
	})
}

// Correct puts right what is known of a person, as a new version.
func (k *Persons) Correct(ctx context.Context, by Accessor, ref string, p vault.Person, reason dossier.Code, e Envelope) (r PersonReceipt, err error) {
	if err := checkPerson(ref, p); err != nil {
		return r, err
	}
	if !reason.Valid() {
		return r, badReason()
	}
	p.Ref = ref
	return r, k.change(ctx, by, ref, Enrol, correctPerson, e, &r, func(now person.Person) (person.Event, func() error, error) {
		id, version := PersonStream(ref), now.Version+1
		if now.Version == 0 || now.Erased != nil {
			return person.Corrected{}, nil, nil // the domain says why not
		}
		commitment, err := k.x.o.Vault.Commitment(ctx, id, version, p)
		return person.Corrected{Version: version, Reason: reason, Commitment: dossier.Code(commitment)}, func() error { return k.x.o.Vault.Keep(ctx, id, version, p) }, err
	})
}

// backupsKept is how long a backup may be read: by then the keys that wrap those in it have been changed and destroyed.
const backupsKept = 90 * 24 * time.Hour

// Erase destroys everything personal of somebody, by a decision: who it is, and the words of the dossiers about it. It is refused while the
// record of a dossier is kept. The journal says it first; what a crash leaves undone is done by FinishErasures.
func (k *Persons) Erase(ctx context.Context, by Accessor, ref string, decision dossier.External, reason dossier.Code, e Envelope) (r PersonReceipt, err error) {
	switch {
	case !dossier.Ref(ref).Valid():
		return r, badRef()
	case !decision.Valid():
		return r, &domain.Invalid{Code: "bad_code", Field: "decision", VI: "Ghi số quyết định xóa, ví dụ 12-QD-SNN-2026.", EN: "Give the number of the decision, such as 12-QD-SNN-2026."}
	case !reason.Valid():
		return r, badReason()
	}
	id := PersonStream(ref)
	about, err := k.about(ctx, id, ref)
	if err != nil {
		return r, err
	}
	err = k.change(ctx, by, ref, Erase, erasePerson, e, &r, func(person.Person) (person.Event, func() error, error) {
		for _, d := range about {
			if err := k.kept(ctx, d); err != nil {
				return nil, nil, err
			}
		}
		said := person.PersonalDataErased{Decision: decision, Reason: reason, Dossiers: len(about), Final: k.x.o.Now().UTC().Add(backupsKept).Truncate(time.Second)}
		return said, func() error { return k.x.o.Vault.Begin(ctx, id) }, nil
	})
	if err != nil {
		return r, err
	}
	return r, k.destroy(ctx, id, *r.Erased)
}

// destroy does what was decided: it is written down outside the database first, so that no restored copy brings it back.
func (k *Persons) destroy(ctx context.Context, id uuid.UUID, e person.PersonalDataErased) error {
	if list := k.x.o.Erasures; list != nil {
		if err := list.Add(vault.Listed{Person: id, Decision: string(e.Decision), Reason: string(e.Reason), Dossiers: e.Dossiers, Final: e.Final}); err != nil {
			return fmt.Errorf("the decision is recorded, the data are not destroyed yet (dossier vault finish): %w", err)
		}
	}
	_, err := k.x.o.Vault.Erase(ctx, id)
	return err
}

// FinishErasures does what decisions in the journal say and a crash, or a database that was restored, left undone. It walks the whole journal.
func (k *Persons) FinishErasures(ctx context.Context) (finished int, err error) {
	err = k.x.walk(ctx, nil, func(event eventstore.Event) error {
		if event.StreamKind != PersonKind || event.Type != person.ErasedType {
			return nil
		}
		done, err := k.finish(ctx, event.StreamID)
		if done {
			finished++
		}
		return err
	})
	return finished, err
}

// FinishBegun does it for those whose erasure was begun a while ago and is not done. It looks at these alone.
func (k *Persons) FinishBegun(ctx context.Context, age time.Duration) (finished int, err error) {
	begun, err := k.x.o.Vault.Begun(ctx, age)
	if err != nil {
		return 0, err
	}
	for _, id := range begun {
		p, err := k.now(ctx, id)
		switch {
		case err != nil:
			return finished, err
		case p.Erased == nil: // it was refused, or never came to the journal
			err = k.x.o.Vault.Abandon(ctx, id)
		default:
			if err = k.destroy(ctx, id, *p.Erased); err == nil {
				finished++
			}
		}
		if err != nil {
			return finished, err
		}
	}
	return finished, nil
}

// Tidy finishes erasures that a crash cut short, sweeps words that no event points to, and puts into the index anew whom an earlier program
// put in, every so often until the context ends. Several processes may do it: done again, it changes nothing.
func (k *Persons) Tidy(ctx context.Context, log *slog.Logger, every time.Duration) error {
	for k.x.o.Vault != nil {
		n, err := k.FinishBegun(ctx, time.Minute)
		if n > 0 {
			log.Warn("erasures that were cut short are finished", "persons", n)
		}
		if err == nil {
			_, err = k.x.SweepWords(ctx, 24*time.Hour)
		}
		if err == nil {
			if n, err = k.x.o.Vault.Reindex(ctx); n > 0 {
				log.Info("persons are found by each two words of their names", "persons", n)
			}
		}
		if err != nil && ctx.Err() == nil {
			log.Error("the vault could not be tidied; it is tried again", "err", err)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// finish destroys what is left of somebody whom the journal says to be erased.
func (k *Persons) finish(ctx context.Context, id uuid.UUID) (done bool, err error) {
	gone, err := k.x.o.Vault.Erased(ctx, []uuid.UUID{id})
	if err != nil {
		return false, err
	}
	about, err := k.x.o.Vault.About(ctx, id)
	if err != nil || gone[id] && len(about) == 0 {
		return false, err
	}
	p, err := k.now(ctx, id)
	if err != nil || p.Erased == nil {
		return false, err
	}
	return true, k.destroy(ctx, id, *p.Erased)
}

// ApplyErasures does to this database what the list outside it says: one that was restored from before a decision has neither the decision
// nor its effect. It comes before the first request.
func (k *Persons) ApplyErasures(ctx context.Context) (applied int, err error) {
	if k.x.o.Erasures == nil || k.x.o.Vault == nil {
		return 0, nil
	}
	err = k.x.o.Erasures.Each(func(l vault.Listed) error {
		gone, err := k.x.o.Vault.Erased(ctx, []uuid.UUID{l.Person})
		if err != nil || gone[l.Person] {
			return err
		}
		if err := k.decidedBefore(ctx, l); err != nil { // first: cut short here, it is begun again
			return err
		}
		_, err = k.x.o.Vault.Erase(ctx, l.Person)
		applied++
		return err
	})
	return applied, err
}

// decidedBefore puts a decision back into a journal that lost it.
func (k *Persons) decidedBefore(ctx context.Context, l vault.Listed) error {
	said := person.PersonalDataErased{Decision: dossier.External(l.Decision), Reason: dossier.Code(l.Reason), Dossiers: l.Dossiers, Final: l.Final.UTC()}
	e := Envelope{Key: "restored-" + l.Person.String(), Body: []byte(l.Decision)}
	_, err := k.x.rule(ctx, clockwork, eventstore.Stream{Kind: PersonKind, ID: l.Person}, erasePerson, e, e.Body, func(history []eventstore.Event) ([]encoded, error) {
		now, err := foldPerson(history)
		if err != nil || now.Erased != nil {
			return nil, err
		}
		kind, version, data, err := person.Encode(said)
		return []encoded{{kind, version, data}}, err
	})
	return err
}

// about lists the dossiers of a person: those under whose keys words lie, and those of which it is the applicant.
func (k *Persons) about(ctx context.Context, id uuid.UUID, ref string) ([]uuid.UUID, error) {
	ids, err := k.x.o.Vault.About(ctx, id)
	if err != nil {
		return nil, err
	}
	filter := projections.Filter{Applicant: ref, Limit: 200}
	for {
		page, err := k.views.List(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			if !slices.Contains(ids, row.ID) {
				ids = append(ids, row.ID)
			}
		}
		if page.Next == "" {
			return ids, nil
		}
		filter.Cursor = page.Next
	}
}

// kept refuses while the record of a dossier may not go.
func (k *Persons) kept(ctx context.Context, id uuid.UUID) error {
	facts, err := k.x.Facts(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil // a filing that never came to the journal has no record
	}
	if err != nil {
		return err
	}
	s := dossier.Fold(facts)
	if s.Status == dossier.Disposed {
		return nil
	}
	name := id.String()
	if code := Code(s); code != nil {
		name = *code
	}
	return &domain.Refusal{Code: "record_kept", Basis: "Luật 91/2025, Điều 14; Luật 33/2024",
		VI: "Chưa xóa được: hồ sơ " + name + " còn trong thời hạn bảo quản hoặc đang bị khiếu nại. Hủy hồ sơ theo quyết định trước (dossier do " + name + " dispose-record), rồi xóa.",
		EN: "It cannot be erased yet: the record of dossier " + name + " is kept, or contested. Dispose of it by a decision first (dossier do " + name + " dispose-record), then erase."}
}

// Show reveals persons by their references, all in one answer and one entry of the access journal.
func (k *Persons) Show(ctx context.Context, by Accessor, refs []string, purpose dossier.Code) ([]ShownPerson, error) {
	if err := k.may(ctx, by, purpose); err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(refs))
	for i, ref := range refs {
		if !dossier.Ref(ref).Valid() {
			return nil, badRef()
		}
		ids[i] = PersonStream(ref)
	}
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: ids, Purpose: purpose}); err != nil {
		return nil, fmt.Errorf("record the reading: %w", err)
	}
	known, err := k.x.o.Vault.Persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	shown := make([]ShownPerson, len(refs))
	for i, ref := range refs {
		p := known[ids[i]]
		shown[i] = ShownPerson{ID: ids[i].String(), Version: p.Version, Person: p.Person, Unreadable: p.Unreadable}
		shown[i].Ref = ref
		if _, there := known[ids[i]]; there {
			continue
		}
		now, err := k.now(ctx, ids[i])
		if err != nil {
			return nil, err
		}
		if shown[i].Erased = now.Erased; now.Erased == nil {
			return nil, &domain.Refusal{Code: "person_unknown", Field: "ref", VI: "Không có người mang mã " + ref + " trong kho.", EN: "The vault knows nobody under " + ref + "."}
		}
	}
	return shown, nil
}

// MostNames is how many names one answer reveals.
const MostNames = 200

// Names reveals what the persons behind references are called, for a page of a worklist: one entry of the access journal. Who is not
// registered, was erased or cannot be read has no name.
func (k *Persons) Names(ctx context.Context, by Accessor, refs []string, purpose dossier.Code) (map[string]string, error) {
	if err := k.may(ctx, by, purpose); err != nil {
		return nil, err
	}
	if len(refs) > MostNames {
		return nil, &domain.Invalid{Code: "too_many", Field: "refs", VI: fmt.Sprintf("Mỗi lần xem tối đa %d người.", MostNames), EN: fmt.Sprintf("At most %d persons at once.", MostNames)}
	}
	ids := make([]uuid.UUID, 0, len(refs))
	for _, ref := range refs {
		if !dossier.Ref(ref).Valid() {
			return nil, badRef()
		}
		if id := PersonStream(ref); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: ids, Purpose: purpose}); err != nil {
		return nil, fmt.Errorf("record the reading: %w", err)
	}
	known, err := k.x.o.Vault.Persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, ref := range refs {
		if p := known[PersonStream(ref)]; p.Name != "" {
			names[ref] = p.Name
		}
	}
	return names, nil
}

// Find looks persons up at the counter. Who was shown goes into the access journal before it is shown.
func (k *Persons) Find(ctx context.Context, by Accessor, q vault.Query, purpose dossier.Code) (found []ShownPerson, more bool, err error) {
	if err := k.may(ctx, by, purpose); err != nil {
		return nil, false, err
	}
	if q.Empty() {
		return nil, false, &domain.Invalid{Code: "missing", Field: "name", VI: "Ghi ít nhất một trong: họ tên, số định danh, mã số thuế, số điện thoại, e-mail.", EN: "Give at least one of: name, ID number, tax code, telephone, e-mail."}
	}
	known, more, err := k.x.o.Vault.Find(ctx, q)
	if err != nil {
		return nil, false, err
	}
	ids := []uuid.UUID{}
	for _, p := range known {
		ids = append(ids, p.ID)
		found = append(found, ShownPerson{ID: p.ID.String(), Version: p.Version, Person: p.Person})
	}
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: ids, Search: true, Purpose: purpose}); err != nil {
		return nil, false, fmt.Errorf("record the search: %w", err)
	}
	return found, more, nil
}

func (k *Persons) may(ctx context.Context, by Accessor, purpose dossier.Code) error {
	if err := k.x.authorized(ctx, by.Actor, Act{Kind: People}); err != nil {
		return k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readPerson, uuid.Nil, err)
	}
	if err := k.x.noPersons(ctx, by.Actor); err != nil {
		return k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readPerson, uuid.Nil, err)
	}
	if k.x.o.Vault == nil {
		return noVault()
	}
	if !purpose.Valid() {
		return badPurpose()
	}
	return nil
}

// alike looks for others with one of the same numbers.
func (k *Persons) alike(ctx context.Context, by Accessor, self uuid.UUID, p vault.Person) (ids []string, err error) {
	if err := k.may(ctx, by, "duplicates"); err != nil {
		return nil, err
	}
	for _, q := range []vault.Query{{IDNumber: p.IDNumber}, {TaxCode: p.TaxCode}} {
		found, _, err := k.x.o.Vault.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, other := range found {
			if other.ID != self && !slices.Contains(ids, other.ID.String()) {
				ids = append(ids, other.ID.String())
			}
		}
	}
	return ids, nil
}

// now is what a person's history amounts to.
func (k *Persons) now(ctx context.Context, id uuid.UUID) (person.Person, error) {
	events, err := k.x.journal.Stream(ctx, id, 0)
	if err != nil {
		return person.Person{}, err
	}
	return foldPerson(events)
}

func foldPerson(events []eventstore.Event) (p person.Person, err error) {
	for _, e := range events {
		event, err := person.Decode(e.Type, e.TypeVersion, e.Data)
		if err != nil {
			return p, err
		}
		p = person.Evolve(p, event)
	}
	return p, nil
}

// change appends one fact to a person's history once it may follow and the vault has what it says.
func (k *Persons) change(ctx context.Context, by Accessor, ref string, act ActKind, name string, e Envelope, r *PersonReceipt, plan func(person.Person) (person.Event, func() error, error)) (err error) {
	if k.x.o.Vault == nil && k.x.authorized(ctx, by.Actor, Act{Kind: act}) == nil {
		return noVault()
	}
	if err := k.append(ctx, by, ref, Act{Kind: act}, name, e, plan); err != nil {
		return err
	}
	now, err := k.now(ctx, PersonStream(ref))
	r.Ref, r.Version, r.Erased = ref, now.Version, now.Erased
	return err
}

// append is one fact of a person that may follow, once what goes with it is kept.
func (k *Persons) append(ctx context.Context, by Accessor, ref string, act Act, name string, e Envelope, plan func(person.Person) (person.Event, func() error, error)) (err error) {
	defer func() { err = k.x.Refused(ctx, by.Actor, e, name, uuid.Nil, err) }()
	if err := k.x.authorized(ctx, by.Actor, act); err != nil {
		return err
	}
	if err := k.x.noPersons(ctx, by.Actor); err != nil {
		return err
	}
	id := PersonStream(ref)
	_, err = k.x.rule(ctx, by.Actor, eventstore.Stream{Kind: PersonKind, ID: id}, name, e, e.Body, func(history []eventstore.Event) ([]encoded, error) {
		now, err := foldPerson(history)
		if err != nil {
			return nil, err
		}
		event, keep, err := plan(now)
		if errors.Is(err, vault.ErrErased) {
			err = now.May(event) // says by which decision
		}
		if err == nil {
			err = now.May(event)
		}
		if err == nil && keep != nil {
			err = keep()
		}
		if err != nil {
			return nil, err
		}
		kind, version, data, err := person.Encode(event)
		return []encoded{{kind, version, data}}, err
	})
	return err
}

func checkPerson(ref string, p vault.Person) error {
	switch {
	case !dossier.Ref(ref).Valid():
		return badRef()
	case strings.TrimSpace(p.Name) == "":
		return &domain.Invalid{Code: "missing", Field: "name", VI: "Ghi họ tên, hoặc tên tổ chức.", EN: "Give the name of the person or organisation."}
	}
	for field, text := range map[string]string{"name": p.Name, "id_number": p.IDNumber, "tax_code": p.TaxCode, "born": p.Born, "phone": p.Phone, "email": p.Email, "address": p.Address} {
		if len(text) > 500 {
			return &domain.Invalid{Code: "text_too_long", Field: field, VI: "“" + field + "” quá dài.", EN: "“" + field + "” is too long."}
		}
	}
	return nil
}

func badRef() error {
	return &domain.Invalid{Code: "bad_code", Field: "ref",
		VI: "Mã người là 1 đến 64 ký tự: chữ thường a–z, số và . _ : -, không nhận họ tên hay số giấy tờ.",
		EN: "A person's reference has 1 to 64 characters: a–z, digits and . _ : -, never a name or an identity number."}
}

func badReason() error {
	return &domain.Invalid{Code: "bad_code", Field: "reason", VI: "Ghi lý do bằng một mã, ví dụ “spelling”, “data-subject-request”.", EN: "Say why by a code, such as “spelling”, “data-subject-request”."}
}

// PersonsReport is what Check found.
type PersonsReport struct {
	Known, Erased int64
	Wrong         string // the first that does not hold
}

// Check holds what the vault has of every person against the commitment of the newest version, and every erasure against what is left.
func (k *Persons) Check(ctx context.Context) (r PersonsReport, err error) {
	err = k.x.walk(ctx, nil, func(e eventstore.Event) error {
		if e.StreamKind != PersonKind || e.Version != 1 || r.Wrong != "" {
			return nil
		}
		wrong, erased, err := k.checkOne(ctx, e.StreamID)
		switch {
		case err != nil:
			return err
		case wrong != "":
			r.Wrong = "person " + e.StreamID.String() + ": " + wrong
		case erased:
			r.Erased++
		default:
			r.Known++
		}
		return nil
	})
	return r, err
}

func (k *Persons) checkOne(ctx context.Context, id uuid.UUID) (wrong string, erased bool, err error) {
	events, err := k.x.journal.Stream(ctx, id, 0)
	if err != nil {
		return "", false, err
	}
	now, err := foldPerson(events)
	if err != nil {
		return "", false, err
	}
	known, err := k.x.o.Vault.Persons(ctx, []uuid.UUID{id})
	if err != nil {
		return "", false, err
	}
	p, there := known[id]
	if now.Erased != nil {
		about, err := k.x.o.Vault.About(ctx, id)
		if there || len(about) > 0 {
			wrong = "erased by a decision, but the vault still has something (dossier vault finish)"
		}
		return wrong, true, err
	}
	switch {
	case !there:
		return "the vault does not have it", false, nil
	case p.Unreadable:
		return "its key is lost, or its row was altered", false, nil
	case p.Version != now.Version:
		return fmt.Sprintf("the vault has version %d, the history says %d", p.Version, now.Version), false, nil
	}
	commitment, err := k.x.o.Vault.Commitment(ctx, id, p.Version, p.Person)
	if err != nil {
		return "", false, err
	}
	for _, e := range events {
		event, err := person.Decode(e.Type, e.TypeVersion, e.Data)
		if err != nil {
			return "", false, err
		}
		said := dossier.Code("")
		switch event := event.(type) {
		case person.Registered:
			if p.Version == 1 {
				said = event.Commitment
			}
		case person.Corrected:
			if event.Version == p.Version {
				said = event.Commitment
			}
		}
		if said != "" && string(said) != commitment {
			return "the vault has something else than the history committed to", false, nil
		}
	}
	return "", false, nil
}
