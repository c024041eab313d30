package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/eventstore/vault"
	"dossier/handlers"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"
)

// LoginOptions say which issuer is believed, and what of it.
type LoginOptions struct {
	Issuer       string // its URL, as it stands in its tokens
	Name         string // what its subjects are kept under; its URL when empty
	ClientID     string
	ClientSecret string
	PublicURL    string // of this house, to which the issuer sends back; empty: as the browser asked, for `dev`

	AccountClaim string // names the account of the organisation, where the issuer's administrator sees to that; empty: subjects are linked one by one
	LevelClaim   string // how sure it is of who it is
	KindClaim    string // "organisation", or else a citizen
	Applicants   bool   // a subject that is not linked is a citizen or organisation that files; else it is refused
}

// Login signs people in by an issuer of OpenID Connect: code flow, with PKCE, state and nonce.
type Login struct {
	sessions *Sessions
	vault    *vault.Vault
	lockout  *Lockout
	starts   *handlers.Limiter
	o        LoginOptions

	mu       sync.Mutex
	provider *oidc.Provider
}

// How long a log-in may take at the issuer, and how often an address may begin one in a minute.
const (
	loginWithin     = 10 * time.Minute
	loginsPerMinute = 30
	mostNext        = 2000 // bytes of the page to come back to
)

// CallbackPath is where the issuer sends back to.
const CallbackPath = "/login/callback"

// signedBy are the ways to sign that are believed: none that shares a secret, and not "none".
var signedBy = []string{oidc.RS256, oidc.ES256, oidc.PS256, oidc.EdDSA}

// NewLogin returns the way in by an issuer. It is asked when somebody comes, so it may be away before.
func NewLogin(s *Sessions, v *vault.Vault, l *Lockout, o LoginOptions) *Login {
	if o.Name == "" {
		o.Name = o.Issuer
	}
	return &Login{sessions: s, vault: v, lockout: l, starts: handlers.NewLimiter(loginsPerMinute, nil), o: o}
}

var issuerClient = &http.Client{Timeout: 10 * time.Second, Transport: bounded{http.DefaultTransport},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// bounded reads no more of an answer than an issuer has to say.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, 1<<20), answer.Body}
	}
	return answer, err
}

// discover asks the issuer for its addresses, once it answers.
func (l *Login) discover(ctx context.Context) (*oidc.Provider, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), issuerClient), l.o.Issuer)
		if err != nil {
			return nil, away(err)
		}
		l.provider = p
	}
	return l.provider, nil
}

func away(err error) error {
	return &handlers.Failure{Status: http.StatusServiceUnavailable, Code: "issuer_away", Retry: 10, Err: err,
		VI: "Hệ thống định danh không trả lời; thử đăng nhập lại sau giây lát", EN: "The identity provider does not answer; try to sign in again in a moment"}
}

func (l *Login) client(p *oidc.Provider, r *http.Request) *oauth2.Config {
	base := l.o.PublicURL
	if base == "" {
		base = "http://" + r.Host
	}
	return &oauth2.Config{ClientID: l.o.ClientID, ClientSecret: l.o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: base + CallbackPath, Scopes: []string{oidc.ScopeOpenID}}
}

// browserCookie ties a log-in to the browser that began it: nobody can be signed in as somebody else by a link.
func (l *Login) browserCookie(value string) *http.Cookie {
	c := l.sessions.cookie(value, loginWithin)
	c.Name += "-login"
	return c
}

// Begin sends the browser to the issuer. next is the page it comes back to.
func (l *Login) Begin(w http.ResponseWriter, r *http.Request, next string) error {
	if err := l.lockout.Enter(r); err != nil {
		return err
	}
	if err := l.starts.Enter(handlers.Network(handlers.CallerOf(r))); err != nil {
		return err
	}
	p, err := l.discover(r.Context())
	if err != nil {
		return err
	}
	if len(next) > mostNext {
		next = "/" // cut off, it would be another page
	}
	state, nonce, browser, verifier, now := secret(), secret(), secret(), oauth2.GenerateVerifier(), l.sessions.o.Now().UTC()
	batch := &pgx.Batch{}
	batch.Queue(`delete from identity.logins where made_at < $1`, now.Add(-loginWithin))
	batch.Queue(`insert into identity.logins (state, browser, nonce, verifier, next, made_at) values ($1, $2, $3, $4, $5, $6)`, hashed(state), hashed(browser), nonce, verifier, next, now)
	if err := l.sessions.pool.SendBatch(r.Context(), batch).Close(); err != nil {
		return fmt.Errorf("begin a log-in: %w", err)
	}
	http.SetCookie(w, l.browserCookie(browser))
	http.Redirect(w, r, l.client(p, r).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
	return nil
}

// refuse counts a log-in that did not hold and says that it must be begun anew. Why stands in the log only.
func (l *Login) refuse(r *http.Request, why error) error {
	l.lockout.Failed(r, "login")
	return &handlers.Failure{Status: http.StatusUnauthorized, Code: "login_refused", Err: why,
		VI: "Lần đăng nhập này không hợp lệ, đã dùng rồi hoặc đã hết hạn. Hãy đăng nhập lại từ đầu.", EN: "This log-in does not hold, was used before or is over. Sign in again from the beginning."}
}

// Finish takes what the issuer sent back and opens the session. It returns the page to go to.
func (l *Login) Finish(w http.ResponseWriter, r *http.Request) (next string, err error) {
	cookie, err := r.Cookie(l.browserCookie("").Name)
	if err != nil { // not begun here: told without a look, and not held against an address that another site sent
		return "", &handlers.Failure{Status: http.StatusBadRequest, Code: "login_not_begun",
			VI: "Trình duyệt này chưa bắt đầu đăng nhập, hoặc đã chờ quá 10 phút. Hãy bấm Đăng nhập.", EN: "This browser did not begin to sign in, or waited for more than 10 minutes. Press Sign in."}
	}
	if err := l.lockout.Enter(r); err != nil {
		return "", err
	}
	http.SetCookie(w, l.browserCookie(""))
	q := r.URL.Query()
	var nonce, verifier string
	err = l.sessions.pool.QueryRow(r.Context(), `delete from identity.logins where state = $1 and browser = $2 and made_at > $3 returning nonce, verifier, next`,
		hashed(q.Get("state")), hashed(cookie.Value), l.sessions.o.Now().UTC().Add(-loginWithin)).Scan(&nonce, &verifier, &next)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", l.refuse(r, errors.New("state is unknown, used, over or of another browser"))
	case err != nil:
		return "", fmt.Errorf("find a log-in: %w", err)
	case q.Get("error") != "":
		return "", forbidden("login_denied", "Hệ thống định danh không cho đăng nhập. Thử lại, hoặc hỏi quản trị hệ thống.", "The identity provider did not let you in. Try again, or ask the system administrator.")
	case q.Get("iss") != "" && q.Get("iss") != l.o.Issuer:
		return "", l.refuse(r, errors.New("answer of another issuer"))
	}
	token, err := l.token(r, q.Get("code"), verifier, nonce)
	if err != nil {
		return "", err
	}
	actor, level, err := l.whom(r.Context(), token)
	if err != nil {
		return "", err
	}
	return next, l.sessions.Open(w, r, actor, level)
}

// token changes the code for the issuer's word, and holds it to what was asked.
func (l *Login) token(r *http.Request, code, verifier, nonce string) (*oidc.IDToken, error) {
	p, err := l.discover(r.Context())
	if err != nil {
		return nil, err
	}
	ctx := oidc.ClientContext(r.Context(), issuerClient)
	got, err := l.client(p, r).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var said *oauth2.RetrieveError
	switch {
	case errors.As(err, &said) && said.Response.StatusCode < 500:
		return nil, l.refuse(r, fmt.Errorf("the issuer did not take the code: %s", said.ErrorCode)) // not its body, which may repeat the code
	case err != nil:
		return nil, away(errors.New("exchange the code: no answer that could be read"))
	}
	raw, _ := got.Extra("id_token").(string)
	token, err := p.VerifierContext(ctx, &oidc.Config{ClientID: l.o.ClientID, SupportedSigningAlgs: signedBy, Now: l.sessions.o.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, l.refuse(r, fmt.Errorf("verify the token: %w", err))
	}
	var also struct {
		Party string `json:"azp"`
	}
	if err := token.Claims(&also); err != nil {
		return nil, l.refuse(r, fmt.Errorf("read the token: %w", err))
	}
	now := l.sessions.o.Now()
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return nil, l.refuse(r, errors.New("the token has another nonce"))
	case also.Party != "" && also.Party != l.o.ClientID, len(token.Audience) > 1 && also.Party == "":
		return nil, l.refuse(r, errors.New("the token was given to another party"))
	case token.Subject == "" || token.IssuedAt.Before(now.Add(-loginWithin)) || token.IssuedAt.After(now.Add(5*time.Minute)):
		return nil, l.refuse(r, errors.New("the token has no subject, or was issued at another time"))
	}
	return token, nil
}

// The kinds of accounts that a subject stands for.
const (
	Staff        = "staff"
	Citizen      = "citizen"
	Organisation = "organisation" // one that files
)

// whom says which account a subject stands for, and how sure the issuer is. Who is new and may file gets an account of its own.
func (l *Login) whom(ctx context.Context, token *oidc.IDToken) (a domain.Actor, level string, err error) {
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return a, "", fmt.Errorf("read claims: %w", err)
	}
	if level, _ = claims[l.o.LevelClaim].(string); !dossier.Code(level).Valid() {
		level = ""
	}
	if account, _ := claims[l.o.AccountClaim].(string); l.o.AccountClaim != "" && account != "" {
		a, err = l.staff(ctx, account)
		return a, level, err
	}
	subject := l.vault.Subject(l.o.Name, token.Subject)
	var account, kind string
	var waiting bool
	err = l.sessions.pool.QueryRow(ctx, `select account, kind, waits and confirmed_by is null from identity.subjects where subject = $1`, subject).Scan(&account, &kind, &waiting)
	if errors.Is(err, pgx.ErrNoRows) {
		account, kind, err = l.enrol(ctx, subject, claims, level)
	}
	if err != nil {
		return a, "", err
	}
	if waiting {
		return a, "", forbidden("login_waits", "Danh tính này đã gắn với tài khoản cơ quan và chờ người thứ hai xác nhận: kiểm tra viên hoặc quản trị hệ thống khác, “dossier subject confirm”.",
			"This identity is linked to an account and waits for a second person: an auditor or another system administrator, “dossier subject confirm”.")
	}
	if kind == Staff {
		a, err = l.staff(ctx, account)
		return a, level, err
	}
	_, err = l.sessions.pool.Exec(ctx, `update identity.subjects set level = $2 where subject = $1 and level <> $2`, subject, level)
	return domain.Actor{Account: account, Role: domain.Applicant}, level, err
}

// enrol gives somebody new an account to file with: a reference that says nothing about them.
func (l *Login) enrol(ctx context.Context, subject []byte, claims map[string]any, level string) (account, kind string, err error) {
	if !l.o.Applicants {
		return "", "", forbidden("login_unknown", "Danh tính này chưa gắn với tài khoản nào của cơ quan. Xin quản trị hệ thống gắn: dossier subject link.",
			"This identity is no account of the authority yet. Ask the system administrator to link it: dossier subject link.")
	}
	if kind, _ = claims[l.o.KindClaim].(string); kind != Organisation {
		kind = Citizen
	}
	b := make([]byte, 10)
	rand.Read(b) // never fails since Go 1.24
	account = kind + "-" + letters.EncodeToString(b)
	err = l.sessions.pool.QueryRow(ctx, `
		with made as (
			insert into identity.subjects (subject, account, kind, level, person, made_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (subject) do nothing
			returning account, kind
		)
		select account, kind from made
		union all
		select account, kind from identity.subjects where subject = $1
		limit 1`, subject, account, kind, level, handlers.PersonStream(account), l.sessions.o.Now().UTC()).Scan(&account, &kind)
	if err != nil {
		return "", "", fmt.Errorf("give somebody new an account: %w", err)
	}
	return account, kind, nil
}

// Know gives a subject that files an account that is there already. One that is known stays who it is.
func (l *Login) Know(ctx context.Context, subject, account, level string) error {
	_, err := l.sessions.pool.Exec(ctx, `insert into identity.subjects (subject, account, kind, level, person, made_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
		l.vault.Subject(l.o.Name, subject), account, Citizen, level, handlers.PersonStream(account), l.sessions.o.Now().UTC())
	if err != nil {
		return fmt.Errorf("know a subject: %w", err)
	}
	return nil
}

// staff is an account of the organisation in the first of the posts that it holds today.
func (l *Login) staff(ctx context.Context, account string) (domain.Actor, error) {
	o, err := l.sessions.executor.Organisation().Recent(ctx)
	if err != nil {
		return domain.Actor{}, err
	}
	posts := o.Actors(account, l.sessions.executor.Now())
	if len(posts) == 0 {
		return domain.Actor{}, forbidden("login_no_post", "Hôm nay tài khoản này không giữ vai trò nào trong tổ chức. Quản trị hệ thống sửa bằng “dossier organisation apply”.",
			"This account holds no role in the organisation today. The system administrator mends that with “dossier organisation apply”.")
	}
	return posts[0], nil
}

// Posts are those between which who is signed in may choose.
func (l *Login) Posts(ctx context.Context, a domain.Actor) ([]domain.Actor, error) {
	if a.Role == domain.Applicant {
		return nil, nil
	}
	o, err := l.sessions.executor.Organisation().Recent(ctx)
	return o.Actors(a.Account, l.sessions.executor.Now()), err
}

// Link makes a subject of the issuer an account of the organisation; without an account it is none any longer, and is signed out. What a system
// administrator links waits for Confirm; saying again what stands changes nothing.
func (l *Login) Link(ctx context.Context, by handlers.Accessor, subject, account string) error {
	if err := handlers.Authorize(by.Actor, handlers.Act{Kind: handlers.Operate}); err != nil {
		return err
	}
	if err := l.sessions.executor.Admits(ctx, by.Actor); err != nil {
		return err
	}
	if subject == "" || len(subject) > 255 {
		return invalid("malformed_subject", "subject", "Cần claim sub của người dùng ở hệ thống định danh, tối đa 255 ký tự", "Say the claim sub of the user at the issuer, 255 characters at most")
	}
	if account != "" {
		if _, err := l.staff(ctx, account); err != nil {
			return err
		}
	}
	if err := l.sessions.executor.Access().Record(ctx, by, access.SubjectLinked{To: dossier.Code(account)}); err != nil {
		return fmt.Errorf("record a link: %w", err)
	}
	hash := l.vault.Subject(l.o.Name, subject)
	return pgx.BeginFunc(ctx, l.sessions.pool, func(tx pgx.Tx) error {
		var was, kind string
		err := tx.QueryRow(ctx, `select account, kind from identity.subjects where subject = $1`, hash).Scan(&was, &kind)
		switch {
		case err == nil && kind != Staff:
			return &domain.Refusal{Code: "subject_files", VI: "Danh tính này đã nộp hồ sơ với tài khoản riêng, không gắn với tài khoản cơ quan được. Dùng danh tính công vụ khác.",
				EN: "This identity has an account that files and cannot be one of the authority. Use another identity for office work."}
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("find subject: %w", err)
		}
		if was == account {
			return nil
		}
		if _, err := tx.Exec(ctx, `delete from identity.subjects where subject = $1`, hash); err != nil {
			return fmt.Errorf("unlink subject: %w", err)
		}
		if was != "" {
			if _, err := tx.Exec(ctx, `delete from identity.sessions where account = $1`, was); err != nil {
				return fmt.Errorf("end sessions: %w", err)
			}
		}
		if account == "" {
			return nil
		}
		_, err = tx.Exec(ctx, `insert into identity.subjects (subject, account, kind, level, made_at, made_by, waits) values ($1, $2, $3, '', $4, $5, $6)`,
			hash, account, Staff, l.sessions.o.Now().UTC(), by.Account, waits(by.Actor))
		if err != nil {
			return fmt.Errorf("link subject: %w", err)
		}
		return nil
	})
}

// Confirm lets a subject sign in that another linked to an account. Who confirms says both: one that is linked otherwise is not confirmed.
func (l *Login) Confirm(ctx context.Context, by handlers.Accessor, subject, account string) error {
	if err := oversees(ctx, l.sessions.executor, by.Actor); err != nil {
		return err
	}
	var maker string
	var waiting bool
	hash := l.vault.Subject(l.o.Name, subject)
	err := l.sessions.pool.QueryRow(ctx, `select made_by, waits and confirmed_by is null from identity.subjects where subject = $1 and account = $2 and kind = $3`, hash, account, Staff).Scan(&maker, &waiting)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return &handlers.Failure{Status: http.StatusNotFound, Code: "no_link",
			VI: "Danh tính này không gắn với tài khoản này. Kiểm tra claim sub và tài khoản, hoặc gắn trước: dossier subject link", EN: "This subject is not linked to this account. See that both are right, or link it first: dossier subject link"}
	case err != nil:
		return fmt.Errorf("find subject: %w", err)
	case !waiting:
		return nil
	case maker == by.Account:
		return ownGift("Việc gắn này", "This link")
	}
	if err := l.sessions.executor.Access().Record(ctx, by, access.SubjectConfirmed{To: dossier.Code(account)}); err != nil { // before it counts
		return fmt.Errorf("record that a link is confirmed: %w", err)
	}
	if _, err := l.sessions.pool.Exec(ctx, `update identity.subjects set confirmed_by = $3 where subject = $1 and account = $2 and confirmed_by is null`, hash, account, by.Account); err != nil {
		return fmt.Errorf("confirm link: %w", err)
	}
	return nil
}

// Trusted says whether an issuer's or our own address may be used: TLS, or this machine itself.
func Trusted(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, u.Hostname())
}
