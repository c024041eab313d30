package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/handlers/client"
)

// caller is a client of the house for an account.
func (h *house) caller(account string) *client.Client { return h.callerAt(h.url, account) }

func (h *house) callerAt(base, account string) *client.Client {
	h.t.Helper()
	c, err := client.New(base, client.Options{Token: "dev:" + account, HTTP: &http.Client{Transport: h.client.Transport}, Pause: time.Millisecond})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// between stands before the house and may do with a request what it likes; it says whether it did.
func (h *house) between(does func(http.ResponseWriter, *http.Request, http.Handler) bool) string {
	h.t.Helper()
	to, err := url.Parse(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !does(w, r, proxy) {
			proxy.ServeHTTP(w, r)
		}
	}))
	h.t.Cleanup(server.Close)
	return server.URL
}

var filedOnline = client.SubmitCommand{Procedure: "vet-practice-cert-renew", Channel: "online", Applicant: "applicant-1"}

func TestAClientFilesReadsAndIsHeldToWhatItSaw(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	made, err := h.caller("applicant-1").SubmitDossier(ctx, client.Once{}, filedOnline)
	if err != nil {
		t.Fatal(err)
	}
	id := made.Value.ID
	if made.Value.Status != "submitted" || made.ETag() != `"1"` || !strings.HasPrefix(made.Key(), "key-") || made.Replayed() {
		t.Errorf("%s, ETag %s, key %s", made.Raw, made.ETag(), made.Key())
	}
	taken, err := h.caller("reception").Accept(ctx, id, client.Once{IfMatch: made.ETag()}, client.AcceptCommand{})
	if err != nil {
		t.Fatal(err)
	}
	read, err := h.caller("auditor").GetDossier(ctx, id, client.GetDossierParams{MinPosition: taken.Value.Position})
	if err != nil || read.Value.Status != "accepted" || read.Value.Code == nil || read.ETag() != taken.ETag() || read.Value.Clock.StartedAt.IsZero() {
		t.Errorf("%v: %+v", err, read)
	}
	then, err := h.caller("auditor").GetDossier(ctx, *read.Value.Code, client.GetDossierParams{Version: 1})
	if err != nil || then.Value.Status != "submitted" {
		t.Errorf("%v: %+v", err, then)
	}
	same, err := h.caller("auditor").GetDossier(ctx, id, client.GetDossierParams{IfNoneMatch: read.ETag()})
	if err != nil || same.Status != http.StatusNotModified {
		t.Errorf("%v: %+v", err, same)
	}
	_, err = h.caller("reception").Forward(ctx, id, client.Once{IfMatch: made.ETag()}, client.ForwardCommand{Unit: "animal-health"})
	var p *client.Problem
	if !errors.As(err, &p) || !p.Stale() || p.Version != 2 || len(p.Changed) != 1 || p.Header.Get("ETag") != taken.ETag() {
		t.Errorf("an act on an old version: %v", err)
	}
}

func TestAProblemBearsBothLanguagesFieldAndBasis(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var p *client.Problem
	_, err := h.caller("applicant-1").SubmitDossier(t.Context(), client.Once{}, client.SubmitCommand{Procedure: "vet-practice-cert-renew", Channel: "pigeon", Applicant: "applicant-1"})
	if !errors.As(err, &p) || p.Status != 422 || p.Field() != "channel" || p.TitleVI != "Dữ liệu chưa đúng" || p.TitleEN != "Invalid data" || p.Detail != p.DetailVI || p.DetailEN == p.DetailVI || p.DetailEN == "" {
		t.Errorf("%v: %s", err, p.Raw)
	}
	if !strings.Contains(err.Error(), p.DetailVI) || !strings.Contains(err.Error(), "POST /v1/dossiers") {
		t.Errorf("it says %q", err)
	}
	id := h.submitted().ID
	h.done("reception", id, "request-supplement", `{"items":["tp-1"],"reason":"missing"}`)
	h.done("applicant-1", id, "submit-supplement", "")
	_, err = h.caller("reception").RequestSupplement(t.Context(), id, client.Once{}, client.RequestSupplementCommand{Items: []string{"tp-2"}, Reason: "missing"})
	if !errors.As(err, &p) || p.Basis == "" {
		t.Errorf("a refusal without its basis: %v", err)
	}
	english, err := client.New(h.url, client.Options{Token: "dev:applicant-2", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = english.GetDossier(t.Context(), id, client.GetDossierParams{}); !errors.As(err, &p) || p.Status != 403 || p.Detail != p.DetailEN {
		t.Errorf("in English: %v", err)
	}
	nobody := h.callerAt(h.between(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "<html>short and stout</html>")
		return true
	}), "auditor")
	if _, err = nobody.GetDossier(t.Context(), id, client.GetDossierParams{}); !errors.As(err, &p) || p.Status != http.StatusTeapot || p.Code != "no_problem" {
		t.Errorf("the page of a proxy: %v", err)
	}
}

// The server did it, then the wire broke: the client asks again under the same key and is told what was done, once.
func TestAnActWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var cut atomic.Int32
	base := h.between(func(w http.ResponseWriter, r *http.Request, house http.Handler) bool {
		if r.Method != http.MethodPost || cut.Add(1) > 2 {
			return false
		}
		answer := httptest.NewRecorder()
		house.ServeHTTP(answer, r)
		if cut.Load() == 2 { // after half of it
			w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	})
	got, err := h.callerAt(base, "applicant-1").SubmitDossier(t.Context(), client.Once{}, filedOnline)
	if err != nil || !got.Replayed() || cut.Load() != 3 {
		t.Fatalf("%v after %d attempts: %+v", err, cut.Load(), got)
	}
	n := 0
	for e, err := range h.caller("auditor").Feed(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(e.Value.Type, "dossier.submitted") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d dossiers were filed", n)
	}
}

func TestABusyServerIsAskedAgainWhenItSaysSoAndNoSooner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var asked atomic.Int32
	var first, last time.Time
	base := h.between(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		switch last = time.Now(); asked.Add(1) {
		case 1:
			first = last
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			return false
		}
		return true
	})
	if _, err := h.callerAt(base, "applicant-1").SubmitDossier(t.Context(), client.Once{}, filedOnline); err != nil || asked.Load() != 3 || last.Sub(first) < time.Second {
		t.Errorf("%v after %d attempts in %s", err, asked.Load(), last.Sub(first))
	}

	asked.Store(0)
	away := h.callerAt(h.between(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}), "admin")
	var p *client.Problem
	if _, err := away.ListKeys(t.Context()); !errors.As(err, &p) || p.Status != 503 || asked.Load() != 5 {
		t.Errorf("a server that stays away: %v after %d attempts", err, asked.Load())
	}
	asked.Store(0) // a second key would be another key: it is not asked for again
	if _, err := away.MakeKey(t.Context(), client.MakeKeyInputBody{Label: "x"}); !errors.As(err, &p) || asked.Load() != 1 {
		t.Errorf("what has no key of its own: %v after %d attempts", err, asked.Load())
	}
	long := h.callerAt(h.between(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}), "auditor")
	if _, err := long.ListKeys(t.Context()); !errors.As(err, &p) || p.Header.Get("Retry-After") != "3600" {
		t.Errorf("an hour is not waited for: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	slow, err := client.New(base, client.Options{Token: "dev:auditor", Pause: time.Hour, Longest: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	asked.Store(0)
	if _, err := slow.ListKeys(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the context ends the wait: %v", err)
	}
}

func TestAClientGoesThroughAllPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var newest receipt
	for range 7 {
		newest = h.submitted()
	}
	h.get("auditor", "/v1/dossiers?limit=1&"+h.seen(newest)).is(200)
	var pages atomic.Int32
	c := h.callerAt(h.between(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		pages.Add(1)
		return false
	}), "auditor")
	ids := map[string]bool{}
	for d, err := range c.AllDossiers(t.Context(), client.ListDossiersParams{Limit: 3, Status: []string{"submitted", "accepted"}}) {
		if err != nil {
			t.Fatal(err)
		}
		ids[d.ID] = true
	}
	if len(ids) != 7 || pages.Load() != 3 {
		t.Errorf("%d dossiers on %d pages", len(ids), pages.Load())
	}
	pages.Store(0)
	for range c.AllDossiers(t.Context(), client.ListDossiersParams{Limit: 3}) {
		break
	}
	if pages.Load() != 1 {
		t.Errorf("who wants one is given %d pages", pages.Load())
	}
	for _, account := range []string{"auditor", "reception", "lead"} {
		h.get(account, "/v1/dossiers/"+newest.ID).is(200)
	}
	n := 0
	for o, err := range h.caller("applicant-1").AllOpenings(t.Context(), newest.ID, client.ListOpeningsParams{Limit: 2}) {
		if err != nil || o.Role == "" {
			t.Fatal(o, err)
		}
		if o.What != "list" { // the pages before
			n++
		}
	}
	if n != 3 {
		t.Errorf("%d openings", n)
	}
}

func TestAClientReadsTheFeedLineByLineAndGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.appraised()
	h.get("auditor", "/v1/dossiers/"+r.ID+"/history?"+h.seen(r)).is(200)
	var want []string
	for e, err := range h.caller("auditor").ReadEvents(t.Context(), client.ReadEventsParams{Limit: 10_000}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(e.Raw))
	}
	var cuts atomic.Int32
	c := h.callerAt(h.between(func(w http.ResponseWriter, r *http.Request, house http.Handler) bool {
		if cuts.Add(1) > 3 {
			return false
		}
		whole := httptest.NewRecorder()
		house.ServeHTTP(whole, r)
		w.Header().Set("Content-Length", "1000000") // promised, and cut after a line and a half
		line := bytes.IndexByte(whole.Body.Bytes(), '\n')
		_, _ = w.Write(whole.Body.Bytes()[:line+20])
		panic(http.ErrAbortHandler)
	}), "auditor")
	var got []string
	for e, err := range c.Feed(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(e.Raw))
	}
	if len(want) < 6 || !reflect.DeepEqual(got, want) {
		t.Errorf("the feed of %d events came as %d:\n%s", len(want), len(got), strings.Join(got, "\n"))
	}
	n := 0
	for e, err := range h.caller("auditor").GetHistoryLines(t.Context(), r.ID, client.GetHistoryParams{}) {
		if n++; err != nil || e.Value.Version != int64(n) || e.Value.Actor.Account == "" {
			t.Errorf("line %d of the history: %v %+v", n, err, e)
		}
	}
	if n != 6 {
		t.Errorf("the history has %d lines", n)
	}
	for _, err := range h.caller("admin").ReadEvents(t.Context(), client.ReadEventsParams{}) {
		var p *client.Problem
		if !errors.As(err, &p) || p.Status != 403 {
			t.Errorf("to who may not: %v", err)
		}
	}
}

func TestAClientFollowsTheStreamAcrossBreaks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.submitted()
	var connected atomic.Int32
	base := h.between(func(w http.ResponseWriter, r *http.Request, house http.Handler) bool {
		ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond) // then the wire breaks
		defer cancel()
		connected.Add(1)
		house.ServeHTTP(w, r.WithContext(ctx))
		return true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var types, positions []string
	for e, err := range h.callerAt(base, "auditor").StreamEvents(ctx, client.StreamEventsParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		types, positions = append(types, e.Value.Type), append(positions, e.Value.Position)
		if len(types) == 4 {
			break
		}
		go func(before int32) { // the next one comes over another connection
			for connected.Load() == before {
				time.Sleep(time.Millisecond)
			}
			if _, err := h.caller("applicant-1").SubmitDossier(ctx, client.Once{}, filedOnline); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}(connected.Load())
	}
	for i := range positions[1:] {
		if positions[i] == positions[i+1] {
			t.Errorf("told twice: %v", positions)
		}
	}
	if len(types) != 4 || connected.Load() < 4 {
		t.Errorf("%v over %d connections", types, connected.Load())
	}
}

func TestWhatAClientDoesNotKnowSurvives(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"a","status":"a-new-state","moon":{"phase":"full"},"steps":7,"code":null}`)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetDossier(t.Context(), "a", client.GetDossierParams{})
	var raw struct{ Moon struct{ Phase string } }
	if err != nil || got.Value.Status != "a-new-state" || json.Unmarshal(got.Raw, &raw) != nil || raw.Moon.Phase != "full" {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestAClientKeepsItsTokenToItself(t *testing.T) {
	t.Parallel()
	for base, wrong := range map[string]bool{
		"https://dossier.example.vn": false, "http://127.0.0.1:8080": false, "http://localhost:8080/": false, "http://[::1]:8080": false,
		"http://dossier.example.vn": true, "http://10.0.0.7": true, "http://localhost.example.vn": true, "dossier.example.vn": true, "": true,
		"https://me:pw@dossier.example.vn": true, "https://dossier.example.vn?x=1": true,
	} {
		_, err := client.New(base, client.Options{Token: "dk_secret"})
		if (err != nil) != wrong || err != nil && (strings.Contains(err.Error(), "dk_secret") || strings.Contains(err.Error(), "pw")) {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := client.New("http://10.0.0.7", client.Options{}); err != nil {
		t.Errorf("without a token nothing is told: %v", err)
	}
	if _, err := client.New("http://10.0.0.7", client.Options{Token: "t", Insecure: true}); err != nil {
		t.Errorf("who insists: %v", err)
	}
}

// Each operation of the document has a method of the client that sends it there.
func TestEachOperationOfTheDocumentHasAMethod(t *testing.T) {
	t.Parallel()
	var came []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came = append(came, r.Method+" "+r.URL.EscapedPath())
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]string{}
	for v, i := reflect.ValueOf(c), 0; i < v.NumMethod(); i++ {
		name, m := v.Type().Method(i).Name, v.Method(i)
		if strings.HasPrefix(name, "All") || name == "Call" || name == "Command" || name == "Feed" || name == "Submit" {
			continue
		}
		arguments := []reflect.Value{reflect.ValueOf(t.Context())}
		for a := 1; a < m.Type().NumIn(); a++ {
			value := reflect.New(m.Type().In(a)).Elem()
			switch value.Kind() {
			case reflect.String:
				value.SetString("a")
			case reflect.Int64:
				value.SetInt(7)
			}
			arguments = append(arguments, value)
		}
		came = nil
		if out := m.Call(arguments); out[0].Kind() == reflect.Func { // an iteration asks when it is begun
			stop := reflect.MakeFunc(out[0].Type().In(0), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(false)} })
			out[0].Call([]reflect.Value{stop})
		}
		if len(came) != 1 {
			t.Errorf("%s sends %q", name, came)
			continue
		}
		sent[came[0]] = name
	}
	fill := strings.NewReplacer("{id}", "a", "{ref}", "a", "{code}", "a", "{type}", "a", "{prefix}", "a", "{day}", "a", "{series}", "a", "{officer}", "a", "{reference}", "a", "{agency}", "a")
	routes := routesOf(t)
	for _, route := range routes {
		_, text := sent[fill.Replace(strings.ReplaceAll(route, "{number}", "a"))]
		_, number := sent[fill.Replace(strings.ReplaceAll(route, "{number}", "7"))]
		if !text && !number {
			t.Errorf("no method sends %s", route)
		}
	}
	t.Logf("%d operations, %d methods", len(routes), len(sent))
}
