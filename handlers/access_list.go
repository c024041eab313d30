package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// AccessFilter chooses entries.
type AccessFilter struct {
	Account string
	Since   time.Time // recorded then or later
	Before  int64     // position, for the next page; 0 begins with the newest
	Limit   int       // default 50, at most 500

	keeps func(context.Context, AccessEntry) (bool, error)
}

// AccessEntry is one entry as it is shown: codes and ids.
type AccessEntry struct {
	Position    int64         `json:"position"`
	RecordedAt  time.Time     `json:"recorded_at"`
	Type        string        `json:"type" example:"access.command-refused"`
	By          domain.Actor  `json:"by"`
	Command     string        `json:"command,omitempty"`
	Dossier     *uuid.UUID    `json:"dossier,omitempty"`
	Dossiers    []uuid.UUID   `json:"dossiers,omitempty" doc:"Which were shown as rows; on access.dossiers-listed."`
	Rule        string        `json:"rule,omitempty"`
	Basis       string        `json:"basis,omitempty"`
	File        *uuid.UUID    `json:"file,omitempty" doc:"The file that was read; on access.file-read."`
	Purpose     string        `json:"purpose,omitempty" doc:"What for; where somebody was shown something."`
	Persons     []uuid.UUID   `json:"persons,omitempty" doc:"Who was shown; on access.persons-read."`
	Search      bool          `json:"search,omitempty" doc:"They were found by a name or a number."`
	Key         string        `json:"key,omitempty" doc:"Prefix of the API key that was made, revoked or refused."`
	Account     string        `json:"account,omitempty" doc:"Whom it concerns, where that is not who did it; on access.sessions-ended and access.subject-linked."`
	Missed      int           `json:"missed,omitempty" doc:"Entries that could not be recorded; on access.entries-missed."`
	Since       *time.Time    `json:"since,omitempty" doc:"From when on; on access.entries-missed."`
	Origin      domain.Origin `json:"origin,omitempty"`
	Traceparent string        `json:"traceparent,omitempty"`
}

// AccessPage is a page of entries, newest first. Next is the Before that goes on, 0 at the end; a page may be short and yet have one.
type AccessPage struct {
	Entries []AccessEntry `json:"entries"`
	Next    int64         `json:"next" doc:"Say it as before to go on; 0 at the end."`
}

// accessRead is how many entries are read at a time, and accessPages how often for one page, however few of them are asked for.
const (
	accessRead  = 1000
	accessPages = 20
)

// Accesses returns entries, newest first: those that staff of the auditor's agency left, and those of applicants and the machine about dossiers that
// the auditor may see.
func (x *Executor) Accesses(ctx context.Context, a domain.Actor, f AccessFilter) (AccessPage, error) {
	sight, err := x.Sight(ctx, a)
	if err != nil {
		return AccessPage{}, err
	}
	f.keeps = func(ctx context.Context, e AccessEntry) (bool, error) {
		switch {
		case sight.All() || e.By.Account == a.Account:
			return true, nil
		case e.By.Unit != "":
			return !slices.Contains(sight.Others, e.By.Unit), nil
		case e.Dossier == nil:
			return true, nil
		}
		err := x.there(ctx, a, *e.Dossier)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	return x.o.Access.List(ctx, a, f)
}

// List returns entries, newest first, whatever the agency.
func (l *AccessLog) List(ctx context.Context, a domain.Actor, f AccessFilter) (AccessPage, error) {
	p := AccessPage{Entries: []AccessEntry{}}
	if err := Authorize(a, Act{Kind: Audit}); err != nil || l == nil {
		return p, err
	}
	if f.keeps == nil {
		f.keeps = func(context.Context, AccessEntry) (bool, error) { return true, nil }
	}
	l.settle(ctx)
	head, err := l.journal.Head(ctx)
	if err != nil {
		return p, err
	}
	if f.Limit = min(f.Limit, 500); f.Limit <= 0 {
		f.Limit = 50
	}
	if f.Before <= 0 || f.Before > head {
		f.Before = head + 1
	}
	p.Next = f.Before
	for range accessPages {
		if done, err := l.back(ctx, &p, f); done || err != nil {
			return p, err
		}
	}
	return p, nil
}

// back puts the entries before p.Next onto the page, and says when it is full or there are no more.
func (l *AccessLog) back(ctx context.Context, p *AccessPage, f AccessFilter) (done bool, err error) {
	from := max(0, p.Next-1-accessRead)
	events, err := l.journal.Page(ctx, from, int(p.Next-1-from))
	if err != nil {
		return false, err
	}
	for _, e := range slices.Backward(events) {
		if e.Position >= p.Next { // what was before is no longer kept
			continue
		}
		if e.RecordedAt.Before(f.Since) {
			p.Next = 0
			return true, nil
		}
		entry, err := accessEntry(e)
		if err != nil {
			return false, err
		}
		if f.Account != "" && entry.By.Account != f.Account {
			continue
		}
		if kept, err := f.keeps(ctx, entry); err != nil {
			return false, err
		} else if !kept {
			continue
		}
		p.Entries = append(p.Entries, entry)
		if len(p.Entries) == f.Limit {
			if p.Next = e.Position; e.Position == 1 {
				p.Next = 0
			}
			return true, nil
		}
	}
	if p.Next = from + 1; from == 0 || len(events) == 0 {
		p.Next = 0
	}
	return p.Next == 0, nil
}

func accessEntry(e eventstore.Event) (AccessEntry, error) {
	meta, err := domain.DecodeMeta(e.Meta)
	if err != nil {
		return AccessEntry{}, fmt.Errorf("read access entry %d: %w", e.Position, err)
	}
	entry := AccessEntry{Position: e.Position, RecordedAt: e.RecordedAt, Type: e.Type, By: meta.By(), Origin: meta.Origin, Traceparent: meta.Traceparent}
	if e.StreamKind != AccessKind { // the journal's own: its clock was accepted
		return entry, nil
	}
	event, err := access.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return AccessEntry{}, fmt.Errorf("read access entry %d: %w", e.Position, err)
	}
	switch event := event.(type) {
	case access.CommandRefused:
		entry.Command, entry.Rule, entry.Basis = string(event.Command), string(event.Rule), string(event.Basis)
		if event.Dossier != uuid.Nil {
			entry.Dossier = &event.Dossier
		}
	case access.FileRead:
		entry.Dossier, entry.File = &event.Dossier, &event.File
	case access.FilesListed:
		entry.Dossier = &event.Dossier
	case access.DossierOpened:
		entry.Dossier = &event.Dossier
	case access.DossiersListed:
		entry.Dossiers = event.Dossiers
	case access.WordsRead:
		entry.Dossier, entry.Purpose = &event.Dossier, string(event.Purpose)
	case access.PersonsRead:
		entry.Persons, entry.Search, entry.Purpose = event.Persons, event.Search, string(event.Purpose)
	case access.KeyMade:
		entry.Key = string(event.Key)
	case access.KeyConfirmed:
		entry.Key = string(event.Key)
	case access.KeyRevoked:
		entry.Key = string(event.Key)
	case access.KeyRefused:
		entry.Key, entry.Rule = string(event.Key), string(event.Rule)
	case access.SessionOpened:
	case access.SessionsEnded:
		entry.Account = string(event.Of)
	case access.SubjectLinked:
		entry.Account = string(event.To)
	case access.SubjectConfirmed:
		entry.Account = string(event.To)
	case access.EntriesMissed:
		entry.Missed, entry.Since = event.Count, &event.Since
	default:
		return entry, fmt.Errorf("read access entry %d: %T is not known", e.Position, event)
	}
	return entry, nil
}

// Verify proves the access journal: what eventstore.Journal.Verify does, that every entry decodes, and that it stands in the stream of whoever
// it names. head is how many entries there are.
func (l *AccessLog) Verify(ctx context.Context, progress func(done, total int64)) (head int64, _ *eventstore.Difference, err error) {
	if head, err = l.journal.Head(ctx); err != nil {
		return 0, nil, err
	}
	if d, err := l.journal.Verify(ctx, progress); d != nil || err != nil {
		return head, d, err
	}
	for after := int64(0); after < head; {
		events, err := l.journal.Page(ctx, after, accessRead)
		if err != nil || len(events) == 0 {
			return head, nil, err
		}
		for _, e := range events {
			entry, err := accessEntry(e)
			if err != nil {
				return head, &eventstore.Difference{Position: e.Position, Stream: e.StreamID, What: err.Error()}, nil
			}
			if e.StreamKind == AccessKind && e.StreamID != AccessStream(entry.By.Account, e.OccurredAt) {
				return head, &eventstore.Difference{Position: e.Position, Stream: e.StreamID, What: "names another account or day than its stream"}, nil
			}
			after = e.Position
		}
	}
	return head, nil, nil
}
