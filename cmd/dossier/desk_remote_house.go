package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/domain/batch"
	"dossier/domain/calendar"
	"dossier/domain/document"
	"dossier/domain/organisation"
	"dossier/domain/person"
	"dossier/domain/procedure"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/client"
	"dossier/handlers/identity"
	"dossier/handlers/signing"
)

// of says whether a server refused with that status.
func of(err error, status int64) (*client.Problem, bool) {
	var p *client.Problem
	is := errors.As(err, &p) && p.Status == status
	return p, is
}

// mistakesIn are what is wrong with a file of rules, whoever read it.
func mistakesIn(err error) handlers.Mistakes {
	if ours := (handlers.Mistakes)(nil); errors.As(err, &ours) {
		return ours
	}
	p, is := of(err, http.StatusUnprocessableEntity)
	if !is || p.Code != "file_mistakes" {
		return nil
	}
	var list handlers.Mistakes
	for _, f := range p.Errors {
		m := document.Mistake{Line: int(f.Line), Path: f.Field}
		m.VI = strings.TrimPrefix(f.DetailVI, fmt.Sprintf("dòng %d: ", f.Line))
		m.EN = strings.TrimPrefix(f.DetailEN, fmt.Sprintf("line %d: ", f.Line))
		list = append(list, m)
	}
	return list
}

func (d *remote) catalogue(ctx context.Context, day calendar.Date) ([]procedure.Version, error) {
	got, err := d.ListProcedures(ctx, client.ListProceduresParams{At: day.String()})
	items, err := list[procedure.Described]("items", got, err)
	if err != nil {
		return nil, err
	}
	all := make([]procedure.Version, len(items))
	for i, item := range items {
		if all[i], err = item.Whole(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d *remote) procedure(ctx context.Context, id string, day calendar.Date, number int) (is rules, err error) {
	p := client.GetProcedureParams{Version: int64(number)}
	if number == 0 {
		p.At = day.String()
	}
	got, err := d.GetProcedure(ctx, id, p)
	body, err := as[struct {
		Version  *procedure.Described
		Switches []procedure.Switch
	}](got, err)
	if _, gone := of(err, http.StatusNotFound); gone || err == nil && body.Version == nil {
		return is, noProcedure(id, day)
	}
	if err != nil {
		return is, err
	}
	is.of, is.switches = len(got.Value.Versions), body.Switches
	is.version, err = body.Version.Whole()
	return is, err
}

func (d *remote) version(ctx context.Context, id string, number int) (procedure.Version, error) {
	v, err := d.rules(ctx, id, int64(number))
	if err == nil && v.ID == "" {
		err = handlers.ErrNoProcedure
	}
	return v, err
}

func (d *remote) publishProcedure(ctx context.Context, file []byte) (handlers.PublishedProcedure, error) {
	got, err := d.PublishProcedure(ctx, client.Once{}, file)
	return as[handlers.PublishedProcedure](got, err)
}

func (d *remote) withdrawProcedure(ctx context.Context, id string, w procedure.Withdraw) (handlers.PublishedProcedure, error) {
	got, err := d.WithdrawProcedure(ctx, id, client.Once{}, client.WithdrawInputBody{Decision: w.Decision, DecidedOn: w.DecidedOn.String(), From: w.From.String()})
	return as[handlers.PublishedProcedure](got, err)
}

func (d *remote) previewMove(ctx context.Context, id string, from, to int) (handlers.Move, error) {
	got, err := d.PreviewMove(ctx, id, client.PreviewMoveParams{From: int64(from), To: int64(to)})
	if _, gone := of(err, http.StatusNotFound); gone {
		err = handlers.ErrNoProcedure
	}
	return as[handlers.Move](got, err)
}

func (d *remote) turn(ctx context.Context, t procedure.Turn) (handlers.Turned, error) {
	got, err := d.TurnSwitch(ctx, t.Procedure, client.Once{}, client.SwitchInputBody{Unit: t.Unit, Open: t.Open, Reason: string(t.Reason), Basis: t.Basis})
	return as[handlers.Turned](got, err)
}

// calendar is one without its hours: what is shown of it are days.
func (d *remote) calendar(ctx context.Context, code string, version int64) (c calendar.Calendar, err error) {
	got, err := d.GetCalendar(ctx, code, client.GetCalendarParams{Version: version})
	if _, gone := of(err, http.StatusNotFound); gone {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	b := got.Value
	c = calendar.Calendar{Code: b.Code, Version: b.Version, Zone: b.Zone, Years: map[int]calendar.Year{}}
	for _, y := range b.Years {
		days := map[calendar.Date]calendar.Day{}
		for _, one := range y.Days {
			date, err := calendar.ParseDate(one.Date)
			if err != nil {
				return c, fmt.Errorf("read calendar %s: %w", code, err)
			}
			days[date] = calendar.Day{Date: date, Kind: calendar.Kind(one.Kind), Name: one.Name, Certainty: calendar.Certainty(one.Certainty)}
		}
		c.Years[int(y.Year)] = calendar.Year{Provisional: y.Provisional, Basis: y.Basis, Days: days}
	}
	return c, nil
}

// count leaves the counting to the server, which knows the hours.
func (d *remote) count(ctx context.Context, c calendar.Calendar, t limitAsked) (limitCounted, error) {
	got, err := d.CountLimit(ctx, c.Code, client.CountLimitParams{Version: t.version, From: t.from.Format(time.RFC3339), Limit: t.limit.String(), Agency: t.agency, Policy: string(t.policy)})
	return as[limitCounted](got, err)
}

func (d *remote) publishCalendar(ctx context.Context, file []byte) (handlers.Published, error) {
	got, err := d.PublishCalendar(ctx, client.Once{}, file)
	return as[handlers.Published](got, err)
}

func (d *remote) organisation(ctx context.Context, day calendar.Date, knownAt string, whole bool) (organisation.Described, error) {
	got, err := d.GetOrganisation(ctx, client.GetOrganisationParams{At: day.String(), KnownAt: knownAt, All: whole})
	return as[organisation.Described](got, err)
}

func (d *remote) previewOrganisation(ctx context.Context, file []byte) (handlers.AppliedOrganisation, error) {
	got, err := d.ApplyOrganisation(ctx, client.ApplyOrganisationParams{DryRun: true}, file)
	return as[handlers.AppliedOrganisation](got, err)
}

func (d *remote) applyOrganisation(ctx context.Context, file []byte, key string) (handlers.AppliedOrganisation, error) {
	got, err := d.ApplyOrganisation(ctx, client.ApplyOrganisationParams{IdempotencyKey: key}, file)
	return as[handlers.AppliedOrganisation](got, err)
}

func (d *remote) sandboxes(ctx context.Context) ([]organisation.Sandbox, error) {
	got, err := d.ListSandboxes(ctx)
	return list[organisation.Sandbox]("items", got, err)
}

func (d *remote) resetSandbox(ctx context.Context, agency, key string) (organisation.Sandbox, error) {
	got, err := d.ResetSandbox(ctx, agency, client.Once{Key: key})
	return as[organisation.Sandbox](got, err)
}

func (d *remote) planBatch(ctx context.Context, plan handlers.BulkPlan, key string) (handlers.Batch, error) {
	body := client.PlanBody{Command: plan.Command, Arguments: plan.Arguments, IDs: plan.IDs, AnyVersion: plan.AnyVersion}
	if f := plan.Filter; f != nil {
		body.Filter = client.FilterBody{Procedure: f.Procedure, Channel: string(f.Channel), Unit: f.Unit, Officer: f.Officer, Applicant: f.Applicant, Outcome: string(f.Outcome), Query: f.Query}
		for _, s := range f.Status {
			body.Filter.Status = append(body.Filter.Status, string(s))
		}
	}
	got, err := d.PlanBatch(ctx, client.Once{Key: key}, body)
	return as[handlers.Batch](got, err)
}

func (d *remote) batch(ctx context.Context, id uuid.UUID) (handlers.Batch, error) {
	got, err := d.GetBatch(ctx, id.String())
	return as[handlers.Batch](got, err)
}

func (d *remote) batchItems(ctx context.Context, id uuid.UUID, p handlers.BulkPage) (handlers.BulkItems, error) {
	got, err := d.ListBatchItems(ctx, id.String(), client.ListBatchItemsParams{From: int64(p.From), Limit: int64(p.Limit), Outcome: string(p.Outcome)})
	return as[handlers.BulkItems](got, err)
}

func (d *remote) dryRunBatch(ctx context.Context, id uuid.UUID, p handlers.BulkPage) (handlers.BulkItems, error) {
	got, err := d.DryRunBatch(ctx, id.String(), client.DryRunBatchParams{From: int64(p.From), Limit: int64(p.Limit), Outcome: string(p.Outcome)})
	return as[handlers.BulkItems](got, err)
}

func (d *remote) dryUndoBatch(ctx context.Context, id uuid.UUID, u batch.Undo, p handlers.BulkPage) (handlers.BulkItems, error) {
	got, err := d.DryRunUndoBatch(ctx, id.String(), client.DryRunUndoBatchParams{From: int64(p.From), Limit: int64(p.Limit), Outcome: string(p.Outcome)}, client.UndoBody(u))
	return as[handlers.BulkItems](got, err)
}

func (d *remote) startBatch(ctx context.Context, id uuid.UUID, stopAfter int, seen string) error {
	_, err := d.RunBatch(ctx, id.String(), client.Once{}, client.RunBody{StopAfterRefusals: int64(stopAfter), Seen: seen})
	return err
}

func (d *remote) undoBatch(ctx context.Context, id uuid.UUID, u batch.Undo) error {
	_, err := d.UndoBatch(ctx, id.String(), client.Once{}, client.UndoBody(u))
	return err
}

// workOnBatch lets the server work.
func (d *remote) workOnBatch(ctx context.Context, _ uuid.UUID, _ func(batch.State)) error {
	return pause(ctx)
}

func (d *remote) changePerson(ctx context.Context, w personWish) (handlers.PersonReceipt, error) {
	once, p := client.Once{Key: w.key}, w.person
	switch w.act {
	case "register":
		got, err := d.RegisterPerson(ctx, w.ref, once, client.RegisterInputBody{Kind: string(w.kind), Name: p.Name, IDNumber: p.IDNumber, TaxCode: p.TaxCode, Born: p.Born, Phone: p.Phone, Email: p.Email, Address: p.Address})
		return as[handlers.PersonReceipt](got, err)
	case "correct":
		got, err := d.CorrectPerson(ctx, w.ref, once, client.CorrectInputBody{Reason: string(w.reason), Name: p.Name, IDNumber: p.IDNumber, TaxCode: p.TaxCode, Born: p.Born, Phone: p.Phone, Email: p.Email, Address: p.Address})
		return as[handlers.PersonReceipt](got, err)
	case "erase":
		got, err := d.ErasePerson(ctx, w.ref, once, client.EraseInputBody{Decision: string(w.decision), Reason: string(w.reason)})
		return as[handlers.PersonReceipt](got, err)
	}
	return handlers.PersonReceipt{}, fmt.Errorf("nothing about a person is called %s", w.act)
}

func (d *remote) standing(ctx context.Context, w personWish) (handlers.Standing, error) {
	got, err := d.tell(ctx, w, client.Once{Key: w.key}, int64(w.number))
	return as[handlers.Standing](got, err)
}

func (d *remote) tell(ctx context.Context, w personWish, once client.Once, number int64) (*client.Answer[client.Standing], error) {
	switch told := w.told.(type) {
	case person.MandateGranted:
		body := client.GrantInputBody{To: string(told.To), Evidence: string(told.Evidence), From: dateOf(told.From)}
		for _, p := range told.Procedures {
			body.Procedures = append(body.Procedures, string(p))
		}
		if told.Until != nil {
			body.Until = told.Until.String()
		}
		return d.GrantMandate(ctx, w.ref, once, body)
	case person.MandateEnded:
		return d.EndMandate(ctx, w.ref, number, once, client.EndInputBody{From: dateOf(told.From), Reason: string(told.Reason)})
	case person.Wish:
		return d.AskAboutData(ctx, w.ref, once, client.AskInputBody{Wish: string(told)})
	case person.RequestAnswered:
		return d.AnswerAboutData(ctx, w.ref, number, once, client.AnswerInputBody{Answer: string(told.Answer), Basis: string(told.Basis)})
	case person.RequestExtended:
		return d.ExtendAboutData(ctx, w.ref, number, once, client.ExtendInputBody{Reason: string(told.Reason)})
	}
	if w.act == "done" {
		return d.FinishAboutData(ctx, w.ref, number, once)
	}
	return d.GetStanding(ctx, w.ref)
}

// dateOf writes a day, nothing for none.
func dateOf(day calendar.Date) string {
	if day == 0 {
		return ""
	}
	return day.String()
}

func (d *remote) persons(ctx context.Context, refs []string, purpose string) (all []handlers.ShownPerson, err error) {
	for _, ref := range refs {
		got, err := d.GetPerson(ctx, ref, client.GetPersonParams{Purpose: purpose})
		one, err := as[handlers.ShownPerson](got, err)
		if p, gone := of(err, http.StatusGone); gone && json.Unmarshal(p.Raw, &one) == nil && one.Erased != nil {
			err = nil // the certificate of the erasure
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (d *remote) findPersons(ctx context.Context, q vault.Query, purpose string) ([]handlers.ShownPerson, bool, error) {
	got, err := d.FindPersons(ctx, client.FindInputBody{Name: q.Name, IDNumber: q.IDNumber, TaxCode: q.TaxCode, Phone: q.Phone, Email: q.Email, Purpose: purpose})
	body, err := as[struct {
		Persons []handlers.ShownPerson
		More    bool
	}](got, err)
	return body.Persons, body.More, err
}

func (d *remote) prefill(ctx context.Context, ref, procedure, purpose string) ([]handlers.Prefilled, error) {
	got, err := d.Prefill(ctx, ref, client.PrefillParams{Procedure: procedure, Purpose: purpose})
	return list[handlers.Prefilled]("fields", got, err)
}

// find turns a code into the id of a dossier, which the routes of files ask for.
func (d *remote) find(ctx context.Context, target string) (string, error) {
	if _, err := uuid.Parse(target); err == nil {
		return target, nil
	}
	for one, err := range d.AllDossiers(ctx, client.ListDossiersParams{Q: target, Limit: 50}) {
		if err != nil {
			return "", err
		}
		if one.Code != nil && *one.Code == target {
			return one.ID, nil
		}
	}
	return "", fmt.Errorf("look up code %q: %w", target, handlers.ErrNotFound)
}

func (d *remote) files(ctx context.Context, target string) ([]handlers.FileLine, error) {
	id, err := d.find(ctx, target)
	if err != nil {
		return nil, err
	}
	got, err := d.ListFiles(ctx, id)
	return list[handlers.FileLine]("items", got, err)
}

// filePart is how much of a file goes in one request.
const filePart = 4 << 20

func (d *remote) addFile(ctx context.Context, target, key string, n handlers.NewFile, content io.ReadSeeker, tell func(done, total int64)) (handlers.FileLine, error) {
	id, err := d.find(ctx, target)
	if err != nil {
		return handlers.FileLine{}, err
	}
	got, err := d.CreateFile(ctx, id, client.Once{Key: key}, client.NewFile{Name: n.Name, Size: n.Size, SHA256: n.SHA256, Component: n.Component, Kind: n.Kind, Signature: n.Signature})
	f, err := as[handlers.FileLine](got, err)
	if err != nil {
		return f, err
	}
	if _, err := content.Seek(f.Offset, io.SeekStart); err != nil {
		return f, fmt.Errorf("read file: %w", err)
	}
	part := make([]byte, filePart)
	for f.Offset < f.Size {
		have, err := io.ReadFull(content, part)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return f, fmt.Errorf("read file: %w", err)
		}
		got, err := d.AppendFile(ctx, f.ID.String(), client.AppendFileParams{UploadOffset: f.Offset}, part[:have])
		if f, err = as[handlers.FileLine](got, err); err != nil {
			return f, err
		}
		if tell != nil {
			tell(f.Offset, f.Size)
		}
	}
	return f, nil
}

func (d *remote) readFile(ctx context.Context, id uuid.UUID, into func(func(io.Writer) error) error) error {
	got, err := d.GetFileContent(ctx, id.String())
	if err != nil {
		return err
	}
	defer got.Close()
	if err := into(func(w io.Writer) error { _, err := io.Copy(w, got); return err }); err != nil {
		return fmt.Errorf("read file: %w", err) // also of one that was altered: the server ends the connection before the last byte
	}
	return nil
}

func (d *remote) signFile(ctx context.Context, file uuid.UUID, signature, key string) (handlers.Receipt, error) {
	return receiptOf(d.SignAFile(ctx, file.String(), client.Once{Key: key}, client.SignInputBody{Signature: signature}))
}

func (d *remote) signatures(ctx context.Context, target string) ([]handlers.SignatureLine, error) {
	id, err := d.find(ctx, target)
	if err != nil {
		return nil, err
	}
	got, err := d.ListSignatures(ctx, id)
	if _, gone := of(err, http.StatusNotFound); gone {
		got, err = d.ListFileSignatures(ctx, id) // not a dossier: a file
	}
	return list[handlers.SignatureLine]("items", got, err)
}

// prove sends the digest: what was signed stays here.
func (d *remote) prove(ctx context.Context, signature string, sum signing.Digest) (signing.Evidence, error) {
	got, err := d.VerifySignature(ctx, client.ProveInputBody{SHA256: hex.EncodeToString(sum[:]), Signature: signature})
	if p, refused := of(err, http.StatusConflict); refused && signing.Refusal(p.Code) != nil {
		err = signing.Refusal(p.Code)
	}
	return as[signing.Evidence](got, err)
}

func (d *remote) keys(ctx context.Context) ([]identity.Key, time.Time, error) {
	got, err := d.ListKeys(ctx)
	keys, err := list[identity.Key]("keys", got, err)
	return keys, time.Now(), err
}

func (d *remote) makeKey(ctx context.Context, n identity.NewKey) (identity.Key, string, error) {
	got, err := d.MakeKey(ctx, client.MakeKeyInputBody{Label: n.Label, Account: n.As.Account, Role: string(n.As.Role), Unit: n.As.Unit, Scopes: n.Scopes, Networks: n.Networks, Days: int64(n.For / (24 * time.Hour))})
	made, err := as[struct {
		Key   identity.Key
		Token string
	}](got, err)
	return made.Key, made.Token, err
}

func (d *remote) confirmKey(ctx context.Context, prefix string) (identity.Key, error) {
	got, err := d.ConfirmKey(ctx, prefix)
	return as[identity.Key](got, err)
}

func (d *remote) revokeKey(ctx context.Context, prefix string) (identity.Key, error) {
	got, err := d.RevokeKey(ctx, prefix)
	return as[identity.Key](got, err)
}

func (d *remote) sessions(ctx context.Context, account string) ([]identity.Session, error) {
	got, err := d.ListSessions(ctx, client.ListSessionsParams{Account: account})
	return list[identity.Session]("sessions", got, err)
}

func (d *remote) endSessions(ctx context.Context, account string) (int, error) {
	got, err := d.EndSessions(ctx, client.EndSessionsInputBody{Account: account})
	ended, err := as[struct{ Ended int }](got, err)
	return ended.Ended, err
}

func (d *remote) linkSubject(ctx context.Context, subject, account string) error {
	_, err := d.LinkSubject(ctx, client.LinkInputBody{Subject: subject, Account: account})
	return err
}

func (d *remote) confirmSubject(ctx context.Context, subject, account string) error {
	_, err := d.ConfirmSubject(ctx, client.ConfirmLinkInputBody{Subject: subject, Account: account})
	return err
}
