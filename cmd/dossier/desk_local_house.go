package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/domain/person"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/handlers/signing"
)

func (d *local) catalogue(ctx context.Context, day calendar.Date) ([]procedure.Version, error) {
	all, err := d.a.catalogue(ctx, d.cmd)
	return all.On(day), err
}

func (d *local) procedure(ctx context.Context, id string, day calendar.Date, number int) (is rules, err error) {
	s, err := d.system(ctx)
	if err != nil {
		return is, err
	}
	p, err := s.executor.Procedures().Get(ctx, id)
	if err != nil {
		return is, err
	}
	v, valid := p.On(day)
	if number > 0 {
		v, valid = p.Version(number)
	}
	if !valid {
		return is, noProcedure(id, day)
	}
	is.version, is.of = v, len(p.Versions)
	is.switches, err = s.executor.Procedures().Switches(ctx, id)
	return is, err
}

func (d *local) version(ctx context.Context, id string, number int) (procedure.Version, error) {
	all, err := d.a.catalogue(ctx, d.cmd)
	if err != nil {
		return procedure.Version{}, err
	}
	v, known := all.Version(id, number)
	if p, exists := all.Procedure(id); exists && number == 0 {
		if now, valid := p.On(calendar.DateOf(time.Now(), handlers.Zone())); valid {
			v = now
		}
	}
	if !known {
		return v, handlers.ErrNoProcedure
	}
	return v, nil
}

func noProcedure(id string, day calendar.Date) error {
	return fmt.Errorf("procedure %q on %s: %w; the catalogue: dossier procedures list", id, day, handlers.ErrNoProcedure)
}

func (d *local) publishProcedure(ctx context.Context, file []byte) (handlers.PublishedProcedure, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.PublishedProcedure{}, err
	}
	return s.executor.PublishProcedure(ctx, actor, file, handlers.Envelope{Key: handlers.NewKey()})
}

func (d *local) withdrawProcedure(ctx context.Context, id string, w procedure.Withdraw) (handlers.PublishedProcedure, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.PublishedProcedure{}, err
	}
	return s.executor.WithdrawProcedure(ctx, actor, id, w.Decision, w.DecidedOn, w.From, handlers.Envelope{Key: handlers.NewKey()})
}

func (d *local) turn(ctx context.Context, t procedure.Turn) (handlers.Turned, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Turned{}, err
	}
	return s.executor.TurnSwitch(ctx, actor, t, handlers.Envelope{Key: handlers.NewKey()})
}

func (d *local) previewMove(ctx context.Context, id string, from, to int) (handlers.Move, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Move{}, err
	}
	return s.executor.PreviewMove(ctx, s.views, actor, id, from, to)
}

func (d *local) calendar(ctx context.Context, code string, version int64) (calendar.Calendar, error) {
	s, err := d.system(ctx)
	if err != nil {
		return calendar.Calendar{}, err
	}
	if version > 0 {
		return s.executor.Calendars().At(ctx, code, version)
	}
	return s.executor.Calendars().Get(ctx, code)
}

func (d *local) count(_ context.Context, c calendar.Calendar, t limitAsked) (is limitCounted, err error) {
	n := c.Count(t.agency, t.from, t.limit, t.policy)
	is.Missing, is.Steps = n.Missing, handlers.DescribeSteps(n.Steps)
	if n.Known() {
		is.Due, is.Closes = &n.Due, &n.Closes
	}
	return is, nil
}

func (d *local) publishCalendar(ctx context.Context, file []byte) (handlers.Published, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Published{}, err
	}
	return s.executor.PublishCalendar(ctx, actor, calendar.CodeOf(file), file, handlers.Envelope{Key: handlers.NewKey()})
}

func (d *local) organisation(ctx context.Context, day calendar.Date, knownAt string, whole bool) (is organisation.Described, err error) {
	s, err := d.system(ctx)
	if err != nil {
		return is, err
	}
	var o organisation.Organisation
	if knownAt != "" {
		m, err := handlers.ParseMoment(knownAt, handlers.Zone())
		if err != nil {
			return is, err
		}
		o, err = s.executor.Organisation().KnownAt(ctx, m)
		if err != nil {
			return is, err
		}
	} else if o, err = s.executor.Organisation().Get(ctx); err != nil {
		return is, err
	}
	if !o.Exists() {
		return is, errors.New("no organisation is known (then): apply one with 'dossier organisation apply FILE'; until then accounts are believed as they sign in")
	}
	if is = o.Describe(day); whole {
		is.Plan = o.Plan
	}
	return is, nil
}

func (d *local) previewOrganisation(ctx context.Context, file []byte) (handlers.AppliedOrganisation, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.AppliedOrganisation{}, err
	}
	return s.executor.PreviewOrganisation(ctx, actor, file)
}

func (d *local) applyOrganisation(ctx context.Context, file []byte, key string) (handlers.AppliedOrganisation, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.AppliedOrganisation{}, err
	}
	return s.executor.ApplyOrganisation(ctx, actor, file, handlers.Envelope{Key: key})
}

func (d *local) sandboxes(ctx context.Context) ([]organisation.Sandbox, error) {
	s, err := d.system(ctx)
	if err != nil {
		return nil, err
	}
	return s.executor.OpenSandboxes(ctx)
}

func (d *local) resetSandbox(ctx context.Context, agency, key string) (organisation.Sandbox, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return organisation.Sandbox{}, err
	}
	return s.executor.ResetSandbox(ctx, actor, agency, handlers.Envelope{Key: key})
}

// bulk is the system for who acts on many dossiers.
func (d *local) bulk(ctx context.Context) (*handlers.Bulk, domain.Actor, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, actor, err
	}
	return handlers.NewBulk(s.executor, s.views, handlers.BulkOptions{}), actor, nil
}

func (d *local) planBatch(ctx context.Context, plan handlers.BulkPlan, key string) (handlers.Batch, error) {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return handlers.Batch{}, err
	}
	body, err := json.Marshal(plan)
	if err != nil {
		return handlers.Batch{}, err
	}
	return bulk.Plan(ctx, actor, plan, handlers.Envelope{Key: key, Body: body})
}

func (d *local) batch(ctx context.Context, id uuid.UUID) (handlers.Batch, error) {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return handlers.Batch{}, err
	}
	return bulk.Get(ctx, actor, id)
}

func (d *local) batchItems(ctx context.Context, id uuid.UUID, page handlers.BulkPage) (handlers.BulkItems, error) {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return handlers.BulkItems{}, err
	}
	return bulk.Items(ctx, actor, id, page)
}

func (d *local) dryRunBatch(ctx context.Context, id uuid.UUID, page handlers.BulkPage) (handlers.BulkItems, error) {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return handlers.BulkItems{}, err
	}
	return bulk.DryRun(ctx, actor, id, page)
}

func (d *local) dryUndoBatch(ctx context.Context, id uuid.UUID, u batch.Undo, page handlers.BulkPage) (handlers.BulkItems, error) {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return handlers.BulkItems{}, err
	}
	return bulk.PreviewUndo(ctx, actor, id, u, page)
}

func (d *local) startBatch(ctx context.Context, id uuid.UUID, stopAfter int, seen string) error {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return err
	}
	_, err = bulk.Start(ctx, actor, id, stopAfter, handlers.Envelope{Key: handlers.NewKey(), Seen: seen})
	return err
}

func (d *local) undoBatch(ctx context.Context, id uuid.UUID, u batch.Undo) error {
	bulk, actor, err := d.bulk(ctx)
	if err != nil {
		return err
	}
	_, err = bulk.Undo(ctx, actor, id, u, handlers.Envelope{Key: handlers.NewKey()})
	return err
}

// workOnBatch works on it; where another process is at it, it waits a little.
func (d *local) workOnBatch(ctx context.Context, id uuid.UUID, told func(batch.State)) error {
	bulk, _, err := d.bulk(ctx)
	if err != nil {
		return err
	}
	if _, err := bulk.Work(ctx, id, told); err == nil {
		return nil
	} else if !errors.Is(err, eventstore.ErrHeld) {
		return fmt.Errorf("%w; run it again to go on", err)
	}
	return pause(ctx)
}

// pause is how long it takes until a batch that others work on is looked at again.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}

// people is the system for who acts on persons.
func (d *local) people(ctx context.Context) (*handlers.Persons, handlers.Accessor, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, handlers.Accessor{}, err
	}
	return handlers.NewPersons(s.executor, s.views), handlers.Accessor{Actor: actor}, nil
}

// envelope holds what is hashed under a key, and goes nowhere else.
func (w personWish) envelope(body ...any) (handlers.Envelope, error) {
	raw, err := json.Marshal(body)
	return handlers.Envelope{Key: w.key, Body: raw}, err
}

func (d *local) changePerson(ctx context.Context, w personWish) (r handlers.PersonReceipt, err error) {
	k, by, err := d.people(ctx)
	if err != nil {
		return r, err
	}
	var e handlers.Envelope
	switch w.act {
	case "register":
		if e, err = w.envelope(w.person, w.kind); err == nil {
			r, err = k.Register(ctx, by, w.ref, w.kind, w.person, e)
		}
	case "correct":
		if e, err = w.envelope(w.person, w.reason); err == nil {
			r, err = k.Correct(ctx, by, w.ref, w.person, w.reason, e)
		}
	case "erase":
		if e, err = w.envelope(w.decision, w.reason); err == nil {
			r, err = k.Erase(ctx, by, w.ref, w.decision, w.reason, e)
		}
	default:
		err = fmt.Errorf("nothing about a person is called %s", w.act)
	}
	return r, err
}

func (d *local) standing(ctx context.Context, w personWish) (is handlers.Standing, err error) {
	k, by, err := d.people(ctx)
	if err != nil {
		return is, err
	}
	e, err := w.envelope(w.number, w.told)
	if err != nil {
		return is, err
	}
	switch told := w.told.(type) {
	case person.MandateGranted:
		return k.Grant(ctx, by, w.ref, told, e)
	case person.MandateEnded:
		told.Number = w.number
		return k.EndMandate(ctx, by, w.ref, told, e)
	case person.Wish:
		return k.Ask(ctx, by, w.ref, told, e)
	case person.RequestAnswered:
		told.Number = w.number
		return k.Answer(ctx, by, w.ref, told, e)
	case person.RequestExtended:
		told.Number = w.number
		return k.Extend(ctx, by, w.ref, told, e)
	}
	if w.act == "done" {
		return k.Finish(ctx, by, w.ref, w.number, e)
	}
	return k.Standing(ctx, by, w.ref)
}

func (d *local) persons(ctx context.Context, refs []string, purpose string) ([]handlers.ShownPerson, error) {
	k, by, err := d.people(ctx)
	if err != nil {
		return nil, err
	}
	return k.Show(ctx, by, refs, dossier.Code(purpose))
}

func (d *local) findPersons(ctx context.Context, q vault.Query, purpose string) ([]handlers.ShownPerson, bool, error) {
	k, by, err := d.people(ctx)
	if err != nil {
		return nil, false, err
	}
	return k.Find(ctx, by, q, dossier.Code(purpose))
}

func (d *local) prefill(ctx context.Context, ref, procedure, purpose string) ([]handlers.Prefilled, error) {
	k, by, err := d.people(ctx)
	if err != nil {
		return nil, err
	}
	return k.Prefill(ctx, by, ref, procedure, dossier.Code(purpose))
}

func (d *local) files(ctx context.Context, target string) ([]handlers.FileLine, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.executor.Admits(ctx, actor); err != nil {
		return nil, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return nil, err
	}
	return s.files.List(ctx, actor, id, "")
}

func (d *local) addFile(ctx context.Context, target, key string, n handlers.NewFile, content io.ReadSeeker, tell func(done, total int64)) (handlers.FileLine, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.FileLine{}, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return handlers.FileLine{}, err
	}
	f, err := s.files.Create(ctx, actor, id, n, handlers.Envelope{Key: key})
	if err != nil {
		return f, err
	}
	if _, err := content.Seek(f.Offset, io.SeekStart); err != nil {
		return f, fmt.Errorf("read file: %w", err)
	}
	return s.files.Append(ctx, actor, f.ID, f.Offset, &told{r: content, at: f.Offset, of: f.Size, tell: tell})
}

func (d *local) readFile(ctx context.Context, id uuid.UUID, into func(func(io.Writer) error) error) error {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return err
	}
	if err := s.executor.Admits(ctx, actor); err != nil {
		return err
	}
	c, err := s.files.Read(ctx, actor, id, "")
	if handlers.Altered(err) {
		return handlers.ErrFileAltered
	}
	if err != nil {
		return err
	}
	defer c.Close()
	if err := into(c.CopyTo); handlers.Altered(err) {
		return fmt.Errorf("%w (%v)", handlers.ErrFileAltered, err)
	} else if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}

func (d *local) signFile(ctx context.Context, file uuid.UUID, signature, key string) (handlers.Receipt, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return handlers.Receipt{}, err
	}
	return s.files.SignFile(ctx, actor, file, signature, handlers.Envelope{Key: key})
}

func (d *local) signatures(ctx context.Context, target string) ([]handlers.SignatureLine, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.find(ctx, target)
	if err != nil {
		return nil, err
	}
	by := handlers.Accessor{Actor: actor}
	lines, err := s.executor.Signatures(ctx, by, id, uuid.Nil)
	if errors.Is(err, handlers.ErrNotFound) {
		lines, err = s.files.Signatures(ctx, by, id) // not a dossier: a file
	}
	return lines, err
}

func (d *local) prove(ctx context.Context, signature string, sum signing.Digest) (signing.Evidence, error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return signing.Evidence{}, err
	}
	return s.executor.Prove(ctx, actor, signature, sum)
}

// operating is the system for who looks after it: an account that acts in a development stack, the owner of the database elsewhere.
func (d *local) operating(ctx context.Context) (*system, handlers.Accessor, error) {
	s, err := d.system(ctx)
	if err != nil {
		return nil, handlers.Accessor{}, err
	}
	by, err := operator(ctx, d.cmd, s)
	return s, by, err
}

func (d *local) keys(ctx context.Context) ([]identity.Key, time.Time, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	keys, err := s.keys().List(ctx, by.Actor)
	return keys, s.executor.Now(), err
}

func (d *local) makeKey(ctx context.Context, n identity.NewKey) (identity.Key, string, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return identity.Key{}, "", err
	}
	return s.keys().Make(ctx, by, n)
}

func (d *local) confirmKey(ctx context.Context, prefix string) (identity.Key, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return identity.Key{}, err
	}
	return s.keys().Confirm(ctx, by, prefix)
}

func (d *local) revokeKey(ctx context.Context, prefix string) (identity.Key, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return identity.Key{}, err
	}
	return s.keys().Revoke(ctx, by, prefix)
}

func (d *local) sessions(ctx context.Context, account string) ([]identity.Session, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return nil, err
	}
	return sessionsOf(s.cfg, s.pool, s.executor).List(ctx, by.Actor, account)
}

func (d *local) endSessions(ctx context.Context, account string) (int, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return 0, err
	}
	return sessionsOf(s.cfg, s.pool, s.executor).End(ctx, by, account)
}

func (d *local) linkSubject(ctx context.Context, subject, account string) error {
	login, by, err := d.login(ctx)
	if err != nil {
		return err
	}
	return login.Link(ctx, by, subject, account)
}

func (d *local) confirmSubject(ctx context.Context, subject, account string) error {
	login, by, err := d.login(ctx)
	if err != nil {
		return err
	}
	return login.Confirm(ctx, by, subject, account)
}

// login is the way in by the issuer of the settings.
func (d *local) login(ctx context.Context) (*identity.Login, handlers.Accessor, error) {
	s, by, err := d.operating(ctx)
	if err != nil {
		return nil, by, err
	}
	login, err := loginOf(s.cfg, sessionsOf(s.cfg, s.pool, s.executor), s.executor.Vault(), identity.NewLockout(nil))
	if err == nil && login == nil {
		err = errors.New("no issuer is set: OIDC_ISSUER_URL")
	}
	return login, by, err
}
