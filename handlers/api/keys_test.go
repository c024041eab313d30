package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/handlers/identity"
)

// key makes a key for officer-1 by the administrator, confirmed by the auditor, and returns its prefix and the header that sends it.
func (h *house) key(scopes, more string) (prefix, header string) {
	h.t.Helper()
	prefix, header = h.waitingKey(scopes, more)
	h.post("auditor", "/v1/keys/"+prefix+"/confirm", "").is(200)
	return prefix, header
}

func (h *house) waitingKey(scopes, more string) (prefix, header string) {
	h.t.Helper()
	var made struct {
		Key   struct{ Prefix string }
		Token string
	}
	h.post("admin", "/v1/keys", `{"label":"portal","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":[`+scopes+`]`+more+`}`).is(201).into(&made)
	return made.Key.Prefix, "Authorization: Bearer " + made.Token
}

func TestAKeyActsInItsRoleAndScopesAndItsSecretIsNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	prefix, header := h.key(`"read","feed"`, "")
	hidden := header[strings.LastIndex(header, prefix+"_")+len(prefix)+1:]
	if len(hidden) != 43 {
		t.Fatalf("a secret of %d characters", len(hidden))
	}
	r := h.submitted()
	h.get("", "/v1/dossiers/"+r.ID+"?"+h.seen(r), header).is(200)
	h.get("", "/v1/events?limit=1", header).is(200)
	h.get("", "/v1/access", header).problem(403, "key_scope")
	h.get("", "/v1/persons/applicant-1", header).problem(403, "key_scope")
	h.get("", "/v1/dossiers/"+r.ID+"/words?purpose=x", header).problem(403, "key_scope")
	p := h.post("", "/v1/dossiers/"+r.ID+"/accept", "", header, "Accept-Language: en").problem(403, "key_scope")
	if !strings.Contains(p.Detail, "command") || !strings.Contains(p.Detail, "Ask the system administrator") {
		t.Errorf("how to mend: %s", p.Detail)
	}
	h.get("", "/v1/keys", header).problem(403, "key_not_here")
	h.post("", "/v1/keys", `{}`, header).problem(403, "key_not_here")

	_, command := h.key(`"command"`, "")
	h.get("", "/v1/dossiers/"+r.ID, command).problem(403, "key_scope")
	h.post("", "/v1/dossiers/"+r.ID+"/accept", "", command).problem(403, "not_allowed") // an appraiser does not receive

	list := h.get("admin", "/v1/keys").is(200)
	h.get("auditor", "/v1/keys").is(200)
	h.get("officer-1", "/v1/keys").problem(403, "not_allowed")
	var rows int
	if err := h.db.Owner.QueryRow(t.Context(), `select count(*) from (select k::text as row from identity.keys k union all select u::text from identity.key_uses u
		union all select a::text from journal.access a) r where row like '%' || $1 || '%'`, hidden).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows hold the secret, %v", rows, err)
	}
	if strings.Contains(string(list.body), hidden) || strings.Contains(h.log.String(), hidden) || strings.Contains(string(h.get("", "/metrics").body), hidden) {
		t.Error("the secret was shown again")
	}
	if !strings.Contains(string(list.body), `"used_from":"127.0.0.1"`) {
		t.Errorf("no last use: %s", list.body)
	}
}

func TestAKeyThatIsWrongRevokedExpiredOrFromElsewhereIsRefusedAndRecorded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	prefix, header := h.key(`"read"`, "")
	h.get("", "/v1/dossiers", header).is(200)
	wrong := header[:len(header)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(header, "A")]
	first := h.get("", "/v1/dossiers", wrong).problem(401, "key_wrong")
	unknown := h.get("", "/v1/dossiers", strings.Replace(header, prefix, "kaaaaaaaaaaa", 1)).problem(401, "key_wrong")
	if first.Detail != unknown.Detail {
		t.Error("an answer tells whether a prefix is known")
	}
	for _, odd := range []string{"dossier_", "dossier__", "dossier_" + prefix, "dossier_%00_x", "dossier_" + strings.Repeat("a", 3000)} {
		h.get("", "/v1/dossiers", "Authorization: Bearer "+odd).problem(401, "key_wrong")
	}

	_, elsewhere := h.key(`"read"`, `,"networks":["198.51.100.7","2001:db8::/32"]`)
	h.get("", "/v1/dossiers", elsewhere).problem(403, "key_elsewhere")
	_, here := h.key(`"read"`, `,"networks":["127.0.0.0/8","::1"]`)
	h.get("", "/v1/dossiers", here).is(200)

	expired, old := h.key(`"read"`, `,"days":1`)
	for _, sql := range []string{`alter table identity.keys disable trigger all`, `update identity.keys set made_at = now() - interval '3 days', expires_at = now() - interval '1 second' where prefix = '` + expired + `'`,
		`alter table identity.keys enable trigger all`} {
		if _, err := h.db.Owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	h.get("", "/v1/dossiers", old).problem(401, "key_expired")

	h.post("auditor", "/v1/keys/"+prefix+"/revoke", "").problem(403, "not_allowed")
	h.post("admin", "/v1/keys/"+prefix+"/revoke", "").is(200)
	again := h.post("admin", "/v1/keys/"+prefix+"/revoke", "").is(200)
	if !strings.Contains(string(again.body), "revoked_at") {
		t.Errorf("revoked twice: %s", again.body)
	}
	h.post("admin", "/v1/keys/kbbbbbbbbbbb/revoke", "").problem(404, "no_key")
	h.get("", "/v1/dossiers", header).problem(401, "key_revoked")
	if _, err := h.db.App.Exec(t.Context(), `delete from identity.revoked_keys`); err == nil {
		t.Error("the application took a revocation back")
	}

	var page struct {
		Entries []struct{ Type, Key, Rule string }
	}
	h.get("auditor", "/v1/access?limit=100").is(200).into(&page)
	seen := map[string]int{}
	for _, e := range page.Entries {
		seen[e.Type+" "+e.Rule]++
	}
	for what, n := range map[string]int{"access.key-made ": 4, "access.key-revoked ": 1, "access.key-refused key_wrong": 2, "access.key-refused key_elsewhere": 1,
		"access.key-refused key_expired": 1, "access.key-refused key_revoked": 1} {
		if seen[what] != n {
			t.Errorf("%s: %d entries, want %d (%v)", what, seen[what], n, seen)
		}
	}
}

func TestAnAddressThatGuessesKeysIsLockedOutAndCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, header := h.key(`"read"`, "")
	for range identity.MostFailures {
		h.get("", "/v1/dossiers", "Authorization: Bearer dossier_kaaaaaaaaaaa_x").problem(401, "key_wrong")
	}
	r := h.get("", "/v1/dossiers", header) // also with the right one: else one right key would let others be guessed
	if r.problem(429, "locked_out"); r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.get("auditor", "/v1/dossiers").is(200) // who is known otherwise stays in
	figures := string(h.get("", "/metrics").body)
	for _, want := range []string{"dossier_lockouts_total 1", fmt.Sprintf(`dossier_wrong_secrets_total{kind="key"} %d`, identity.MostFailures)} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %s in the figures", want)
		}
	}
}

func TestAKeyCountsOnceSomebodyElseHasConfirmedIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(200)
	prefix, header := h.waitingKey(`"read"`, "")
	h.get("", "/v1/dossiers", header).problem(401, "key_waits")
	if p := h.post("admin", "/v1/keys/"+prefix+"/confirm", "").problem(409, "second_person"); !strings.Contains(p.Detail, "người khác") {
		t.Errorf("how to mend: %s", p.Detail)
	}
	h.post("officer-1", "/v1/keys/"+prefix+"/confirm", "").problem(403, "not_allowed")
	h.get("", "/v1/dossiers", header).problem(401, "key_waits")
	var key identity.Key
	if h.post("auditor", "/v1/keys/"+prefix+"/confirm", "").is(200).into(&key); key.Waits || key.Confirmed != "auditor" || key.MadeBy != "admin" {
		t.Errorf("confirmed: %+v", key)
	}
	h.get("", "/v1/dossiers", header).is(200)
	h.post("auditor", "/v1/keys/"+prefix+"/confirm", "").is(200) // nothing more happens

	gone, _ := h.waitingKey(`"read"`, "")
	h.post("admin", "/v1/keys/"+gone+"/revoke", "").is(200)
	h.post("auditor", "/v1/keys/"+gone+"/confirm", "").problem(409, "key_revoked")
	h.post("auditor", "/v1/keys/kbbbbbbbbbbb/confirm", "").problem(404, "no_key")

	waiting, _ := h.waitingKey(`"read"`, "")
	for by, why := range map[string]string{"admin": "confirmed_keys_another", "somebody": "confirmed_keys_known"} { // neither does the database believe it
		maker := "admin"
		if by == "somebody" {
			maker = "nobody"
		}
		_, err := h.db.App.Exec(t.Context(), `insert into identity.confirmed_keys (prefix, made_by, confirmed_by, confirmed_at) values ($1, $2, $3, now())`, waiting, maker, by)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("confirmed by %s of what %s made: %v", by, maker, err)
		}
	}
	seen := map[string]int{}
	var entries struct{ Entries []struct{ Type, Key string } }
	h.get("auditor", "/v1/access?limit=200").is(200).into(&entries)
	for _, e := range entries.Entries {
		seen[e.Type+" "+e.Key]++
	}
	if seen["access.key-confirmed "+prefix] != 1 {
		t.Errorf("recorded: %v", seen)
	}
}

func TestASystemAdministratorGivesItselfNoPost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const mine, posts = "{account: admin, from: 2025-03-01, title_vi: Quản trị hệ thống, title_en: System administrator,\n     posts: [", "{role: system_admin, unit: it}"
	h.post("admin", "/v1/organisation", shippedOrganisation(t, mine+posts, mine+posts+", {role: approver, unit: leadership}")).problem(422, "file_mistakes")
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(200)
	p := h.post("admin", "/v1/organisation", shippedOrganisation(t, mine+posts, mine+posts+", {role: approver, unit: leadership}")).problem(422, "file_mistakes")
	if len(p.Errors) != 1 || !strings.HasSuffix(p.Errors[0].Field, ".posts[1]") || !strings.Contains(p.Errors[0].Detail, "tự giao") {
		t.Errorf("found %+v", p.Errors)
	}
}

func TestAKeyIsNotMadeForWhatPeopleDoNorWithBadValues(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		body, code string
		status     int
	}{
		{`{"label":"x","account":"approver","role":"approver","unit":"leadership","scopes":["command"]}`, "key_decides", 409},
		{`{"label":"x","account":"applicant-1","role":"applicant","scopes":["read"]}`, "key_role", 422},
		{`{"label":"x","account":"officer-1","role":"king","scopes":["read"]}`, "key_role", 422},
		{`{"label":"Nguyễn Văn A","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":["read"]}`, "malformed_label", 400},
		{`{"label":"x","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":["everything"]}`, "unknown_scope", 422},
		{`{"label":"x","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":[]}`, "no_scope", 422},
		{`{"label":"x","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":["read"],"networks":["10.0.0.1/8"]}`, "malformed_network", 400},
		{`{"label":"x","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":["read"],"networks":["here"]}`, "malformed_network", 400},
		{`{"label":"x","account":"officer-1","role":"case_officer","unit":"animal-health","scopes":["read"],"days":900}`, "invalid", 422},
		{`{"label":"x","account":"Officer 1","role":"case_officer","unit":"animal-health","scopes":["read"]}`, "key_account", 422},
	} {
		h.post("admin", "/v1/keys", c.body).problem(c.status, c.code)
	}
	h.post("approver", "/v1/keys", `{"label":"x","account":"officer-1","role":"case_officer","scopes":["read"]}`).problem(403, "not_allowed")
	var list struct{ Keys []any }
	if h.get("admin", "/v1/keys").is(200).into(&list); len(list.Keys) != 0 {
		t.Errorf("%d keys", len(list.Keys))
	}
}

// Every route of the API needs a scope that is known, or takes no key at all.
func TestEveryRouteHasAScope(t *testing.T) {
	t.Parallel()
	want := map[string]identity.Scope{
		"GET /v1/dossiers": "read", "GET /v1/events": "feed", "GET /v1/events/stream": "feed", "GET /v1/access": "audit", "GET /v1/keys": "", "POST /v1/keys": "",
		"POST /v1/keys/{prefix}/revoke": "", "POST /v1/keys/{prefix}/confirm": "", "POST /v1/dossiers": "command", "POST /v1/persons/search": "person", "GET /v1/dossiers/{id}/words": "person",
	}
	for _, route := range routesOf(t) {
		method, path, _ := strings.Cut(route, " ")
		got := identity.ScopeOf(method, path)
		if w, named := want[route]; named && got != w {
			t.Errorf("%s needs %q, want %q", route, got, w)
		}
		if method != http.MethodGet && method != http.MethodHead && (got == identity.ReadScope || got == identity.FeedScope || got == identity.AuditScope) {
			t.Errorf("%s changes something under %q", route, got)
		}
		delete(want, route)
	}
	if len(want) > 0 {
		t.Errorf("no such routes: %v", want)
	}
}

func TestAStreamEndsSoonAfterItsKeyIsRevoked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	prefix, header := h.key(`"feed"`, "")
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/v1/events/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(header, ": ")
	r.Header.Set(name, value)
	stream, err := h.client.Do(r)
	if err != nil || stream.StatusCode != 200 {
		t.Fatalf("%v %v", stream, err)
	}
	defer stream.Body.Close()
	over := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, stream.Body)
		close(over)
	}()
	h.post("admin", "/v1/keys/"+prefix+"/revoke", "").is(200)
	select {
	case <-over:
	case <-time.After(30 * time.Second):
		t.Error("the stream goes on")
	}
}
