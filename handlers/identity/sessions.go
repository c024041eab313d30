package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How long somebody stays signed in: unless seen for Idle, and Lasts at most. seenGrain is how exact the last sight is.
const (
	DefaultIdle  = 30 * time.Minute
	DefaultLasts = 12 * time.Hour
	seenGrain    = time.Minute
)

// mostSessions is how many browsers an account may be signed in with; the oldest gives way.
const mostSessions = 10

// Session is somebody who is signed in. What opens it is in the browser's cookie alone.
type Session struct {
	As        domain.Actor `json:"as"`
	Level     string       `json:"level,omitempty" doc:"How sure the issuer is of who it is."`
	MadeAt    time.Time    `json:"made_at"`
	SeenAt    time.Time    `json:"seen_at" doc:"To a minute."`
	ExpiresAt time.Time    `json:"expires_at"`
}

// SessionOptions of sessions. The zero value of a time means its default.
type SessionOptions struct {
	Idle, Lasts time.Duration
	Plain       bool             // of `dev`, without TLS: cookies go over HTTP too
	Now         func() time.Time // default time.Now
}

// Sessions knows who is signed in.
type Sessions struct {
	pool     *pgxpool.Pool
	executor *handlers.Executor
	o        SessionOptions
}

// NewSessions returns the sessions of a database.
func NewSessions(pool *pgxpool.Pool, x *handlers.Executor, o SessionOptions) *Sessions {
	if o.Idle == 0 {
		o.Idle = DefaultIdle
	}
	if o.Lasts == 0 {
		o.Lasts = DefaultLasts
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sessions{pool, x, o}
}

// cookie names: with TLS the browser itself sees to it that no other host and no plain page sets them.
func (s *Sessions) cookie(value string, lasts time.Duration) *http.Cookie {
	c := &http.Cookie{Name: "__Host-dossier", Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, MaxAge: int(lasts / time.Second)}
	if s.o.Plain {
		c.Name, c.Secure = "dossier_session", false
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *Sessions) sent(r *http.Request) []byte {
	sent := r.CookiesNamed(s.cookie("", 0).Name)
	if len(sent) != 1 || len(sent[0].Value) != 43 { // who could add a second one must not choose whose session counts
		return nil
	}
	return hashed(sent[0].Value)
}

// Open signs somebody in: a new session, whatever cookie came, and the one that came is over.
func (s *Sessions) Open(w http.ResponseWriter, r *http.Request, a domain.Actor, level string) error {
	ctx, now, value := r.Context(), s.o.Now().UTC(), secret()
	entry := access.SessionOpened{Level: dossier.Code(level)}
	if err := s.executor.Access().Record(ctx, handlers.Accessor{Actor: a, Traceparent: handlers.Traceparent(r.Header.Get("Traceparent"))}, entry); err != nil {
		return fmt.Errorf("record a log-in: %w", err)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `delete from identity.sessions where hash = $1 or expires_at <= $2 or seen_at <= $3`, s.sent(r), now, now.Add(-s.o.Idle)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from identity.sessions where hash in
			(select hash from identity.sessions where account = $1 order by made_at desc offset $2)`, a.Account, mostSessions-1); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into identity.sessions (hash, account, role, unit, level, made_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $6, $7)`,
			hashed(value), a.Account, a.Role, a.Unit, level, now, now.Add(s.o.Lasts))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	http.SetCookie(w, s.cookie(value, s.o.Lasts))
	return nil
}

// Of returns the session of a request, or handlers.ErrUnauthenticated.
func (s *Sessions) Of(r *http.Request) (Session, error) {
	hash, now := s.sent(r), s.o.Now().UTC()
	if hash == nil || r.Header.Get("Authorization") != "" { // who sends a token is who the token says, or nobody
		return Session{}, handlers.ErrUnauthenticated
	}
	rows, err := s.pool.Query(r.Context(), selectSessions+`where hash = $1 and expires_at > $2 and seen_at > $3`, hash, now, now.Add(-s.o.Idle))
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanSession)
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, handlers.ErrUnauthenticated
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	if looking, _ := r.Context().Value(lookingKey{}).(bool); !looking && now.Sub(found.SeenAt) >= seenGrain {
		if _, err := s.pool.Exec(r.Context(), `update identity.sessions set seen_at = $2 where hash = $1 and seen_at < $2`, hash, now); err != nil {
			return Session{}, fmt.Errorf("keep a session open: %w", err)
		}
	}
	return found, nil
}

type lookingKey struct{}

// Looking is a request that asks only whether who sent it may still see what it opened: an open list keeps nobody signed in.
func Looking(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), lookingKey{}, true))
}

const selectSessions = `select account, role, unit, level, made_at, seen_at, expires_at from identity.sessions `

func scanSession(row pgx.CollectableRow) (f Session, err error) {
	err = row.Scan(&f.As.Account, &f.As.Role, &f.As.Unit, &f.Level, &f.MadeAt, &f.SeenAt, &f.ExpiresAt)
	return f, err
}

// Authenticate takes the session's cookie.
func (s *Sessions) Authenticate(r *http.Request) (domain.Actor, error) {
	found, err := s.Of(r)
	return found.As, err
}

// Close signs the browser out: the session is over, not only its cookie.
func (s *Sessions) Close(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, s.cookie("", 0))
	if hash := s.sent(r); hash != nil {
		if _, err := s.pool.Exec(r.Context(), `delete from identity.sessions where hash = $1`, hash); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	}
	return nil
}

// CloseOthers ends what the same account has open elsewhere.
func (s *Sessions) CloseOthers(r *http.Request) error {
	here, err := s.Of(r)
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(r.Context(), `delete from identity.sessions where account = $1 and hash <> $2`, here.As.Account, s.sent(r)); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Take lets who is signed in act in another of its posts.
func (s *Sessions) Take(r *http.Request, role domain.Role, unit string) error {
	here, err := s.Of(r)
	if err != nil {
		return err
	}
	as := domain.Actor{Account: here.As.Account, Role: role, Unit: unit}
	if here.As.Role == domain.Applicant || role == domain.Applicant || role == domain.System {
		return &domain.Refusal{Code: handlers.NotAllowed, VI: "Tài khoản này không có vai trò khác", EN: "This account has no other role"}
	}
	if err := s.executor.Admits(r.Context(), as); err != nil {
		return err
	}
	if _, err := s.pool.Exec(r.Context(), `update identity.sessions set role = $2, unit = $3 where hash = $1`, s.sent(r), role, unit); err != nil {
		return fmt.Errorf("change role: %w", err)
	}
	return nil
}

// List returns who is signed in, to who looks after the machine and to auditors; of one account when it is named.
func (s *Sessions) List(ctx context.Context, a domain.Actor, account string) ([]Session, error) {
	if err := oversees(ctx, s.executor, a); err != nil {
		return nil, err
	}
	now := s.o.Now().UTC()
	rows, err := s.pool.Query(ctx, selectSessions+`where ($1 = '' or account = $1) and expires_at > $2 and seen_at > $3 order by seen_at desc limit 1000`, account, now, now.Add(-s.o.Idle))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanSession)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return found, nil
}

// End signs an account out everywhere, and says from how many browsers.
func (s *Sessions) End(ctx context.Context, by handlers.Accessor, account string) (int, error) {
	if err := handlers.Authorize(by.Actor, handlers.Act{Kind: handlers.Operate}); err != nil {
		return 0, err
	}
	if err := s.executor.Admits(ctx, by.Actor); err != nil {
		return 0, err
	}
	if !dossier.Code(account).Valid() {
		return 0, invalid("malformed_account", "account", "Tài khoản gồm chữ thường không dấu, số, gạch nối", "An account is lower-case letters, digits and hyphens")
	}
	done, err := s.pool.Exec(ctx, `delete from identity.sessions where account = $1`, account)
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	n := int(done.RowsAffected())
	if err := s.executor.Access().Record(ctx, by, access.SessionsEnded{Of: dossier.Code(account), Count: n}); err != nil {
		return n, fmt.Errorf("the sessions are over; record that: %w", err)
	}
	return n, nil
}
