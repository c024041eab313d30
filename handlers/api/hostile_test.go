package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dossier/handlers"
)

// raw sends bytes as they are and reads one answer: clients tidy up what they are told to send.
func (h *house) raw(request string) (*http.Response, string) {
	h.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		h.t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		h.t.Fatalf("%.200q: %v", request, err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r, string(b)
}

// asks is a request line and its headers, without a body.
func asks(account, line string, headers ...string) string {
	lines := append([]string{line + " HTTP/1.1", "Host: dossier.example", "Connection: close"}, headers...)
	if account != "" {
		lines = append(lines, "Authorization: Bearer dev:"+account)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// unchanged fails when what runs changes anything.
func (h *house) unchanged(t *testing.T, what func(t *testing.T)) {
	t.Helper()
	before := h.state()
	what(t)
	if after := h.state(); after != before {
		t.Errorf("the state went from %s to %s", before, after)
	}
}

// injections are texts that mean something to somebody else.
var injections = []string{
	`%`, `_`, `\`, `%%`, `_%`, `\%`, `'`, `' or 1=1 --`, `'; drop table journal.events; --`, `") or ("1"="1`, `$$ select 1 $$`, `x' union select null,null --`, `$.**`, `{"$gt":""}`, `* | .[]`,
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{7*7}}`, `${7*7}`, `<%= 7*7 %>`, `#{7*7}`, "a\u202eb", "\u2066x\u2069", "\ufeffx", "ａpplicant-1", "аpplicant-1", "e\u0301", "\r\nSet-Cookie: evil=1", "a\x00b", "\xc0\xaf", "\xff", "\xed\xa0\x80",
	`=cmd|' /C calc'!A1`, `../../etc/passwd`, `file:///etc/passwd`, `() { :;}; id`, `%0d%0aSet-Cookie:evil=1`, `%n%s`, strings.Repeat("a", 4000),
}

func TestWhatIsHostileIsTextOrRefusedAndChangesNothing(t *testing.T) {
	long(t)
	t.Parallel()
	w := newTown(t)
	id := w.filed()
	stranger := "applicant-2"
	var doc struct{ Paths map[string]map[string]any }
	w.get("", "/openapi.json").is(200).into(&doc)
	fill := strings.NewReplacer("{id}", id, "{ref}", "applicant-1", "{number}", "1", "{code}", "vn", "{reference}", w.order, "{officer}", "fees", "{day}", today(), "{series}", "BL26A", "{type}", "x.v1", "{prefix}", "k1")
	var posts []string
	for path, methods := range doc.Paths {
		if methods["post"] != nil {
			posts = append(posts, fill.Replace(path))
		}
	}

	t.Run("injections in questions", func(t *testing.T) {
		w.unchanged(t, func(t *testing.T) {
			for _, evil := range injections {
				for _, where := range []string{"/v1/dossiers?q=", "/v1/dossiers?procedure=", "/v1/dossiers?unit=", "/v1/dossiers?officer=", "/v1/dossiers?applicant=", "/v1/dossiers?cursor=", "/v1/dossiers?status=", "/v1/dossiers?at=",
					"/v1/results?procedure=", "/v1/results?unit=", "/v1/results?cursor="} {
					r := w.get("reception", where+url.QueryEscape(evil))
					var list struct{ Total, Items any }
					if r.StatusCode == 200 {
						_ = json.Unmarshal(r.body, &list)
						if items, _ := list.Items.([]any); len(items) > 0 && evil != "e\u0301" { // the search goes by letters without their marks
							t.Errorf("%s%q finds %d", where, evil, len(items))
						}
					} else if r.StatusCode != 400 && r.StatusCode != 422 {
						t.Errorf("%s%q: %d %.200s", where, evil, r.StatusCode, r.body)
					}
					harmless(t, r, where, evil)
				}
				for _, where := range []string{"/v1/dossiers/", "/v1/persons/", "/v1/procedures/", "/v1/calendars/", "/v1/payment-orders/", "/v1/bulk/", "/v1/files/", "/schemas/"} {
					r := w.get("auditor-same", where+url.PathEscape(evil)+"?purpose=look")
					if r.StatusCode < 400 || r.StatusCode >= 500 {
						t.Errorf("%s%q: %d %.200s", where, evil, r.StatusCode, r.body)
					}
					harmless(t, r, where, evil)
				}
			}
		})
	})

	t.Run("injections in codes of a command", func(t *testing.T) {
		w.unchanged(t, func(t *testing.T) {
			for _, evil := range injections {
				text, _ := json.Marshal(evil)
				for _, body := range []string{`{"procedure":%s,"channel":"counter","applicant":"applicant-1","unit":"one-stop"}`, `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":%s,"unit":"one-stop"}`,
					`{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"applicant-1","unit":%s}`} {
					if strings.Contains(body, `"unit":%s`) && len(evil) < 64 && strings.Trim(evil, "abcdefghijklmnopqrstuvwxyz0123456789.-_:") == "" {
						continue
					}
					r := w.post("reception", "/v1/dossiers", fmt.Sprintf(body, text))
					if r.StatusCode < 400 || r.StatusCode >= 500 {
						t.Errorf("%q: %d %.200s", evil, r.StatusCode, r.body)
					}
					harmless(t, r, body, evil)
				}
				if strings.ContainsAny(evil, "\r\n\x00") {
					continue // no client sends it in a header
				}
				r := w.post("reception", "/v1/dossiers/"+id+"/accept", "{}", "If-Match: "+evil, "X-Request-Id: "+evil, "Traceparent: "+evil, "Accept-Language: "+evil)
				if r.StatusCode != 400 {
					t.Errorf("If-Match %q: %d %.200s", evil, r.StatusCode, r.body)
				}
				harmless(t, r, "headers", evil)
			}
		})
	})

	t.Run("a text comes back as it was typed", func(t *testing.T) {
		for _, evil := range injections {
			text, _ := json.Marshal(evil)
			sound := json.Valid(text) && !strings.ContainsAny(evil, "\x00") && strings.ToValidUTF8(evil, "") == evil
			r := w.post("reception", "/v1/dossiers/"+id+"/add-note", `{"topic":"called","text":`+string(text)+`}`)
			if !sound {
				if r.StatusCode != 422 && r.StatusCode != 400 {
					t.Errorf("%q: %d %.200s", evil, r.StatusCode, r.body)
				}
				continue
			}
			r.is(200)
			var said struct{ Words []struct{ Words string } }
			answer := w.get("auditor-same", "/v1/dossiers/"+id+"/words?purpose=look").is(200).into(&said)
			if last := said.Words[len(said.Words)-1].Words; last != evil {
				t.Errorf("%q came back as %q", evil, last)
			}
			harmless(t, answer, "words", evil)
		}
	})

	t.Run("tricks with paths", func(t *testing.T) {
		w.unchanged(t, func(t *testing.T) {
			for _, path := range []string{
				"//v1/keys", "/v1//keys", "/v1/./keys", "/v1/x/../keys", "/livez/../v1/keys", "/v1/%2e%2e/v1/keys", "/v1/dossiers/%2e%2e/keys", "/v1/dossiers/..%2fkeys", "/v1/dossiers/..%5ckeys", "/v1%2fkeys", "/v1/keys/", "/V1/keys", "/v1/KEYS", "/v1/keys;a=b",
				"/v1;a=b/keys", "/v1/keys%00", "/v1/keys%20", "/v1/keys%3f", "/v1/keys%23", "/v1/keys.json", "/v1/keys..;/", `/v1\keys`, "//evil.example/v1/keys", "//evil.example/%2e%2e", "/%2f%2fevil.example", "/v1/dossiers/" + id + "%2fhistory", "/v1/dossiers/" + id + "/",
				"/v1/dossiers/" + id + ";role=auditor", "/v1/dossiers/%00" + id, "/v1/dossiers/" + strings.ToUpper(id), "/v1/dossiers/%7B" + id + "%7D", "/v1/dossiers/urn:uuid:" + id, "/v1/dossiers/" + strings.ReplaceAll(id, "-", ""), "/docs/../v1/keys", "/schemas/../v1/keys", "/schemas/..%2f..%2fv1%2fkeys",
				"/openapi.json/../v1/keys", "/v1/results/..%2fkeys", "/v1/results/../keys", "http://evil.example/v1/keys",
			} {
				r, said := w.raw(asks(stranger, "GET "+path))
				if r.StatusCode < 300 || r.StatusCode >= 500 {
					t.Errorf("%s: %d %.200s", path, r.StatusCode, said)
				}
				if to := r.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
					t.Errorf("%s leads to %s", path, to)
				}
			}
		})
	})

	t.Run("tricks with headers", func(t *testing.T) {
		w.unchanged(t, func(t *testing.T) {
			for _, one := range []struct {
				name, request string
				status        int
			}{
				{"another method by a header", asks(stranger, "GET /v1/dossiers/"+id, "X-HTTP-Method-Override: DELETE", "X-Method-Override: POST"), 403},
				{"another path by a header", asks(stranger, "GET /v1/keys", "X-Original-URL: /livez", "X-Rewrite-URL: /livez"), 403},
				{"a shut path by a header", asks("", "GET /v1/keys", "X-Original-URL: /livez"), 401},
				{"another method in the query", asks("reception", "GET /v1/dossiers?_method=POST"), 422},
				{"two authorizations", asks(stranger, "GET /v1/access", "Authorization: Bearer dev:auditor-same"), 400},
				{"the second one is the good one", strings.Replace(asks("auditor-same", "GET /v1/access"), "Authorization:", "Authorization: Bearer dev:applicant-2\r\nAuthorization:", 1), 400},
				{"who one is, by a header", asks("", "GET /v1/dossiers", "X-Forwarded-User: auditor", "X-Remote-User: auditor", "Remote-User: auditor", "X-Account: auditor", "X-Role: auditor"), 401},
				{"another role by a header", asks(stranger, "GET /v1/access", "X-Role: auditor", "X-Unit: inspectorate"), 403},
				{"a basic login", asks("", "GET /v1/dossiers", "Authorization: Basic YXVkaXRvcjo="), 401},
				{"a token after a token", asks("", "GET /v1/dossiers", "Authorization: Bearer dev:auditor-same, Bearer dev:admin"), 401},
				{"a token with a line in it", asks("", "GET /v1/dossiers", "Authorization: Bearer dev:\tauditor x"), 401},
				{"two lengths", asks("reception", "POST /v1/dossiers", "Content-Type: application/json", "Content-Length: 2", "Content-Length: 3") + "{} ", 400},
				{"a negative length", asks("reception", "POST /v1/dossiers", "Content-Type: application/json", "Content-Length: -1"), 400},
				{"a length and pieces", asks("reception", "POST /v1/dossiers", "Content-Type: application/json", "Content-Length: 40", "Transfer-Encoding: chunked") + "0\r\n\r\nGET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n", 400},
				{"pieces of an unknown kind", asks("reception", "POST /v1/dossiers", "Content-Type: application/json", "Transfer-Encoding: xchunked") + "0\r\n\r\n", 501},
				{"a header folded", asks("reception", "GET /v1/dossiers", "X-A: b\r\n Authorization: Bearer dev:auditor-same"), 200},
				{"no host", "GET /v1/dossiers HTTP/1.1\r\nConnection: close\r\n\r\n", 400},
				{"giant cookies", asks(stranger, "GET /v1/keys", "Cookie: a="+strings.Repeat("x", 60<<10)), 403},
			} {
				r, said := w.raw(one.request)
				if r.StatusCode != one.status {
					t.Errorf("%s: %d, want %d: %.200s", one.name, r.StatusCode, one.status, said)
				}
			}
			r, said := w.raw(strings.Replace(asks("auditor-same", "GET /v1/dossiers?limit=1", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Forwarded-Proto: javascript"), "dossier.example", "evil.example", 1))
			if all := fmt.Sprint(r.Header) + said; r.StatusCode != 200 || strings.Contains(all, "evil.example") || strings.Contains(all, "javascript") {
				t.Errorf("another host: %d %s", r.StatusCode, all)
			}
		})
	})

	t.Run("bodies on every POST", func(t *testing.T) {
		w.unchanged(t, func(t *testing.T) {
			var squeezed bytes.Buffer
			z := gzip.NewWriter(&squeezed)
			_, _ = z.Write([]byte(filing))
			_ = z.Close()
			deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
			before := live()
			for _, path := range posts {
				for _, one := range []struct {
					name, body string
					headers    []string
					statuses   []int
				}{
					{"more than 1 MB", `{"a":"` + strings.Repeat("x", 1<<20+1) + `"}`, nil, []int{413}},
					{"10,000 levels", deep, nil, []int{400, 403, 404, 409, 422}},
					{"10,000 lists", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), nil, []int{400, 403, 404, 409, 422}},
					{"a plain text", filing, []string{"Content-Type: text/plain"}, []int{415}},
					{"a form", "procedure=x", []string{"Content-Type: application/x-www-form-urlencoded"}, []int{415}},
					{"parts", filing, []string{"Content-Type: multipart/form-data; boundary=x"}, []int{415}},
					{"XML", "<a/>", []string{"Content-Type: application/xml"}, []int{415}},
					{"compressed", squeezed.String(), []string{"Content-Encoding: gzip"}, []int{415}},
					{"a member twice", `{"procedure":"a","procedure":"b","reason":"x","reason":"y","zz":1,"zz":1}`, nil, []int{400, 403, 404, 409, 422}},
					{"over-long UTF-8", "{\"reason\":\"\xc0\xaf\"}", nil, []int{400, 403, 404, 409, 422}},
					{"half of one", `{"reason":`, nil, []int{400, 403, 404, 409, 422}},
				} {
					if strings.HasSuffix(path, "/payments/callbacks") {
						continue // of the provider, signed
					}
					if untouched := strings.HasSuffix(path, "/dry-run") && !strings.Contains(path, "/undo/") || strings.HasSuffix(path, "/settle") || strings.HasSuffix(path, "/revoke") || strings.HasSuffix(path, "/keys/k1/confirm") || strings.HasSuffix(path, "/reset") || strings.HasSuffix(path, "/order") || strings.HasSuffix(path, "/done"); untouched && one.statuses[0] != 415 {
						continue // take no body and read none
					}
					if path == "/v1/bulk" && one.statuses[0] == 413 {
						one.body = `{"a":"` + strings.Repeat("x", 8<<20) + `"}` // it may name 100,000 dossiers
					}
					r := w.post("reception", path, one.body, one.headers...)
					ok := false
					for _, status := range one.statuses {
						ok = ok || r.StatusCode == status
					}
					if !ok {
						t.Errorf("%s to %s: %d, want %v: %.160s", one.name, path, r.StatusCode, one.statuses, r.body)
					}
				}
			}
			if grown := live() - before; grown > 32<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
		})
	})
}

// harmless says that an answer is JSON that nobody takes for a page, and that nothing of what was sent became a header.
func harmless(t *testing.T, r reply, where, evil string) {
	t.Helper()
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/") || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s%q is answered as %s", where, evil, kind)
	}
	if r.Header.Get("Set-Cookie") != "" || !json.Valid(r.body) {
		t.Errorf("%s%q: %v %.200s", where, evil, r.Header, r.body)
	}
}

func TestAHeadOfTheStreamIsAnsweredAndNotFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	began := time.Now()
	if r, said := h.raw(asks("auditor", "HEAD /v1/events/stream")); r.StatusCode != 200 || said != "" || time.Since(began) > 10*time.Second {
		t.Errorf("%d after %s: %q", r.StatusCode, time.Since(began), said)
	}
}

// A key goes on after its account has left; what it may do does not.
func TestAHeadIsAskedForTheRightThatAGetIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(http.StatusOK)
	var key struct {
		Key   struct{ Prefix string }
		Token string
	}
	h.post("admin", "/v1/keys", `{"label":"x","account":"clerk","role":"clerk","unit":"registry","scopes":["read"],"days":1}`).is(http.StatusCreated).into(&key)
	h.post("auditor", "/v1/keys/"+key.Key.Prefix+"/confirm", "").is(http.StatusOK)
	const here = "{account: clerk, from: 2025-03-01,"
	h.post("admin", "/v1/organisation", shippedOrganisation(t, here, here+" to: "+time.Now().AddDate(0, 0, -2).Format(time.DateOnly)+",")).is(http.StatusOK)
	refused := 0
	for _, r := range handlers.Rights(handlers.API) {
		path, reads := strings.CutPrefix(r.Name, "GET ")
		if !reads || !strings.HasPrefix(path, "/v1/") || path == "/v1/events/stream" {
			continue
		}
		path = strings.NewReplacer("{code}", "vn", "{id}", "vet-practice-cert-renew").Replace(path)
		for who, headers := range map[string][]string{"": nil, "admin": nil, "applicant-1": nil, "who has left": {"Authorization: Bearer " + key.Token}} {
			account := who
			if headers != nil {
				account = ""
			}
			get, head := h.send(account, http.MethodGet, path, "", headers...), h.send(account, http.MethodHead, path, "", headers...)
			if head.StatusCode != get.StatusCode || len(head.body) > 0 {
				t.Errorf("%s as %q: HEAD is answered %d with %d bytes, GET %d", path, who, head.StatusCode, len(head.body), get.StatusCode)
			}
			if get.StatusCode == http.StatusForbidden {
				refused++
			}
		}
	}
	if refused < 30 {
		t.Errorf("only %d were refused: nothing is shown", refused)
	}
}

func TestABodyThatDripsIsCutOffAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.submitted()
	h.unchanged(t, func(t *testing.T) {
		began := time.Now()
		r, said := h.raw(asks("applicant-1", "POST /v1/dossiers", "Content-Type: application/json", "Content-Length: 400") + filing[:20])
		if r.StatusCode != http.StatusRequestTimeout || time.Since(began) > 20*time.Second {
			t.Errorf("%d after %s: %s", r.StatusCode, time.Since(began), said)
		}
	})
}
