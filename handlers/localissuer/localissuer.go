// Package localissuer is an issuer of identities on loopback: the real protocol, with one-time log-ins instead of passwords.
//
// It does what OpenID Connect asks of a code flow with PKCE, so that `dossier dev` signs people in by the code that a real
// issuer meets. A test may make it misbehave, as a real one does on a bad day or an attacker in its place.
package localissuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Who is somebody that may sign in: the subject, and what is said of it.
type Who struct {
	Subject string
	Claims  map[string]any
}

// Options of an issuer.
type Options struct {
	Addr         string                 // default 127.0.0.1:0
	ClientID     string                 // the only client it knows
	ClientSecret string                 // by which that client shows itself
	Used         func(who Who)          // told when a one-time log-in was used up; may be nil
	Claims       func(c map[string]any) // for tests: alters what a token says before it is signed
	Sign         func(payload []byte, honest func([]byte) (string, error)) (string, error)
}

// Server is the issuer.
type Server struct {
	o    Options
	key  *ecdsa.PrivateKey
	at   string
	http *http.Server

	mu     sync.Mutex
	logins map[string]Who   // one-time log-ins that were not used
	codes  map[string]grant // codes that were not changed for a token
}

// grant is what a code stands for.
type grant struct {
	who       Who
	redirect  string
	challenge string
	nonce     string
	until     time.Time
}

const codeLasts = time.Minute

// Start makes a key and listens. Only loopback is served.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the issuer's key: %w", err)
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for log-ins: %w", err)
	}
	if a, is := l.Addr().(*net.TCPAddr); !is || !a.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("the local issuer listens on loopback only, not on %s", o.Addr)
	}
	s := &Server{o: o, key: key, at: "http://" + l.Addr().String(), logins: map[string]Who{}, codes: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.configuration)
	mux.HandleFunc("GET /keys", s.keys)
	mux.HandleFunc("GET /authorize", s.ask)
	mux.HandleFunc("POST /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /style.css", style)
	s.http = &http.Server{Handler: http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(mux, 64<<10)), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(l) }()
	return s, nil
}

// URL is the issuer's name and address.
func (s *Server) URL() string { return s.at }

// Close ends it.
func (s *Server) Close() { _ = s.http.Close() }

// OneTime returns what lets somebody in once.
func (s *Server) OneTime(who Who) string {
	b := make([]byte, 5)
	rand.Read(b) // never fails since Go 1.24
	word := strings.ToLower(base32.StdEncoding.EncodeToString(b))
	word = word[:4] + "-" + word[4:]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[word] = who
	return word
}

func (s *Server) configuration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": s.at, "authorization_endpoint": s.at + "/authorize", "token_endpoint": s.at + "/token", "jwks_uri": s.at + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"scopes_supported": []string{"openid"}, "code_challenge_methods_supported": []string{"S256"}, "grant_types_supported": []string{"authorization_code"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"}, "authorization_response_iss_parameter_supported": true,
	})
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
}

// asked holds what a client sends to what is served here. Nothing goes back to an address that is not the client's.
func (s *Server) asked(q url.Values) error {
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case q.Get("client_id") != s.o.ClientID:
		return errors.New("client_id is not known here")
	case err != nil || back.Scheme != "http" || !loopback(back.Hostname()) || back.Path != "/login/callback" || back.RawQuery != "" || back.User != nil:
		return errors.New("redirect_uri is not one of the client's: http on loopback, /login/callback")
	case q.Get("response_type") != "code":
		return errors.New("response_type must be code")
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return errors.New("PKCE is required: code_challenge with S256")
	case q.Get("state") == "" || q.Get("nonce") == "":
		return errors.New("state and nonce are required")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

type page struct {
	Query url.Values
	Wrong bool
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	if err := s.asked(r.URL.Query()); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.show(w, http.StatusOK, page{Query: r.URL.Query()})
}

func (s *Server) show(w http.ResponseWriter, status int, p page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:* http://localhost:*; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = form.Execute(w, p) // to who went away
}

// authorize takes a one-time log-in and sends the browser back with a code.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	q := r.PostForm
	if err := s.asked(q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	who, ok := s.use(strings.ToLower(strings.TrimSpace(q.Get("login"))))
	if !ok {
		q.Del("login")
		s.show(w, http.StatusForbidden, page{q, true})
		return
	}
	code := rand.Text()
	s.mu.Lock()
	s.codes[code] = grant{who, q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce"), time.Now().Add(codeLasts)}
	s.mu.Unlock()
	if s.o.Used != nil {
		s.o.Used(who)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {s.at}}.Encode(), http.StatusSeeOther)
}

func (s *Server) use(login string) (Who, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.logins[login]
	delete(s.logins, login)
	return who, ok
}

// token changes a code for a token, once, for who began.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != s.o.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.o.ClientSecret)) != 1 {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	s.mu.Lock()
	g, ok := s.codes[r.PostFormValue("code")]
	delete(s.codes, r.PostFormValue("code"))
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || time.Now().After(g.until) || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != g.redirect ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	token, err := s.sign(g)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"error": "server_error"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": token})
}

// sign says who it was.
func (s *Server) sign(g grant) (string, error) {
	now := time.Now()
	claims := map[string]any{"iss": s.at, "aud": s.o.ClientID, "sub": g.who.Subject, "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	maps.Copy(claims, g.who.Claims)
	if s.o.Claims != nil {
		s.o.Claims(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	if s.o.Sign != nil {
		return s.o.Sign(payload, s.honest)
	}
	return s.honest(payload)
}

func (s *Server) honest(payload []byte) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.key, KeyID: "1"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("open signer: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed.CompactSerialize()
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // to who went away
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(css)) // to who went away
}

const css = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,"Noto Sans",sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
main{width:min(26rem,100vw - 2rem);padding:1.5rem;border:1px solid color-mix(in srgb,CanvasText 25%,transparent);border-radius:6px;box-sizing:border-box}
h1{font-size:1.25rem;margin:0 0 .25rem}
p{margin:.25rem 0 1rem}
.en{opacity:.75}
.wrong{border-left:4px solid #b42318;padding-left:.75rem;font-weight:600}
label{display:block;font-weight:600;margin-bottom:.25rem}
input{font:inherit;font-size:1.25rem;letter-spacing:.08em;width:100%;box-sizing:border-box;padding:.5rem .75rem;border:1px solid color-mix(in srgb,CanvasText 55%,transparent);border-radius:4px;background:Field;color:FieldText}
button{font:inherit;font-weight:600;margin-top:1rem;padding:.5rem 1rem;border:0;border-radius:4px;background:#0a3f7f;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #e0a100;outline-offset:2px}
`

var form = template.Must(template.New("").Parse(`<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Định danh thử · dossier dev</title><link rel="stylesheet" href="/style.css"></head>
<body><main>
<h1>Định danh thử</h1>
<p>Nhập mã dùng một lần mà <code>dossier dev</code> đã in ra.<br><span class="en" lang="en">Trial identity provider: type a one-time log-in that <code>dossier dev</code> printed.</span></p>
{{if .Wrong}}<p class="wrong" role="alert">Mã này không có hoặc đã dùng. Lấy mã khác từ màn hình của dossier dev.<br><span lang="en">This log-in is unknown or was used. Take another from the screen of dossier dev.</span></p>{{end}}
<form method="post" action="/authorize">
{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
<label for="login">Mã dùng một lần / <span lang="en">One-time log-in</span></label>
<input id="login" name="login" required autofocus autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="abcd-efgh">
<button>Đăng nhập / <span lang="en">Sign in</span></button>
</form></main></body></html>
`))
