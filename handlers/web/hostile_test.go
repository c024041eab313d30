package web

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/person"
	"dossier/eventstore/vault"
	"dossier/handlers"
)

// evils are texts that mean something to somebody else.
var evils = []string{
	`%`, `_`, `\`, `'`, `' or 1=1 --`, `'; drop table journal.events; --`, `") or ("1"="1`, `$.**`, `{"$gt":""}`,
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' autofocus onfocus=alert(1) x='`, `javascript:alert(1)`, `</textarea><script>alert(1)</script>`, `<!--`, `{{7*7}}`, `{{.Actor}}`, `${7*7}`, `<%= 7*7 %>`,
	"a\u202eb", "\u2066x\u2069", "\ufeffx", "аpplicant-1", "e\u0301", "\r\nSet-Cookie: evil=1", "a\x00b", "\xc0\xaf", "\xff", "\xed\xa0\x80",
	`=cmd|' /C calc'!A1`, `../../etc/passwd`, `..`, `.`, `..;/`, `..%2f`, `//evil.example`, `/\evil.example`, `https://evil.example`, `https:evil.example`, `%0d%0aSet-Cookie:evil=1`, `%2500`, `%n%s`,
	`-1`, `0`, `1e99`, `NaN`, `99999999999999999999`, `@99999999999999999999`, `@-1`, `9999-12-31`, `0000-00-00`, `31/02/2026`, `10000-01-01T00:00:00Z`, `1970-01-01T00:00:00+25:00`, strings.Repeat("a", 4000), strings.Repeat("ế", 2000),
}

// everywhere are the names that every page reads in its address, and some that none does.
var everywhere = []string{"lang", "theme", "density", "page", "_method", "callback"}

// asked are the names that single pages read: alone where one that is refused hides the others, else together.
var asked = map[string][]string{
	"GET /dossiers":                   {"q", "procedure channel unit officer portal turn sort live names", "status", "cursor"},
	"GET /dossiers.csv":               {"q procedure channel unit officer portal turn sort", "status", "cursor"},
	"GET /dossiers/new":               {"procedure", "channel applicant unit with occurred_at late_reason values.owner_name"},
	"GET /dossiers/{id}":              {"version", "at", "known_at", "show min_position again"},
	"GET /dossiers/{id}/words":        {"purpose"},
	"GET /dossiers/{id}/do/{command}": {"occurred_at late_reason key reason"},
	"GET /dossiers/{id}/deadline":     {"at", "known_at"},
	"GET /bulk/new":                   {"command", "id", "key reason"},
	"GET /bulk/{id}":                  {"from"},
	"GET /organisation":               {"at", "known_at"},
	"GET /procedures":                 {"q", "sector"},
	"GET /check":                      {"number", "agency"},
	"GET /track":                      {"code"},
	"GET /login":                      {"next"},
	"GET /login/callback":             {"code state iss", "error"},
}

// seen is an answer of the pages to one request, read whole.
type seen struct {
	*http.Response
	body string
}

// sent sends a request as it is and follows nothing.
func (w *crowd) sent(method, path, account, body string, headers ...string) seen {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.t.Context(), method, w.url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	base := *q.URL
	if q.URL, err = base.Parse(path); err != nil {
		base.Opaque = path
		q.URL = &base
	}
	if account != "" {
		q.Header.Set("X-Test-Account", account)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			q.Host = value
			continue
		}
		q.Header.Add(name, value)
	}
	answer, err := direct.RoundTrip(q)
	if err != nil {
		w.t.Fatalf("%s %.200q: %v", method, path, err)
	}
	return w.judged(answer, method+" "+path)
}

// direct compresses nothing: answers are read as they are.
var direct = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}

const aForm = "Content-Type: application/x-www-form-urlencoded"

func (w *crowd) posted(path, account string, form url.Values, headers ...string) seen {
	w.t.Helper()
	return w.sent(http.MethodPost, path, account, form.Encode(), append([]string{aForm}, headers...)...)
}

// raw sends bytes as they are and reads one answer.
func (w *crowd) raw(request string) seen {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		w.t.Fatal(err)
	}
	line, _, _ := strings.Cut(request, "\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: strings.Fields(line)[0]})
	if err != nil {
		w.t.Fatalf("%.200q: %v", request, err)
	}
	return w.judged(answer, line)
}

// asks is a request line with its headers, without a body.
func (w *crowd) asks(account, line string, headers ...string) string {
	lines := append([]string{line + " HTTP/1.1", "Host: " + strings.TrimPrefix(w.url, "http://"), "Connection: close"}, headers...)
	if account != "" {
		lines = append(lines, "X-Test-Account: "+account)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// places are where a page leads, sends or loads from.
var places = regexp.MustCompile(`(?i)\s(?:href|src|action|formaction|hx-get|hx-post|data-live|ping|poster|srcset)="([^"]*)"`)

// judged holds every answer to what all of them promise: no fault, the headers that narrow what a browser may do, nothing of what was sent as a
// header, and no place outside of this house.
func (w *crowd) judged(answer *http.Response, what string) seen {
	w.t.Helper()
	defer answer.Body.Close()
	var body []byte
	if answer.Header.Get("Content-Type") != "text/event-stream" { // which stays open
		body, _ = io.ReadAll(answer.Body)
	}
	s, h := seen{answer, string(body)}, answer.Header
	what = fmt.Sprintf("%.160q", what)
	if s.StatusCode >= 500 {
		w.t.Errorf("%s: %d %.300s", what, s.StatusCode, s.body)
	}
	if s.StatusCode == http.StatusBadRequest && strings.HasPrefix(s.body, "400 Bad Request") { // net/http's own: it understood no request, and no page was asked
		return s
	}
	for name, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := h.Values(name); len(got) != 1 || got[0] != want {
			w.t.Errorf("%s: %s is %q", what, name, got)
		}
	}
	if h.Get("Cache-Control") == "" || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Evil") != "" || strings.Contains(strings.Join(h.Values("Set-Cookie"), "\n"), "evil") {
		w.t.Errorf("%s: %v", what, h)
	}
	if to := h.Get("Location"); to != "" && !w.ours(to) {
		w.t.Errorf("%s leads to %s", what, to)
	}
	if to := h.Get("Refresh"); to != "" && to != "2" {
		w.t.Errorf("%s is refreshed by %s", what, to)
	}
	if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		for _, m := range places.FindAllStringSubmatch(s.body, -1) {
			if to := html.UnescapeString(m[1]); !w.ours(to) {
				w.t.Errorf("%s: its page leads to %s", what, to)
			}
		}
		if n := strings.Count(s.body, "<script"); n > 2 || strings.Contains(s.body, "<img src=x") || strings.Contains(s.body, "<!--") {
			w.t.Errorf("%s: its page holds what was sent: %d scripts", what, n)
		}
	}
	return s
}

// ours says whether an address stays in this house, as a browser reads it: it drops tabs and lines and takes \ for /.
func (w *crowd) ours(to string) bool {
	to = strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/").Replace(strings.TrimLeft(to, " \x00\x01\x0b\x0c\x1f"))
	base, _ := url.Parse(w.url + "/dossiers/x")
	at, err := base.Parse(to)
	if err != nil {
		return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") || strings.HasPrefix(to, "#") || strings.HasPrefix(to, "?")
	}
	return at.Scheme == "http" && at.Host == base.Host && at.Opaque == "" || strings.HasPrefix(to, w.issuer.URL()+"/authorize?")
}

// state is all that a request could change. What is noted of refusals, readings and log-ins that began is no state.
func (w *crowd) state() (sum string) {
	w.t.Helper()
	err := w.db.App.QueryRow(w.t.Context(), `
		select concat_ws(' ',
		         (select max(position) from journal.events),
		         (select count(*) from vault.persons),
		         (select count(*) from vault.keys),
		         (select count(*) from vault.texts),
		         (select count(*) from vault.erasures),
		         (select concat(count(*), ':', sum(hashtext(f::text))) from vault.files f),
		         (select count(*) from identity.keys),
		         (select concat(count(*), ':', sum(hashtext(concat(hash, account, role, unit)))) from identity.sessions),
		         (select concat(count(*), ':', sum(hashtext(j::text))) from identity.subjects j))`).Scan(&sum)
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// unchanged fails when what runs changes anything.
func (w *crowd) unchanged(t *testing.T, what func(t *testing.T)) {
	t.Helper()
	before := w.state()
	what(t)
	if after := w.state(); after != before {
		t.Errorf("the state went from %s to %s", before, after)
	}
}

// session is a cookie that signs an account in.
func (w *crowd) session(a domain.Actor) string {
	w.t.Helper()
	out := httptest.NewRecorder()
	if err := w.sessions.Open(out, httptest.NewRequestWithContext(w.t.Context(), "GET", "/", nil), a, "2"); err != nil {
		w.t.Fatal(err)
	}
	return out.Result().Cookies()[0].Value
}

// welcome is somebody who may come in at a page.
func (w *crowd) welcome(r handlers.Right) caller {
	for _, c := range w.callers {
		if c.relation != stranger && expected(r, c) == in && (c.Role != domain.Applicant || !strings.Contains(r.Name, "/do/")) {
			return c
		}
	}
	return w.callers[0]
}

// forms are the pages that take a POST, with somebody whose form would be taken.
func (w *crowd) forms() (list []handlers.Right) {
	for _, r := range handlers.Rights(handlers.Web) {
		if strings.HasPrefix(r.Name, "POST ") {
			list = append(list, r)
		}
	}
	return list
}

// shown are the pages that are read.
func (w *crowd) shown() (list []handlers.Right) {
	for _, r := range handlers.Rights(handlers.Web) {
		if !strings.HasPrefix(r.Name, "POST ") {
			list = append(list, r)
		}
	}
	return list
}

func TestWhatIsHostileToPagesIsTextOrRefusedAndChangesNothing(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("takes long: make test-hostile")
	}
	t.Parallel()
	w := newCrowd(t)
	id := w.filed()
	const reception, nobody, foreigner = "reception-officer-same", "", "applicant-2"
	if len(w.patterns) != len(handlers.Rights(handlers.Web)) {
		t.Fatalf("%d pages, %d rules", len(w.patterns), len(handlers.Rights(handlers.Web)))
	}
	in := func(t *testing.T) { // what is found is said where it was found
		was := w.t
		w.t = t
		t.Cleanup(func() { w.t = was })
	}

	t.Run("tricks with paths", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			for _, path := range []string{
				"//organisation", "//dossiers//" + id, "/dossiers/./" + id, "/x/../organisation", "/check/../organisation", "/%2e%2e/organisation", "/check/%2e%2e/organisation", "/check/..%2forganisation", "/check/..%5corganisation", "/assets/..%2f..%2forganisation",
				"/dossiers%2f" + id, "/dossiers/" + id + "/", "/dossiers/" + id + "%2fwords", "/dossiers/" + id + ";role=auditor", "/dossiers;a=b/" + id, "/dossiers/%00" + id, "/dossiers/" + strings.ToUpper(id), "/dossiers/%7B" + id + "%7D", "/dossiers/urn:uuid:" + id,
				"/dossiers/" + strings.ReplaceAll(id, "-", ""), "/dossiers/" + id + "%20", "/dossiers/" + id + "%3fx", "/dossiers/" + id + "%23", "/dossiers/" + id + ".html", "/DOSSIERS/" + id, "/Organisation", "/organisation/", "/organisation;a=b", "/organisation%00", "/organisation%20", "/organisation%09",
				"/organisation.json", "/organisation..;/", `/organisation\`, `\organisation`, "//evil.example/organisation", "//evil.example/%2e%2e", "/%2f%2fevil.example", "/%5cevil.example", "/.%2f/evil.example", "///evil.example", "/login/../organisation", "/login/%2e%2e/organisation", "/bulk/" + w.batch + "%2frun",
				"/dossiers/new%2f", "/dossiers/" + id + "/do/../words", "/dossiers/" + id + "/do/..%2fwords", "http://evil.example/organisation", "http://evil.example//evil.example/", "/dossiers/live%00", "/dossiers.csv/", "/dossiers.csv;a", "/check/" + strings.Repeat("%2e%2e%2f", 50) + "etc/passwd", "/" + strings.Repeat("a/", 2000),
			} {
				for _, who := range []string{foreigner, nobody} {
					s := w.raw(w.asks(who, "GET "+path))
					if s.StatusCode < 300 {
						t.Errorf("%s as %q: %d %.200s", path, who, s.StatusCode, s.body)
					}
				}
			}
		})
	})

	t.Run("each page with each hostile name", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			hole := regexp.MustCompile(`\{[a-z]+\}`)
			for _, r := range handlers.Rights(handlers.Web) {
				method, pattern, _ := strings.Cut(r.Name, " ")
				if !hole.MatchString(pattern) {
					continue
				}
				for _, evil := range evils {
					path := hole.ReplaceAllString(pattern, strings.ReplaceAll(url.PathEscape(evil), ".", "%2E"))
					if r.Name == "GET /dossiers/{id}/words" {
						path += "?purpose=appraisal"
					}
					c := w.welcome(r)
					s := w.sent(method, path, c.Account, "key=hostile", aForm)
					if s.StatusCode < 300 {
						t.Errorf("%s as %s: %d", path, c.Account, s.StatusCode)
					}
					if strings.ContainsAny(evil, `<>"`) && strings.Contains(s.body, evil) {
						t.Errorf("%s is shown as it came", path)
					}
				}
			}
		})
	})

	t.Run("each page with each hostile question", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			for i, r := range w.shown() {
				if r.Name == "GET /dossiers/live" || r.Name == "GET /assets/{name}" {
					continue
				}
				c := w.welcome(r)
				_, path, _ := w.request(r, id, c)
				path, _, _ = strings.Cut(path, "?")
				for j, evil := range evils {
					var questions []url.Values
					names := asked[r.Name]
					if (i+j)%3 == 0 { // all of them on some page
						names = append(slices.Clone(names), strings.Join(everywhere, " "))
					}
					for _, together := range names {
						q := url.Values{}
						for _, name := range strings.Fields(together) {
							q[name] = []string{evil, "2"}
						}
						questions = append(questions, q)
					}
					for _, q := range questions {
						if r.Name == "GET /bulk/new" && !q.Has("command") {
							q.Set("command", "accept")
						}
						s := w.sent(http.MethodGet, path+"?"+q.Encode(), c.Account, "")
						if strings.ContainsAny(evil, `<>"`) && strings.Contains(s.body, evil) {
							t.Errorf("%s?%s is shown as it came", path, q.Encode())
						}
					}
				}
			}
			for _, evil := range evils { // of what stays open, whoever leaves
				q := url.Values{}
				for _, name := range []string{"ids", "after", "since", "q", "cursor", "status", "sort"} {
					q[name] = []string{evil, "1"}
				}
				w.sent(http.MethodGet, "/dossiers/live?"+q.Encode(), reception, "", "Last-Event-ID: "+strings.Map(printable, evil))
			}
			var many []string
			for i := range 3000 {
				many = append(many, fmt.Sprint("status=x", i))
			}
			for _, q := range []string{strings.Repeat("status=accepted&", 3000), strings.Join(many, "&")} { // each is a link with all the others
				if s := w.sent(http.MethodGet, "/dossiers?"+q, reception, ""); len(s.body) > 1<<20 {
					t.Errorf("a question of %d bytes is answered with %d", len(q), len(s.body))
				}
			}
			w.sent(http.MethodGet, "/dossiers?q=%zz&;&a;b=c&%", reception, "")
			w.sent(http.MethodGet, "/bulk/new?command=accept&"+strings.Repeat("id="+id+"@1&", 500), reception, "")
		})
	})

	t.Run("other methods", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			for _, r := range w.shown() {
				_, path, _ := w.request(r, id, w.welcome(r))
				for _, method := range []string{"OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "FOO"} {
					s := w.sent(method, path, w.welcome(r).Account, "")
					if s.StatusCode < 400 || strings.Contains(s.body, "X-Test-Account") {
						t.Errorf("%s %s: %d", method, path, s.StatusCode)
					}
				}
				for _, c := range w.callers {
					if r.Name == "GET /login/go" || c.relation == anonymous && r.Name == "GET /dossiers/live" {
						continue // begins something of its own; answers a stream
					}
					head, get := w.sent("HEAD", path, c.Account, ""), w.sent("GET", path, c.Account, "")
					if head.StatusCode != get.StatusCode || head.body != "" {
						t.Errorf("%s as %s: HEAD is answered %d, GET %d", path, c.Account, head.StatusCode, get.StatusCode)
					}
				}
			}
		})
	})

	t.Run("tricks with headers", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			for _, one := range []struct {
				name, request string
				statuses      []int
			}{
				{"another method by a header", w.asks(reception, "GET /dossiers/"+id+"/do/accept", "X-HTTP-Method-Override: POST", "X-HTTP-Method: POST", "X-Method-Override: POST"), []int{200}},
				{"another method in the query", w.asks(reception, "GET /dossiers/"+id+"/do/accept?_method=POST&key=k"), []int{200}},
				{"another path by a header", w.asks(foreigner, "GET /organisation", "X-Original-URL: /", "X-Rewrite-URL: /", "X-Override-URL: /"), []int{403}},
				{"a shut path by a header", w.asks(nobody, "GET /", "X-Original-URL: /organisation", "X-Rewrite-URL: /organisation", "X-Forwarded-Prefix: //evil.example", "X-Forwarded-Path: /organisation"), []int{200}},
				{"who one is, by a header", w.asks(nobody, "GET /dossiers", "X-Forwarded-User: auditor", "X-Remote-User: auditor", "Remote-User: auditor", "X-Account: auditor", "X-Role: auditor", "X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1"), []int{303}},
				{"another role by a header", w.asks(foreigner, "GET /organisation", "X-Role: auditor", "X-Unit: inspectorate"), []int{403}},
				{"two hosts", strings.Replace(w.asks(nobody, "GET /"), "Connection:", "Host: evil.example\r\nConnection:", 1), []int{400}},
				{"no host", "GET /organisation HTTP/1.1\r\nConnection: close\r\n\r\n", []int{400}},
				{"an older protocol", "GET /organisation HTTP/1.0\r\n\r\n", []int{303}},
				{"two lengths", w.asks(reception, "POST /dossiers/"+id+"/do/accept", aForm, "Content-Length: 5", "Content-Length: 6") + "key=ab", []int{400}},
				{"a negative length", w.asks(reception, "POST /dossiers/"+id+"/do/accept", aForm, "Content-Length: -1"), []int{400}},
				{"a length and pieces", w.asks(reception, "POST /dossiers/"+id+"/do/accept", aForm, "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\nGET /organisation HTTP/1.1\r\nHost: x\r\n\r\n", []int{400, 422}},
				{"pieces that are none", w.asks(reception, "POST /dossiers/"+id+"/do/record-step", aForm, "Transfer-Encoding: chunked") + "zz\r\nkey=a\r\n0\r\n\r\n", []int{400}},
				{"a header folded", w.asks(foreigner, "GET /organisation", "X-A: b\r\n X-Test-Account: auditor-same"), []int{403}},
				{"a space before the colon", w.asks(foreigner, "GET /organisation", "X-Test-Account : auditor-same"), []int{400}},
				{"a line in a header", w.asks(foreigner, "GET /organisation", "X-A: b\nX-B: c\x00"), []int{400}},
				{"giant cookies", w.asks(foreigner, "GET /organisation", "Cookie: a="+strings.Repeat("x", 60<<10)), []int{403}},
				{"many cookies", w.asks(foreigner, "GET /organisation", "Cookie: "+strings.Repeat("theme=dark; lang=<script>; ", 900)), []int{403}},
				{"a hostile language", w.asks(nobody, "GET /", "Accept-Language: <script>alert(1)</script>", "Cookie: lang=\"><script>; theme=\"><script>; density=x onload=alert(1)"), []int{200}},
				{"a part for a script", w.asks(foreigner, "GET /organisation", "HX-Request: true", "HX-Boosted: true", "HX-Current-URL: http://evil.example/"), []int{403}},
				{"ranges", w.asks(reception, "GET /dossiers/"+id, "Range: bytes=0-0,-1,5-99999999999999999999", "If-Range: x", "If-Match: *", "If-None-Match: *"), []int{200}},
			} {
				s := w.raw(one.request)
				if !slices.Contains(one.statuses, s.StatusCode) {
					t.Errorf("%s: %d, want %v: %.300s", one.name, s.StatusCode, one.statuses, s.body)
				}
			}
			for _, r := range w.shown() { // nothing on any page follows the host that was asked for
				if r.Name == "GET /dossiers/live" {
					continue
				}
				c := w.welcome(r)
				_, path, _ := w.request(r, id, c)
				s := w.sent("GET", path, c.Account, "", "Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Server: evil.example", "X-Host: evil.example", "Forwarded: host=evil.example;proto=javascript", "X-Forwarded-Proto: javascript", "X-Forwarded-Port: 666", "Referer: http://evil.example/")
				if all := fmt.Sprint(s.Header) + s.body; strings.Contains(all, "evil.example") || strings.Contains(all, "javascript:") || strings.Contains(all, ":666") {
					t.Errorf("%s follows another host: %v", path, s.Header)
				}
			}
		})
	})

	t.Run("sessions that are none", func(t *testing.T) {
		in(t)
		auditor, clerk := domain.Actor{Account: "auditor-same", Role: domain.Auditor, Unit: handlers.UnitOneStop}, domain.Actor{Account: "clerk-same", Role: domain.Clerk, Unit: handlers.UnitOneStop}
		good, other, over := w.session(auditor), w.session(clerk), w.session(auditor)
		w.posted("/logout", nobody, nil, "Cookie: dossier_session="+over)
		w.unchanged(t, func(t *testing.T) {
			me := func(cookies ...string) string {
				headers := []string{}
				for _, c := range cookies {
					headers = append(headers, "Cookie: "+c)
				}
				s := w.sent("GET", "/account", nobody, "", headers...)
				if s.StatusCode == http.StatusSeeOther {
					return ""
				}
				return regexp.MustCompile(`<b>([a-z0-9-]+)</b><br>`).FindStringSubmatch(s.body)[1]
			}
			if got := me("dossier_session=" + good); got != "auditor-same" {
				t.Fatalf("the session opens %q", got)
			}
			flipped := good[:42] + string(rune('A'+(good[42]-'A'+1)%26))
			for _, forged := range []string{"", "x", good[:42], good + "A", flipped, strings.ToLower(good), strings.Repeat("A", 43), strings.Repeat("A", 20_000), over, "' or true --", "auditor-same", good + "%00", `"` + good + `x"`, good + "=", " " + other[:10]} {
				if got := me("dossier_session=" + forged); got != "" {
					t.Errorf("%.50q signs in %s", forged, got)
				}
			}
			for _, named := range []string{"Dossier_Session=" + good, "__Host-dossier=" + good, "dossier_session-login=" + good, "session=" + good} {
				if got := me(named); got != "" {
					t.Errorf("%.30q signs in %s", named, got)
				}
			}
			for _, two := range [][]string{ // who could add a cookie must not choose whose session counts
				{"dossier_session=" + good + "; dossier_session=" + other}, {"dossier_session=" + other + "; dossier_session=" + good}, {"dossier_session=" + good, "dossier_session=" + other}, {"dossier_session=x; dossier_session=" + good},
			} {
				if got := me(two...); got != "" {
					t.Errorf("two sessions sign in %s", got)
				}
			}
			if s := w.sent("GET", "/account", nobody, "", "Cookie: dossier_session="+good, "Authorization: Bearer dev:clerk"); s.StatusCode != 200 || strings.Contains(s.body, "auditor-same") {
				t.Errorf("a token beside a session: %d", s.StatusCode)
			}
		})
	})

	t.Run("forms of other sites", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			host := strings.TrimPrefix(w.url, "http://")
			for _, r := range w.forms() {
				c := w.welcome(r)
				_, path, form := w.request(r, id, c)
				for _, from := range [][]string{
					{"Origin: http://evil.example"}, {"Origin: null"}, {"Origin: "}, {"Origin: https://" + host + ".evil.example"}, {"Origin: http://evil.example/" + host}, {"Origin: http://" + host + "@evil.example"}, {"Origin: http://evil.example", "Host: evil.example.invalid"},
					{"Origin: http://x." + host}, {"Origin: " + host}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Sec-Fetch-Site: evil"}, {"Sec-Fetch-Site: cross-site", "Origin: " + w.url}, {"Origin: http://evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"},
				} {
					if from[0] == "Origin: " { // an empty header is none
						continue
					}
					s := w.posted(path, c.Account, form, from...)
					if s.StatusCode != http.StatusForbidden {
						t.Errorf("%s from %v: %d", r.Name, from, s.StatusCode)
					}
				}
				for _, path := range []string{"//evil.example" + path, "/%2f/evil.example" + path} { // the page that refuses leads nowhere else
					w.raw(strings.TrimSuffix(w.asks(c.Account, "POST "+path, aForm, "Content-Length: 0", "Origin: http://evil.example"), ""))
				}
			}
		})
	})

	t.Run("the key of another's form", func(t *testing.T) {
		in(t)
		one, two := w.filed(), w.filed()
		form := url.Values{"key": {"one-form-of-reception"}}
		first := w.posted("/dossiers/"+one+"/do/accept", reception, form)
		if first.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", first.StatusCode, first.body)
		}
		again := w.posted("/dossiers/"+one+"/do/accept", reception, form)
		if again.StatusCode != http.StatusSeeOther || !strings.Contains(again.Header.Get("Location"), "again=1") {
			t.Errorf("pressed twice: %d %s", again.StatusCode, again.Header.Get("Location"))
		}
		w.unchanged(t, func(t *testing.T) {
			for _, who := range []string{foreigner, "auditor-same", "reception-officer-far", nobody} { // it gives no right, and shows nothing of what was done under it
				s := w.posted("/dossiers/"+one+"/do/accept", who, form)
				if s.StatusCode != 401 && s.StatusCode != 403 && s.StatusCode != 404 || strings.Contains(s.body, "again=1") {
					t.Errorf("as %q: %d", who, s.StatusCode)
				}
			}
		})
		s := w.posted("/dossiers/"+two+"/do/accept", "reception-officer-unit", form) // of another, the same word is another key
		if s.StatusCode != http.StatusSeeOther || strings.Contains(s.Header.Get("Location"), "again=1") {
			t.Errorf("a colleague's: %d %s", s.StatusCode, s.Header.Get("Location"))
		}
	})

	t.Run("places to go on to", func(t *testing.T) {
		in(t)
		w.unchanged(t, func(t *testing.T) {
			for _, to := range []string{
				"//evil.example", "///evil.example", "////evil.example", "https://evil.example", "https:evil.example", "http:/evil.example", "https:///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, `/\/evil.example`, "/\t/evil.example", "\t//evil.example", " //evil.example", "/\r\n/evil.example",
				"/%0d%0aEvil:1", "/\r\nEvil: 1\r\n", "%0d%0aEvil:1", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>", "/.//evil.example", "/..//evil.example", "/a/..//evil.example", "./evil.example", "@evil.example", "/@evil.example", "evil.example", "?//evil.example", "#//evil.example",
				"/dossiers\x0b//evil.example", "/\x0c/evil.example", "/\u2028/evil.example", "/\u00a0/evil.example", "/／evil.example", "/%2f/evil.example", "/%5cevil.example", "/" + strings.Repeat("ế", 3000), "/" + strings.Repeat("a", 1999) + "ế", "/%", "/%zz", "/%00", "/\x00", "/\xff", "/a?next=//evil.example", "/" + strings.Repeat("/", 300) + "evil.example",
			} {
				q := url.Values{"next": {to}, "return": {to}, "back": {to}, "redirect": {to}, "url": {to}, "code": {to}, "account": {"reception"}}
				for _, path := range []string{"/login", "/login/go", "/track", "/", "/dossiers", "/login/callback"} {
					w.sent("GET", path+"?"+q.Encode(), nobody, "")
				}
				w.posted("/login", nobody, q)
				w.posted("/logout?"+q.Encode(), nobody, q)
			}
		})
	})

	t.Run("bodies that are no form", func(t *testing.T) {
		in(t)
		mine := "Cookie: dossier_session=" + w.session(domain.Actor{Account: "clerk-same", Role: domain.Clerk, Unit: handlers.UnitOneStop})
		w.unchanged(t, func(t *testing.T) {
			for _, r := range w.forms() {
				c := w.welcome(r)
				var headers []string
				if strings.HasPrefix(r.Name, "POST /account/") {
					headers = append(headers, mine)
				}
				_, path, form := w.request(r, id, c)
				good := form.Encode()
				for _, one := range []struct {
					name, kind, body string
					statuses         []int
				}{
					{"a plain text", "text/plain", good, []int{415}},
					{"JSON", "application/json", `{"key":"a","account":"reception"}`, []int{415}},
					{"XML", "application/xml", "<a/>", []int{415}},
					{"nothing said", "", good, []int{415}},
					{"two kinds", "text/plain, application/x-www-form-urlencoded", good, []int{415}},
					{"no kind", ";;;", good, []int{415}},
					{"bytes", "application/octet-stream", "\x00\xff", []int{415}},
					{"parts without a boundary", "multipart/form-data", good, []int{415}},
					{"parts with an odd boundary", `multipart/form-data; boundary="` + strings.Repeat("-", 71) + `"`, good, []int{400, 415, 422}},
					{"parts with an empty boundary", `multipart/form-data; boundary=""`, good, []int{400, 415}},
					{"parts within parts", "multipart/mixed; boundary=x", "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--\r\n", []int{415}},
					{"parts that do not end", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nab", []int{400, 415, 422}},
					{"parts of one letter", "multipart/form-data; boundary=-", strings.Repeat("-", 5000), []int{400, 415, 422}},
					{"many heads", "multipart/form-data; boundary=x", "--x\r\n" + strings.Repeat("A: b\r\n", 5000) + "\r\n\r\n--x--", []int{400, 415, 422}},
					{"a broken escape", "application/x-www-form-urlencoded", good + "&a=%zz", []int{400}},
					{"half an escape", "application/x-www-form-urlencoded", good + "&a=%", []int{400}},
					{"semicolons", "application/x-www-form-urlencoded", good + ";a=b", []int{400}},
					{"NUL", "application/x-www-form-urlencoded", good + "&late_reason=a%00b", []int{400}},
					{"broken UTF-8", "application/x-www-form-urlencoded", good + "&late_reason=%ff", []int{400}},
					{"more than 64 KB", "application/x-www-form-urlencoded", good + "&text=" + strings.Repeat("a", 64<<10), []int{413}},
				} {
					if r.Name == uploadRoute && strings.HasPrefix(one.kind, "application/x-www-form-urlencoded") {
						one.statuses = []int{415}
					}
					sent := slices.Clone(headers)
					if one.kind != "" {
						sent = append(sent, "Content-Type: "+one.kind)
					}
					before := w.state()
					s := w.sent("POST", path, c.Account, one.body, sent...)
					if !slices.Contains(one.statuses, s.StatusCode) {
						t.Errorf("%s to %s as %s: %d, want %v: %.200s", one.name, path, c.Account, s.StatusCode, one.statuses, title(s.body))
					}
					if after := w.state(); after != before {
						t.Errorf("%s to %s was answered %d, and the state went from %s to %s", one.name, path, s.StatusCode, before, after)
					}
				}
				s := w.sent("POST", path, c.Account, good, append(headers, aForm, "Content-Encoding: gzip")...)
				if s.StatusCode != http.StatusUnsupportedMediaType {
					t.Errorf("compressed to %s: %d", path, s.StatusCode)
				}
			}
		})
	})

	t.Run("what is typed into a form is shown as it was typed", func(t *testing.T) {
		in(t)
		for _, command := range slices.Sorted(maps.Keys(shapes)) {
			if command == submitCommand || command == attachFile {
				continue
			}
			var who caller
			for _, c := range w.callers {
				if c.relation == sameUnit || c.relation == own {
					if handlers.May(c.Actor, handlers.Act{Kind: handlers.Command, Name: command}) == nil {
						who = c
						break
					}
				}
			}
			if who.Account == "" || len(shapes[command]) == 0 {
				continue
			}
			subject := w.filed()
			for _, evil := range evils {
				form := url.Values{"key": {uuid.NewString()}, "occurred_at": {evil}, "late_reason": {evil}, "on_version": {evil}}
				for _, sh := range shapes[command] {
					form[sh.name] = []string{evil, evil}
				}
				before := w.state()
				s := w.posted("/dossiers/"+subject+"/do/"+command, who.Account, form)
				if s.StatusCode == http.StatusSeeOther {
					continue // it was text, and is shown below
				}
				if after := w.state(); after != before {
					t.Errorf("%s with %q was answered %d, and the state went from %s to %s", command, evil, s.StatusCode, before, after)
				}
				w.shows(t, s, command, evil)
			}
		}
		for _, evil := range evils {
			for _, path := range []string{"/dossiers/new", "/bulk/new"} {
				form := url.Values{"key": {uuid.NewString()}, "command": {"accept"}, "id": {evil}, "procedure": {"vet-practice-cert-renew"}, "channel": {"counter"}, "applicant": {evil}, "unit": {evil}, "occurred_at": {evil}, "with": {evil}, "values." + evil: {evil}, "entries.owner_name": {evil}, "values.owner_name": {evil}}
				before := w.state()
				if s := w.posted(path, reception, form); s.StatusCode != http.StatusSeeOther {
					if after := w.state(); after != before {
						t.Errorf("%s with %q was answered %d, and the state went from %s to %s", path, evil, s.StatusCode, before, after)
					}
					w.shows(t, s, path, evil)
				} else {
					t.Errorf("%s takes %q", path, evil)
				}
			}
		}
	})

	t.Run("what was taken is shown as it was typed", func(t *testing.T) {
		in(t)
		subject := w.filed()
		taken := 0
		for _, evil := range evils {
			s := w.posted("/dossiers/"+subject+"/do/add-note", "case-officer-same", url.Values{"key": {uuid.NewString()}, "topic": {"called"}, "text": {evil}})
			if s.StatusCode != http.StatusSeeOther {
				continue
			}
			taken++
			words := w.sent("GET", "/dossiers/"+subject+"/words?purpose=appraisal", "case-officer-same", "")
			if at := strings.LastIndex(words.body, `<p class="letter">`); at < 0 || !strings.HasPrefix(html.UnescapeString(words.body[at:]), `<p class="letter">`+strings.TrimSpace(evil)+"</p>") {
				t.Errorf("%q is shown as %.300s", evil, words.body[max(at, 0):])
			}
		}
		if taken < len(evils)/2 {
			t.Errorf("only %d of %d texts were taken", taken, len(evils))
		}
		persons := handlers.NewPersons(w.executor, w.views)
		for i, evil := range evils {
			if !utf8.ValidString(evil) || strings.Contains(evil, "\x00") {
				continue // no face lets it in
			}
			ref := fmt.Sprint("hostile-", i)
			if _, err := persons.Register(t.Context(), handlers.Accessor{Actor: w.actor("reception")}, ref, person.Citizen, vault.Person{Name: evil}, handlers.Envelope{Key: uuid.NewString()}); err == nil {
				w.seen(w.submit("vet-practice-cert-renew", ref))
				s := w.sent("GET", "/dossiers?names=on", reception, "")
				if !strings.Contains(html.UnescapeString(s.body), evil) || strings.ContainsAny(evil, `<>"`) && strings.Contains(s.body, evil) {
					t.Errorf("the name %q is not shown as it is", evil)
				}
			}
		}
		for _, path := range []string{"/dossiers/" + subject, "/dossiers/" + subject + "?show=raw", "/dossiers/" + subject + "/receipt", "/dossiers/" + subject + "/deadline", "/dossiers.csv"} {
			if s := w.sent("GET", path, "case-officer-same", ""); s.StatusCode != 200 {
				t.Errorf("%s: %d", path, s.StatusCode)
			}
		}
	})

	t.Run("files with hostile names", func(t *testing.T) {
		in(t)
		for _, name := range []string{
			"../../x.pdf", `..\..\x.pdf`, "/etc/passwd", `C:\con.pdf`, "con", "nul.pdf", "aux", ".", "..", "...", "~", ".htaccess", "a\x00.pdf", "a%00.pdf", "a\r\nEvil: 1", "%2e%2e%2fx.pdf", `"; filename="b.pdf`, `a\"b.pdf`, "\u202efdp.exe", "<script>alert(1)</script>.pdf", `"><img src=x onerror=alert(1)>.pdf`,
			"{{7*7}}.pdf", "'; drop table vault.files; --.pdf", "\xff.pdf", "\xed\xa0\x80.pdf", " ", "a.pdf.", "a.pdf ", "a.pdf::$DATA", strings.Repeat("a", 255) + ".pdf", strings.Repeat("a", 5000) + ".pdf", strings.Repeat("ế", 300) + ".pdf", "-rf.pdf", "|id.pdf", "$(id).pdf", "`id`.pdf", "=cmd|' /C calc'!A1.pdf", "ａ.pdf", "a/b.pdf",
		} {
			for _, field := range []struct{ component, kind, key string }{{"tp-1", "", uuid.NewString()}, {name, name, name}} {
				var b bytes.Buffer
				fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n%s\r\n--x\r\nContent-Disposition: form-data; name=\"component\"\r\n\r\n%s\r\n--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n%s\r\n", field.key, field.component, field.kind)
				fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: ../../x\r\n\r\n%s\r\n--x--\r\n", strings.ReplaceAll(name, `"`, `\"`), letterPDF)
				before, err := w.journal.Head(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				s := w.sent("POST", "/dossiers/"+id+"/files", "applicant-1", b.String(), "Content-Type: multipart/form-data; boundary=x")
				after, err := w.journal.Head(t.Context())
				if err != nil || s.StatusCode != http.StatusSeeOther && after != before || s.StatusCode < 300 {
					t.Errorf("%q was answered %d, and the journal went from %d to %d, %v", name, s.StatusCode, before, after, err)
				}
				w.shows(t, s, "upload", name)
			}
		}
		lines, err := w.files.List(t.Context(), w.actor("reception"), uuid.MustParse(id), "look")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if strings.ContainsAny(l.Name, "/\\\x00\r\n\u202e") || l.Name == "." || l.Name == ".." {
				t.Errorf("a file is named %q", l.Name)
			}
		}
		t.Logf("%d files", len(lines))
		w.sent("GET", "/dossiers/"+id, "applicant-1", "")
	})
}

// shows fails when a page holds what was typed as anything else than text, or as what a template makes of it.
func (w *crowd) shows(t *testing.T, s seen, where, evil string) {
	t.Helper()
	if strings.ContainsAny(evil, `<>"`) && strings.Contains(s.body, evil) {
		t.Errorf("%s: %q stands on the page as it came", where, evil)
	}
	if s.StatusCode < 300 {
		t.Errorf("%s takes %q: %d", where, evil, s.StatusCode)
	}
}

// title is what a page is called.
func title(page string) string {
	_, page, _ = strings.Cut(page, "<title>")
	page, _, _ = strings.Cut(page, "</title>")
	return page
}

// printable leaves out what no client sends in a header.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == 0xfffd {
		return -1
	}
	return r
}
