package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/vault"

	"github.com/google/uuid"
)

// PersonKind is the stream kind of persons.
const PersonKind = "person"

// PersonStream is where the history of a person stands, and the owner of its key, by the reference that dossiers have of it.
func PersonStream(ref string) uuid.UUID { return eventstore.StreamIDFor(PersonKind, ref, "") }

// Vault is where this executor keeps what people type; nil: nowhere.
func (x *Executor) Vault() *vault.Vault { return x.o.Vault }

// deposit puts the words of a command into the vault, under the key of the dossier, and points the command to them. It comes before the
// append, and once more the same if that is tried again: words that no event points to in the end are swept.
func (x *Executor) deposit(ctx context.Context, a domain.Actor, id uuid.UUID, applicant, name string, e Envelope, c dossier.Command) (dossier.Command, error) {
	if x.o.Vault == nil {
		return nil, noVault()
	}
	person := PersonStream(applicant)
	command := eventstore.CommandID(a.Account, id, name+" "+e.Key)
	var pledges []vault.Pledge
	c, err := dossier.Deposit(c, func(place, words string) (dossier.Text, error) {
		p, err := x.o.Vault.Pledge(ctx, id, &person, command, place, words)
		pledges = append(pledges, p)
		return dossier.Text{Ref: dossier.Ref(p.Ref.String()), Commitment: dossier.Code(p.Commitment)}, err
	})
	if err == nil {
		err = x.o.Vault.Redeem(ctx, pledges)
	}
	if errors.Is(err, vault.ErrErased) {
		return nil, gone()
	}
	return c, err
}

func noVault() error {
	return &domain.Refusal{Code: "no_vault", Field: "text",
		VI: "Hệ thống chưa có kho dữ liệu cá nhân (VAULT_KEY) nên không nhận nội dung do người gõ. Bỏ trống phần đó, hoặc báo quản trị hệ thống.",
		EN: "There is no vault here (VAULT_KEY), so what people type is not taken. Leave it out, or tell the system's administrator."}
}

func gone() error {
	return &domain.Refusal{Code: "erased", Field: "text",
		VI: "Dữ liệu cá nhân của hồ sơ này đã được xóa theo quyết định: không ghi thêm nội dung.",
		EN: "The personal data of this dossier were erased by a decision: no more words are taken."}
}

// Said is what a person typed with one fact of a dossier.
type Said struct {
	Position int64  `json:"position"`
	Version  int64  `json:"version"`
	Type     string `json:"type"`
	Place    string `json:"place"`           // the member of the fact
	Words    string `json:"words,omitempty"` // none of what cannot be shown
	Why      string `json:"why,omitempty"`   // erased, unreadable, missing, altered
}

// Words reads what was typed in a dossier, for a purpose that goes into the access journal first. An applicant reads its own, but no notes:
// they stay inside.
func (x *Executor) Words(ctx context.Context, by Accessor, id uuid.UUID, purpose dossier.Code) ([]Said, error) {
	if !purpose.Valid() {
		return nil, badPurpose()
	}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	s := dossier.Fold(facts)
	if err := x.admitsReading(ctx, by.Actor, s); err != nil {
		return nil, x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readWords, id, err)
	}
	if x.o.Vault == nil {
		return nil, noVault()
	}
	if err := x.o.Access.Record(ctx, by, access.WordsRead{Dossier: id, Purpose: purpose}); err != nil {
		return nil, fmt.Errorf("record the reading: %w", err)
	}
	said, err := x.said(ctx, id, facts)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(said, func(one Said) bool {
		note := one.Type == dossier.TypeOf(dossier.NoteAdded{})
		return one.Place == dossier.InEvidence || note && by.Role == domain.Applicant
	}), nil
}

func badPurpose() error {
	return &domain.Invalid{Code: "bad_code", Field: "purpose",
		VI: "Ghi mục đích xem bằng một mã, ví dụ “appraisal”, “complaint”, “data-subject-request”.",
		EN: "Say what it is read for by a code, such as “appraisal”, “complaint”, “data-subject-request”."}
}

// said reads the texts that facts of a dossier point to and holds each against its commitment.
func (x *Executor) said(ctx context.Context, id uuid.UUID, facts []dossier.Fact) ([]Said, error) {
	said := []Said{}
	var refs []uuid.UUID
	var texts []dossier.Text
	for _, f := range facts {
		for place, t := range dossier.TextsOf(f.Event) {
			ref, err := uuid.Parse(string(t.Ref))
			if err != nil {
				ref = uuid.Nil
			}
			refs, texts = append(refs, ref), append(texts, t)
			said = append(said, Said{Position: f.Position, Version: f.Version, Type: f.Type, Place: place})
		}
	}
	if len(refs) == 0 {
		return said, nil
	}
	have, err := x.o.Vault.Texts(ctx, id, refs)
	if err != nil {
		return nil, err
	}
	for i := range said {
		switch t, there := have[refs[i]]; {
		case !there:
			said[i].Why = "missing"
		case t.Erased:
			said[i].Why = "erased"
		case t.Unreadable:
			said[i].Why = "unreadable"
		case t.Commitment != string(texts[i].Commitment):
			said[i].Why = "altered"
		default:
			said[i].Words = t.Words
		}
	}
	return said, nil
}

// WordsReport is what CheckWords found.
type WordsReport struct {
	Texts, Erased int64
	Wrong         *Said // the first that does not hold
	Dossier       uuid.UUID
}

// CheckWords holds every text that an event points to against its commitment. What was erased by a decision is counted and right.
func (x *Executor) CheckWords(ctx context.Context, progress func(done, total int64)) (r WordsReport, err error) {
	if x.o.Vault == nil {
		return r, nil
	}
	err = x.walk(ctx, progress, func(e eventstore.Event) error {
		if e.StreamKind != Kind {
			return nil
		}
		facts, err := Decode([]eventstore.Event{e})
		if err != nil || len(dossier.TextsOf(facts[0].Event)) == 0 {
			return nil // the views tell of an event that this program cannot read
		}
		said, err := x.said(ctx, e.StreamID, facts)
		if err != nil {
			return err
		}
		for i, one := range said {
			switch r.Texts++; one.Why {
			case "":
			case "erased":
				r.Erased++
			default:
				if r.Wrong == nil {
					r.Wrong, r.Dossier = &said[i], e.StreamID
				}
			}
		}
		return nil
	})
	return r, err
}

// walk shows every event that the journal has now, in order, a page at a time.
func (x *Executor) walk(ctx context.Context, progress func(done, total int64), do func(eventstore.Event) error) error {
	head, err := x.journal.Head(ctx)
	if err != nil {
		return err
	}
	for at := int64(0); at < head; {
		page, err := x.journal.Page(ctx, at, 2000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if err := do(e); err != nil {
				return err
			}
			at = e.Position
		}
		if progress != nil {
			progress(at, head)
		}
	}
	return nil
}

// SweepWords deletes words that no event points to: their command was refused by the journal, or never came to its end. They must be older
// than any command can take.
func (x *Executor) SweepWords(ctx context.Context, age time.Duration) (swept int64, err error) {
	const page = 200
	for after := uuid.Nil; ; {
		streams, err := x.o.Vault.Loose(ctx, age, after, page)
		if err != nil {
			return swept, err
		}
		for _, id := range streams {
			after = id
			facts, err := x.Facts(ctx, id)
			if err != nil && !errors.Is(err, ErrNotFound) { // a filing that never came to the journal has no facts
				return swept, err
			}
			pointed := []uuid.UUID{}
			for _, f := range facts {
				for _, t := range dossier.TextsOf(f.Event) {
					if ref, err := uuid.Parse(string(t.Ref)); err == nil {
						pointed = append(pointed, ref)
					}
				}
			}
			n, err := x.o.Vault.Sweep(ctx, id, age, pointed)
			if swept += n; err != nil {
				return swept, err
			}
		}
		if len(streams) < page {
			return swept, nil
		}
	}
}
