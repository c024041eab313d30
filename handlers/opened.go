package handlers

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// Opening is one time that somebody was shown something of a dossier. Whoever it was stands there by role and unit: the account is for auditors
// (AccessLog.List).
type Opening struct {
	Position int64       `json:"position"`
	At       time.Time   `json:"at"`
	What     string      `json:"what" enum:"dossier,words,file,files,list" doc:"The dossier itself, what was typed in it, a file, the names of its files, or a row of a list or an export."`
	Role     domain.Role `json:"role"`
	Unit     string      `json:"unit,omitempty"`
	Purpose  string      `json:"purpose,omitempty" doc:"What for, where it had to be said."`
	File     *uuid.UUID  `json:"file,omitempty"`
}

// Openings is a page of them, newest first. Next is the before that goes on, 0 at the end.
type Openings struct {
	Items []Opening `json:"items"`
	Next  int64     `json:"next" doc:"Say it as before to go on; 0 at the end."`
}

// whatOpened is what an entry of the access journal says was shown.
var whatOpened = map[string]string{
	"access.dossier-opened": "dossier", "access.words-read": "words", "access.file-read": "file", "access.files-listed": "files", "access.dossiers-listed": "list",
}

// openedWords are the things that are shown, in words.
var openedWords = map[string][2]string{
	"dossier": {"hồ sơ", "the dossier"}, "words": {"nội dung đã ghi", "what was written"}, "file": {"một tệp", "a file"}, "files": {"danh sách tệp", "the names of its files"}, "list": {"một dòng trong danh sách", "a row of a list"},
}

// Words is what was shown, in a language.
func (o Opening) Words(lang string) string {
	if lang == "en" {
		return openedWords[o.What][1]
	}
	return openedWords[o.What][0]
}

// Openings shows who may read a dossier by whom it was opened.
func (x *Executor) Openings(ctx context.Context, a domain.Actor, id uuid.UUID, before int64, limit int) (Openings, error) {
	page := Openings{Items: []Opening{}}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return page, err
	}
	if err := x.admitsReading(ctx, a, dossier.Fold(facts)); err != nil || x.o.Access == nil {
		return page, err
	}
	if limit = min(limit, 500); limit <= 0 {
		limit = 50
	}
	if before <= 0 {
		before = math.MaxInt64
	}
	x.o.Access.settle(ctx)
	var types []string
	for t := range whatOpened {
		types = append(types, t)
	}
	events, err := x.o.Access.journal.About(ctx, id, types, before, limit)
	if err != nil {
		return page, err
	}
	for _, e := range events {
		entry, err := accessEntry(e)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, Opening{entry.Position, entry.RecordedAt, whatOpened[entry.Type], entry.By.Role, entry.By.Unit, entry.Purpose, entry.File})
	}
	if len(events) == limit {
		page.Next = events[len(events)-1].Position
	}
	return page, nil
}

// openedAgain is how long an opening stands for those that follow.
const openedAgain = time.Hour

// Opened records that somebody of the staff was shown a dossier, as Listed does.
func (x *Executor) Opened(ctx context.Context, by Accessor, id uuid.UUID) {
	if x.o.Access == nil || by.Role == domain.Applicant || by.Role == domain.System || !x.o.Access.opens(by.Account, id) {
		return
	}
	x.o.Access.later(ctx, by, access.DossierOpened{Dossier: id})
}

// Listed records that somebody of the staff was shown dossiers as rows: those that this account was not shown within the hour, as one entry. The
// answer does not wait for it, unless many entries wait already. One that could not be recorded is counted and told later; those of the last moments
// before a process is killed are lost with it.
func (x *Executor) Listed(ctx context.Context, by Accessor, ids []uuid.UUID) {
	if x.o.Access == nil || by.Role == domain.Applicant || by.Role == domain.System {
		return
	}
	for some := range slices.Chunk(x.o.Access.unseen(by.Account, ids), access.MostListed) {
		x.o.Access.later(ctx, by, access.DossiersListed{Dossiers: some})
	}
}

type openedKey struct {
	account string
	dossier uuid.UUID
}

// mostOpened and mostListed bound what is remembered: then all are forgotten, and an opening or a row may be said twice.
const (
	mostOpened = 50_000
	mostListed = 200_000
)

// seen is when dossiers were last said to be shown, as far as this process remembers.
type seen map[openedKey]time.Time

func (s seen) lately(key openedKey, now time.Time) bool {
	at, known := s[key]
	return known && now.Sub(at) < openedAgain
}

// opens says whether it is the first opening within the hour. To have been a row is none.
func (l *AccessLog) opens(account string, id uuid.UUID) bool {
	now, key := l.o.Now(), openedKey{account, id}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened.lately(key, now) {
		return false
	}
	if l.opened == nil || len(l.opened) >= mostOpened {
		l.opened = seen{}
	}
	l.opened[key] = now
	return true
}

// unseen are those of the dossiers that were neither opened nor a row within the hour.
func (l *AccessLog) unseen(account string, ids []uuid.UUID) (list []uuid.UUID) {
	now := l.o.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		key := openedKey{account, id}
		if l.listed.lately(key, now) || l.opened.lately(key, now) {
			continue
		}
		if l.listed == nil || len(l.listed) >= mostListed {
			l.listed = seen{}
		}
		l.listed[key] = now
		list = append(list, id)
	}
	return list
}

// mostLater is how many entries may be on their way that nobody waits for.
const mostLater = 64

// later is Record that is not waited for.
func (l *AccessLog) later(ctx context.Context, by Accessor, e access.Event) {
	ctx = context.WithoutCancel(ctx)
	done := make(chan struct{})
	l.mu.Lock()
	full := len(l.onWay) >= mostLater
	if !full {
		l.onWay[done] = struct{}{}
	}
	l.mu.Unlock()
	if full {
		_ = l.Record(ctx, by, e)
		return
	}
	go func() {
		_ = l.Record(ctx, by, e)
		l.mu.Lock()
		delete(l.onWay, done)
		l.mu.Unlock()
		close(done)
	}()
}

// settle waits for the entries that are on their way now, or for the context: who asks what was shown is told of what was shown before.
func (l *AccessLog) settle(ctx context.Context) {
	l.mu.Lock()
	onWay := slices.Collect(maps.Keys(l.onWay))
	l.mu.Unlock()
	for _, done := range onWay {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// Settle is for the end of a process: it waits for the entries that are on their way.
func (l *AccessLog) Settle() {
	if l != nil {
		l.settle(context.Background())
	}
}
