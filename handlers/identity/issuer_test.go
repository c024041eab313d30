package identity_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/handlers/localissuer"
)

// stranger is an issuer that is not of our making: the certified OpenID provider of github.com/zitadel/oidc, as a process of its own. Started
// again it has new keys and has forgotten every code.
type stranger struct {
	t       *testing.T
	program string
	port    string
	users   string // its file
	process *exec.Cmd
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	dir := t.TempDir()
	s := &stranger{t: t, program: filepath.Join(dir, "issuer"), users: filepath.Join(dir, "users.json")}
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=../../internal/otherissuer/go.mod", "-o", s.program, "github.com/zitadel/oidc/v3/example/server")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the issuer: %v\n%s", err, out)
	}
	users := map[string]any{}
	for _, name := range []string{"clerk", "citizen"} {
		users["sub-of-"+name] = map[string]any{"ID": "sub-of-" + name, "Username": name, "Password": "verysecure"}
	}
	data, _ := json.Marshal(users)
	if err := os.WriteFile(s.users, data, 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(free.Addr().String())
	free.Close()
	t.Cleanup(s.stop)
	return s
}

func (s *stranger) url() string { return "http://localhost:" + s.port + "/" }

// start starts it for a house, to which it sends back.
func (s *stranger) start(h *house) {
	s.t.Helper()
	s.process = exec.Command(s.program)
	s.process.Env = append(os.Environ(), "PORT="+s.port, "USERS_FILE="+s.users, "REDIRECT_URI="+h.url+identity.CallbackPath)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(s.url() + ".well-known/openid-configuration")
		if err == nil {
			answer.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the issuer does not answer: %v", err)
		}
	}
}

func (s *stranger) stop() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	}
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// sent goes from our log-in page through the issuer's form and returns where it sends back to. change may alter what we asked it.
func (s *stranger) sent(b *browser, name, password string, change func(url.Values)) string {
	s.t.Helper()
	at, err := url.Parse(b.get("/login/go?next=/account").is(s.t, http.StatusSeeOther).Header.Get("Location"))
	if err != nil || !strings.HasPrefix(at.String(), s.url()) {
		s.t.Fatalf("led to %s, %v", at, err)
	}
	if change != nil {
		q := at.Query()
		change(q)
		at.RawQuery = q.Encode()
	}
	to := at.String()
	for range 5 {
		p := b.get(to)
		next, err := p.Request.URL.Parse(p.Header.Get("Location"))
		if err != nil {
			s.t.Fatal(err)
		}
		if p.StatusCode == http.StatusOK {
			id := hiddenID.FindStringSubmatch(p.body)
			if id == nil {
				s.t.Fatalf("no form: %s", p.body)
			}
			p = b.do(http.MethodPost, s.url()+"login/username", url.Values{"id": {html.UnescapeString(id[1])}, "username": {name}, "password": {password}})
			if p.StatusCode == http.StatusOK { // the form again
				return ""
			}
			next, _ = p.Request.URL.Parse(p.Header.Get("Location"))
		}
		if to = next.String(); strings.HasPrefix(to, b.h.url) {
			return to
		}
	}
	s.t.Fatalf("the issuer leads on and on, to %s", to)
	return ""
}

func TestSomebodySignsInByAnIssuerThatIsNotOurs(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("builds another project's program: make test-long")
	}
	t.Parallel()
	s := newStranger(t)
	h := newHouse(t, localissuer.Options{}, func(o *identity.LoginOptions) {
		o.Issuer, o.ClientID, o.ClientSecret, o.AccountClaim = s.url(), "web", "secret", ""
	})
	h.browser().get("/login/go").is(t, http.StatusServiceUnavailable) // it is not there yet
	s.start(h)

	if err := h.login.Link(t.Context(), handlers.Accessor{Actor: admin}, "sub-of-clerk", "clerk"); err != nil {
		t.Fatal(err)
	}
	if err := h.login.Confirm(t.Context(), handlers.Accessor{Actor: auditor}, "sub-of-clerk", "clerk"); err != nil {
		t.Fatal(err)
	}
	signIn := func(name string) *browser {
		t.Helper()
		b := h.browser()
		if to := b.get(s.sent(b, name, "verysecure", nil)).is(t, http.StatusSeeOther).Header.Get("Location"); to != "/account" {
			t.Errorf("led to %s", to)
		}
		return b
	}
	as := func(b *browser) domain.Actor {
		t.Helper()
		r, _ := http.NewRequest(http.MethodGet, h.url, nil)
		r.AddCookie(&http.Cookie{Name: "dossier_session", Value: b.cookie()})
		a, err := h.sessions.Authenticate(r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := as(signIn("clerk")); a.Account != "clerk" || a.Role != domain.Clerk {
		t.Errorf("the linked one is %+v", a)
	}
	first := as(signIn("citizen"))
	if first.Role != domain.Applicant || !strings.HasPrefix(first.Account, "citizen-") {
		t.Errorf("who is not linked is %+v", first)
	}
	if again := as(signIn("citizen")); again != first {
		t.Errorf("the second time %+v", again)
	}
	if b := h.browser(); s.sent(b, "clerk", "wrong", nil) != "" || b.cookie() != "" {
		t.Error("a wrong password signed somebody in")
	}

	other := func(key, value string) func(url.Values) { return func(q url.Values) { q.Set(key, value) } }
	for name, change := range map[string]func(url.Values){
		"a nonce that is not ours":     other("nonce", "guessed"),
		"no nonce":                     func(q url.Values) { q.Del("nonce") },
		"a state that is not ours":     other("state", "guessed"),
		"a challenge that is not ours": other("code_challenge", strings.Repeat("A", 43)),
		"a code of another client":     other("client_id", "api"),
	} {
		b := h.browser()
		back := s.sent(b, "clerk", "verysecure", change)
		if b.get(back).is(t, http.StatusUnauthorized); b.cookie() != "" {
			t.Errorf("%s signed somebody in", name)
		}
	}
	b := signIn("clerk")
	used := s.sent(b, "clerk", "verysecure", nil)
	b.get(used).is(t, http.StatusSeeOther)
	b.get(used).is(t, http.StatusBadRequest) // begun by nobody any more

	forgotten, waiting := h.browser(), ""
	waiting = s.sent(forgotten, "clerk", "verysecure", nil)
	before := s.keys()
	s.stop()
	if p := forgotten.get(waiting).is(t, http.StatusServiceUnavailable); !strings.Contains(p.body, "định danh không trả lời") {
		t.Error(p.body)
	}
	forgotten.get("/login/go").is(t, http.StatusSeeOther) // its addresses are known
	s.start(h)
	if s.keys() == before {
		t.Fatal("it has the keys it had")
	}
	if a := as(signIn("clerk")); a.Account != "clerk" { // the new keys are asked for
		t.Errorf("with new keys %+v", a)
	}
	lost := h.browser()
	waiting = s.sent(lost, "clerk", "verysecure", nil)
	s.stop()
	s.start(h)
	if lost.get(waiting).is(t, http.StatusUnauthorized); lost.cookie() != "" {
		t.Error("a code that the issuer forgot signed somebody in")
	}
}

// keys are what it signs by, as it says.
func (s *stranger) keys() string {
	s.t.Helper()
	answer, err := http.Get(s.url() + "keys")
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct{ Keys []struct{ Kid, N string } }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || len(said.Keys) == 0 {
		s.t.Fatalf("its keys: %d %v", answer.StatusCode, err)
	}
	return fmt.Sprint(said)
}
