package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/handlers/localissuer"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

func TestSomebodySignsInByTheIssuerAndOutAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	b := h.browser()
	if asked := b.get("/account"); asked.StatusCode != 303 || !strings.HasPrefix(asked.Header.Get("Location"), "/login?next=") {
		t.Errorf("a stranger is answered %d %s", asked.StatusCode, asked.Header.Get("Location"))
	}
	done := b.signIn(staff("officer-1")).is(t, 303)
	if done.Header.Get("Location") != "/account" {
		t.Errorf("led to %s", done.Header.Get("Location"))
	}
	for _, c := range done.Cookies() {
		if c.Name == "dossier_session" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "") {
			t.Errorf("cookie %+v", c)
		}
	}
	if me := b.get("/account").is(t, 200); !strings.Contains(me.body, "officer-1") || !strings.Contains(me.body, "Mức độ định danh") {
		t.Errorf("the account page: %s", me.body)
	}
	b.get("/v1/organisation").is(t, 200) // the API knows the session too
	if strings.Contains(done.Header.Get("Location"), b.cookie()) || strings.Contains(h.log.String(), b.cookie()) || strings.Contains(h.log.String(), "code=") {
		t.Error("a secret stands in an address or in the log")
	}
	var rows int
	if err := h.db.Owner.QueryRow(t.Context(), `select count(*) from identity.sessions s where s::text like '%' || $1 || '%'`, b.cookie()).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows hold the cookie, %v", rows, err)
	}

	stolen := h.browser()
	u, _ := url.Parse(h.url)
	stolen.Jar.SetCookies(u, []*http.Cookie{{Name: "dossier_session", Value: b.cookie()}})
	stolen.get("/account").is(t, 200)
	b.do("POST", "/logout", nil).is(t, 303)
	stolen.get("/account").is(t, 303) // the session is over, not only the cookie
	b.get("/v1/organisation").is(t, 401)
}

func TestASessionBeginsAnewAtLogInAndNobodyChoosesIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	b := h.browser()
	fixed := strings.Repeat("A", 43)
	u, _ := url.Parse(h.url)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "dossier_session", Value: fixed}})
	b.signIn(staff("clerk")).is(t, 303)
	first := b.cookie()
	if first == fixed || len(first) != 43 {
		t.Fatalf("the session is %q", first)
	}
	b.signIn(staff("officer-1")).is(t, 303)
	if b.cookie() == first {
		t.Error("the second log-in kept the session of the first")
	}
	old := h.browser()
	old.Jar.SetCookies(u, []*http.Cookie{{Name: "dossier_session", Value: first}})
	old.get("/account").is(t, 303)
	for _, guess := range []string{fixed, "", "x", strings.Repeat("A", 5000), first[:42] + "!"} {
		old.Jar.SetCookies(u, []*http.Cookie{{Name: "dossier_session", Value: guess}})
		old.get("/v1/organisation").is(t, 401)
	}
}

func TestACodeOrStateThatCameBeforeOrIsAnothersSignsNobodyIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	b, thief := h.browser(), h.browser()
	callback := b.asked(staff("clerk"), "/account")
	if p := thief.get(callback, "Accept-Language", "en").is(t, 400); !strings.Contains(p.body, "/login") {
		t.Errorf("a browser that began nothing: %s", p.body)
	}
	thief.get("/login/go").is(t, 303) // it has a cookie of its own now
	thief.get(callback).is(t, 401)
	if thief.cookie() != "" {
		t.Error("somebody signed in with another's code")
	}
	b.get(callback).is(t, 303)
	mine := b.cookie()
	b.get("/login/go").is(t, 303)
	b.get(callback).is(t, 401) // the state is used up
	if b.cookie() != mine {
		t.Error("a repeated callback changed the session")
	}

	// A fresh state with a code that was used up.
	used, _ := url.Parse(callback)
	fresh := h.browser()
	next, _ := url.Parse(fresh.asked(staff("clerk"), "/account"))
	q := next.Query()
	q.Set("code", used.Query().Get("code"))
	next.RawQuery = q.Encode()
	fresh.get(next.String()).is(t, 401)

	// One that waited too long, one that the issuer refused, and one of another issuer.
	late := h.browser()
	callback = late.asked(staff("clerk"), "/account")
	h.wait(11 * time.Minute)
	late.get(callback).is(t, 401)
	denied := h.browser()
	next, _ = url.Parse(denied.asked(staff("clerk"), "/account"))
	denied.get("/login/callback?error=access_denied&state="+next.Query().Get("state")).is(t, 403)
	mixed := h.browser()
	next, _ = url.Parse(mixed.asked(staff("clerk"), "/account"))
	q = next.Query()
	q.Set("iss", "https://elsewhere.example")
	next.RawQuery = q.Encode()
	mixed.get(next.String()).is(t, 401)
}

func TestATokenThatDoesNotHoldSignsNobodyIn(t *testing.T) {
	t.Parallel()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(alg jose.SignatureAlgorithm, key any, payload []byte) (string, error) {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
		if err != nil {
			return "", err
		}
		signature, err := s.Sign(payload)
		if err != nil {
			return "", err
		}
		return signature.CompactSerialize()
	}
	type honest = func([]byte) (string, error)
	says := func(change func(map[string]any)) localissuer.Options { return localissuer.Options{Claims: change} }
	for name, o := range map[string]localissuer.Options{
		"expired":       says(func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() }),
		"old":           says(func(c map[string]any) { c["iat"] = time.Now().Add(-time.Hour).Unix() }),
		"from tomorrow": says(func(c map[string]any) { c["iat"] = time.Now().Add(24 * time.Hour).Unix() }),
		"audience":      says(func(c map[string]any) { c["aud"] = "another client" }),
		"audiences":     says(func(c map[string]any) { c["aud"] = []string{"dossier", "another client"} }),
		"party":         says(func(c map[string]any) { c["azp"] = "another client" }),
		"issuer":        says(func(c map[string]any) { c["iss"] = "https://elsewhere.example" }),
		"nonce":         says(func(c map[string]any) { c["nonce"] = "guessed" }),
		"no nonce":      says(func(c map[string]any) { delete(c, "nonce") }),
		"no subject":    says(func(c map[string]any) { c["sub"] = "" }),
		"alg none": {Sign: func(payload []byte, _ honest) (string, error) {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + ".", nil
		}},
		"another key": {Sign: func(payload []byte, _ honest) (string, error) { return signed(jose.ES256, other, payload) }},
		"shared secret": {Sign: func(payload []byte, _ honest) (string, error) {
			return signed(jose.HS256, []byte(strings.Repeat("a secret of the client", 3)), payload)
		}},
		"altered": {Sign: func(payload []byte, h honest) (string, error) {
			token, err := h(payload)
			parts := strings.Split(token, ".")
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "clerk", "admin", 2))) + "." + parts[2], err
		}},
		"no token": {Sign: func([]byte, honest) (string, error) { return "", nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, o)
			b := h.browser()
			p := b.signIn(staff("clerk")).is(t, 401)
			if b.cookie() != "" || !strings.Contains(p.body, "đăng nhập lại") {
				t.Errorf("signed in, or not told how to go on: %s", p.body)
			}
			if strings.Contains(p.body, "code=") || strings.Contains(p.body, "state=") {
				t.Error("the page repeats what the issuer sent")
			}
			if h.lockout.Failures("login") != 1 {
				t.Error("it was not counted")
			}
			b.get("/v1/organisation").is(t, 401)
		})
	}
}

func TestASessionEndsWhenNobodyIsSeenAndAtItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	b := h.browser()
	b.signIn(staff("clerk")).is(t, 303)
	for range 3 {
		h.wait(identity.DefaultIdle - time.Second)
		b.get("/account").is(t, 200)
	}
	h.wait(identity.DefaultIdle + time.Second)
	b.get("/account").is(t, 303)

	h.wait(-h.now().Sub(time.Now()))
	b = h.browser()
	b.signIn(staff("clerk")).is(t, 303)
	for d := time.Duration(0); d < identity.DefaultLasts-20*time.Minute; d += 20 * time.Minute {
		h.wait(20 * time.Minute)
		b.get("/account").is(t, 200)
	}
	h.wait(20 * time.Minute)
	b.get("/account").is(t, 303)
}

func TestAnAccountActsInItsPostsOnlyAndIsSignedOutByOthersWhoMay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	b, elsewhere := h.browser(), h.browser()
	b.signIn(staff("clerk")).is(t, 303)
	elsewhere.signIn(staff("clerk")).is(t, 303)
	for _, post := range []string{"approver/leadership", "system/", "applicant/", "system_admin/it"} {
		b.do("POST", "/account/post", url.Values{"post": {post}}).is(t, 403)
	}
	b.do("POST", "/account/others", nil, "Sec-Fetch-Site", "cross-site").is(t, 403)
	elsewhere.get("/account").is(t, 200)
	b.do("POST", "/account/others", nil).is(t, 303)
	elsewhere.get("/account").is(t, 303)
	b.get("/account").is(t, 200)

	by := handlers.Accessor{Actor: admin}
	if list, err := h.sessions.List(t.Context(), admin, "clerk"); err != nil || len(list) != 1 || list[0].As.Account != "clerk" {
		t.Errorf("signed in: %+v, %v", list, err)
	}
	if _, err := h.sessions.End(t.Context(), handlers.Accessor{Actor: domain.Actor{Account: "clerk", Role: domain.Clerk, Unit: handlers.UnitRegistry}}, "admin"); err == nil {
		t.Error("a clerk signed the administrator out")
	}
	if n, err := h.sessions.End(t.Context(), by, "clerk"); n != 1 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
	b.get("/account").is(t, 303)
}

func TestOneWhomNobodyLinkedIsRefusedOrFilesUnderAReferenceThatSaysNothing(t *testing.T) {
	t.Parallel()
	const number = "079185001234"
	who := localissuer.Who{Subject: number, Claims: map[string]any{"acr": "2"}}
	closed := newHouse(t, localissuer.Options{}, func(o *identity.LoginOptions) { o.Applicants = false })
	closed.browser().signIn(who).is(t, 403)

	h := newHouse(t, localissuer.Options{})
	account := func(who localissuer.Who) (account, kind, level string) {
		b := h.browser()
		b.signIn(who).is(t, 303)
		me := b.get("/account").is(t, 200)
		if err := h.db.Owner.QueryRow(t.Context(), `select account, kind, level from identity.subjects order by made_at desc limit 1`).Scan(&account, &kind, &level); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(me.body, account) {
			t.Errorf("the page does not name %s", account)
		}
		return account, kind, level
	}
	first, kind, level := account(who)
	if kind != "citizen" || level != "2" || !strings.HasPrefix(first, "citizen-") {
		t.Errorf("%s %s %s", first, kind, level)
	}
	who.Claims["acr"] = "1"
	if again, _, level := account(who); again != first || level != "1" {
		t.Errorf("the second time %s, level %s", again, level)
	}
	var clear int
	if err := h.db.Owner.QueryRow(t.Context(), `select count(*) from identity.subjects s where s::text like '%' || $1 || '%' or s::text like '%' || encode($1::bytea, 'hex') || '%'`, number).Scan(&clear); err != nil || clear != 0 {
		t.Errorf("%d rows hold the number, %v", clear, err)
	}

	b := h.browser()
	b.signIn(who).is(t, 303)
	if _, err := h.db.App.Exec(t.Context(), `insert into vault.erasures (owner, person, persons, texts) values ($1, $1, 0, 0)`, handlers.PersonStream(first)); err != nil {
		t.Fatal(err)
	}
	b.get("/account").is(t, 303)
	if after, _, _ := account(who); after == first {
		t.Error("who was erased signed in as before")
	}
	if other, kind, _ := account(localissuer.Who{Subject: "0101234567", Claims: map[string]any{"account_kind": "organisation"}}); kind != "organisation" || !strings.HasPrefix(other, "organisation-") {
		t.Errorf("%s is %s", other, kind)
	}
}

func TestASubjectIsLinkedToAnAccountAndUnlinked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{}, func(o *identity.LoginOptions) { o.AccountClaim, o.Applicants = "", false })
	liar := staff("admin") // the claim is not believed here
	h.browser().signIn(liar).is(t, 403)
	by := handlers.Accessor{Actor: admin}
	if err := h.login.Link(t.Context(), handlers.Accessor{Actor: domain.Actor{Account: "clerk", Role: domain.Clerk, Unit: handlers.UnitRegistry}}, liar.Subject, "admin"); err == nil {
		t.Error("a clerk linked somebody")
	}
	if err := h.login.Link(t.Context(), by, liar.Subject, "nobody"); err == nil {
		t.Error("linked to an account there is not")
	}
	if err := h.login.Link(t.Context(), by, liar.Subject, "clerk"); err != nil {
		t.Fatal(err)
	}
	if page := h.browser().signIn(liar).is(t, 403); !strings.Contains(page.body, "subject confirm") {
		t.Errorf("who is linked and not confirmed reads %s", page.body)
	}
	for who, confirm := range map[string]error{
		"the one who linked it": h.login.Confirm(t.Context(), by, liar.Subject, "clerk"),
		"a clerk":               h.login.Confirm(t.Context(), handlers.Accessor{Actor: domain.Actor{Account: "clerk", Role: domain.Clerk, Unit: handlers.UnitRegistry}}, liar.Subject, "clerk"),
		"for another account":   h.login.Confirm(t.Context(), handlers.Accessor{Actor: auditor}, liar.Subject, "approver"),
		"for somebody else":     h.login.Confirm(t.Context(), handlers.Accessor{Actor: auditor}, "stranger", "clerk"),
	} {
		if confirm == nil {
			t.Errorf("confirmed: %s", who)
		}
	}
	h.browser().signIn(liar).is(t, 403)
	for range 2 { // the second time nothing more happens
		if err := h.login.Confirm(t.Context(), handlers.Accessor{Actor: auditor}, liar.Subject, "clerk"); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.login.Link(t.Context(), by, liar.Subject, "clerk"); err != nil { // saying again what stands asks nobody again
		t.Fatal(err)
	}
	b := h.browser()
	b.signIn(liar).is(t, 303)
	if me := b.get("/account").is(t, 200); !strings.Contains(me.body, "clerk") {
		t.Error(me.body)
	}
	if err := h.login.Link(t.Context(), by, liar.Subject, ""); err != nil {
		t.Fatal(err)
	}
	b.get("/account").is(t, 303)
	h.browser().signIn(liar).is(t, 403)
	entries, err := h.executor.Access().List(t.Context(), auditor, handlers.AccessFilter{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, e := range entries.Entries {
		seen[e.Type]++
	}
	if seen["access.session-opened"] != 1 || seen["access.subject-linked"] != 3 || seen["access.subject-confirmed"] != 1 {
		t.Errorf("recorded: %v", seen)
	}
}

func TestAnAddressThatFailsToSignInIsLockedOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	in := h.browser()
	in.signIn(staff("clerk")).is(t, 303)
	for range 20 { // another site's picture cannot lock anybody out: it brings no cookie of a log-in
		h.browser().get("/login/callback?state=x&code=y").is(t, 400)
	}
	for range identity.MostFailures {
		b := h.browser()
		b.get("/login/go").is(t, 303)
		b.get("/login/callback?state=x&code=y").is(t, 401)
	}
	if p := h.browser().get("/login/go").is(t, 429); p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	in.get("/account").is(t, 200)
	if h.lockout.Lockouts() != 1 {
		t.Errorf("%d lock-outs", h.lockout.Lockouts())
	}
}

func TestSigningInLeadsNowhereElseAndAnIssuerThatIsAwayIsSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	for _, next := range []string{"https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/\r\nSet-Cookie: a=b"} {
		b := h.browser()
		if to := b.get(b.asked(staff("clerk"), next)).is(t, 303).Header.Get("Location"); to != "/dossiers" {
			t.Errorf("%q led to %q", next, to)
		}
	}
	gone := newHouse(t, localissuer.Options{})
	gone.issuer.Close()
	if p := gone.browser().get("/login/go").is(t, 503); !strings.Contains(p.body, "định danh không trả lời") || p.Header.Get("Retry-After") == "" {
		t.Errorf("%s", p.body)
	}
	gone.browser().get("/login").is(t, 200)
}

func TestTheSessionOfAnotherOpensNothingBesideIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localissuer.Options{})
	mine, theirs := h.browser(), h.browser()
	mine.signIn(localissuer.Who{Subject: "one"}).is(t, 303)
	theirs.signIn(localissuer.Who{Subject: "two"}).is(t, 303)
	me := func(b *browser) domain.Actor {
		r, _ := http.NewRequest("GET", h.url, nil)
		r.AddCookie(&http.Cookie{Name: "dossier_session", Value: b.cookie()})
		a, err := h.sessions.Authenticate(r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	filed := mine.do("POST", "/v1/dossiers", nil, "Content-Type", "application/json") // no body: refused, but as whom it is
	filed.is(t, 400)
	body, _ := json.Marshal(map[string]string{"procedure": "vet-practice-cert-renew", "channel": "online", "applicant": me(mine).Account})
	for _, c := range []struct {
		b      *browser
		status int
	}{{theirs, 403}, {mine, 201}} {
		r, _ := http.NewRequest("POST", h.url+"/v1/dossiers", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", uuid.NewString())
		answer, err := c.b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%d, want %d", answer.StatusCode, c.status)
		}
	}
	// A token in the header goes before the cookie: a wrong one is nobody.
	mine.get("/v1/organisation", "Authorization", "Bearer dev:admin").is(t, 401)
	// Another site's page cannot use the cookie to change anything.
	r, _ := http.NewRequest("POST", h.url+"/v1/dossiers", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://elsewhere.example")
	answer, err := mine.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 403 {
		t.Errorf("another site is answered %d", answer.StatusCode)
	}
}
