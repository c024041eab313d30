package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/projections"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestEveryErrorIsAProblemInBothLanguages(t *testing.T) {
	t.Parallel()
	wrapped := func(err error) error { return fmt.Errorf("do something: %w", err) }
	tests := []struct {
		err    error
		status int
		code   string
		header string // name=value
	}{
		{&domain.Refusal{Code: "wrong_state", VI: "v", EN: "e", Basis: "NĐ 118/2025, Điều 16"}, 409, "wrong_state", ""},
		{&domain.Refusal{Code: handlers.NotAllowed, VI: "v", EN: "e"}, 403, "not_allowed", ""},
		{&domain.Invalid{Code: "malformed_json", VI: "v", EN: "e"}, 400, "malformed_json", ""},
		{&domain.Invalid{Code: "unknown_command", VI: "v", EN: "e"}, 404, "unknown_command", ""},
		{&domain.Invalid{Code: "unknown_procedure", Field: "procedure", VI: "v", EN: "e"}, 422, "unknown_procedure", ""},
		{handlers.ErrNotFound, 404, "not_found", ""},
		{handlers.ErrUnauthenticated, 401, "unauthenticated", `Www-Authenticate=Bearer realm="dossier"`},
		{handlers.ErrVersionRequired, 428, "version_required", ""},
		{&handlers.Stale{Expected: 1, Actual: 4}, 412, "stale", `Etag="4"`},
		{eventstore.ErrCommandReused, 422, "key_reused", ""},
		{&eventstore.OccurredAheadError{}, 422, "occurred_ahead", ""},
		{&handlers.UnreadableError{Position: 7, Err: errors.New("unknown")}, 500, "unreadable", ""},
		{&eventstore.ClockError{}, 503, "clock", "Retry-After=30"},
		{eventstore.ErrBusy, 503, "unavailable", "Retry-After=2"},
		{eventstore.ErrClosed, 503, "unavailable", "Retry-After=2"},
		{&projections.NotYetError{Wanted: 2, At: 1}, 503, "not_yet", "Retry-After=1"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, 503, "unavailable", "Retry-After=2"},
		{&pgconn.PgError{Code: "57P01"}, 503, "unavailable", "Retry-After=2"},
		{&pgconn.PgError{Code: "42P01"}, 500, "fault", ""},
		{context.DeadlineExceeded, 503, "unavailable", "Retry-After=2"},
		{errors.New("password=hunter2"), 500, "fault", ""},
	}
	for _, test := range tests {
		status, p := handlers.Problem(wrapped(test.err))
		if status != test.status || p.Status != status || p.Code != test.code {
			t.Errorf("%v: %d %s, want %d %s", test.err, status, p.Code, test.status, test.code)
		}
		vi, en := p.In("vi", "/x#1"), p.In("en", "/x#1")
		if vi.Title == "" || en.Title == "" || vi.Detail == "" || en.Detail == "" || vi.Title == en.Title || vi.TitleVI != vi.Title || vi.TitleEN != en.Title {
			t.Errorf("%v: titles %q %q, details %q %q", test.err, vi.Title, en.Title, vi.Detail, en.Detail)
		}
		if name, value, _ := strings.Cut(test.header, "="); name != "" && p.Header().Get(name) != value {
			t.Errorf("%v: headers %v, want %s", test.err, p.Header(), test.header)
		}
		if b, err := json.Marshal(en); err != nil || strings.Contains(string(b), "hunter2") {
			t.Errorf("a fault shows its inside: %s, %v", b, err)
		}
	}
}

func TestARefusalKeepsItsBasisAndItsField(t *testing.T) {
	t.Parallel()
	_, p := handlers.Problem(&domain.Refusal{Code: "window_too_short", Field: "window_days", VI: "vi", EN: "en", Basis: "NĐ 118/2025, Điều 19.5"})
	p = p.In("en", "")
	if p.Basis != "NĐ 118/2025, Điều 19.5" || len(p.Errors) != 1 || p.Errors[0] != (handlers.FieldError{Field: "window_days", Detail: "en"}) && p.Errors[0].Detail != "en" {
		t.Errorf("%+v", p)
	}
}

func TestTheReaderIsAnsweredInTheLanguagePreferred(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "vi", "vi": "vi", "en": "en", "en-GB,en;q=0.8": "en", "fr": "vi", "fr, en;q=0.5": "en", "vi, en": "vi",
		"en;q=0.4, vi;q=0.6": "vi", "en;q=0.9, vi;q=0.2": "en", "*": "vi", "en;q=abc": "vi",
	} {
		if got := handlers.Prefers(accept); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

func TestATypingErrorIsMetWithTheNearestCommand(t *testing.T) {
	t.Parallel()
	names := []string{"accept", "approve", "request-supplement", "sign"}
	for typed, want := range map[string]string{
		"acept": "accept", "aprove": "approve", "request-suplement": "request-supplement", "request_supplement": "request-supplement",
		"zzzzzz": "", "": "", "sing": "sign",
	} {
		if got := handlers.Nearest(typed, names); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	_, p := handlers.Problem(handlers.UnknownCommand("acept", names))
	if p = p.In("en", ""); p.Status != 404 || !strings.Contains(p.Detail, "accept") || len(p.Commands) != 4 {
		t.Errorf("%+v", p)
	}
}

func TestMomentsAreInstantsDaysAndPositions(t *testing.T) {
	t.Parallel()
	zone := handlers.Zone()
	m, err := handlers.ParseMoment("2026-11-23", zone)
	if want := time.Date(2026, 11, 23, 16, 59, 59, 999999000, time.UTC); err != nil || !m.Time.Equal(want) {
		t.Errorf("a day ends at %v, %v; want %v", m.Time.UTC(), err, want)
	}
	if m, err := handlers.ParseMoment("2026-11-23T14:32:00+07:00", zone); err != nil || !m.Time.Equal(time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)) {
		t.Errorf("an instant: %v, %v", m, err)
	}
	if m, err := handlers.ParseMoment("@1204331", zone); err != nil || m.Position != 1204331 {
		t.Errorf("a position: %v, %v", m, err)
	}
	for _, bad := range []string{"", "yesterday", "@", "@0", "@-1", "@x", "23/11/2026", "2026-13-01"} {
		if m, err := handlers.ParseMoment(bad, zone); refusalCode(err) != "malformed_moment" {
			t.Errorf("%q is read as %v, %v", bad, m, err)
		}
	}
}

func TestABodyIsTakenApartIntoCommandAndEnvelope(t *testing.T) {
	t.Parallel()
	e, rest, err := handlers.Open([]byte(`{"occurred_at":"2026-11-23T14:32:00+07:00","late_reason":"counter_entry","unit":"x"}`))
	if err != nil || e.OccurredAt == nil || e.LateReason != "counter_entry" || string(rest) != `{"unit":"x"}` || len(e.Body) == len(rest) {
		t.Errorf("%+v %s %v", e, rest, err)
	}
	if _, rest, err := handlers.Open(nil); err != nil || string(rest) != "{}" {
		t.Errorf("no body: %s, %v", rest, err)
	}
	if _, rest, err := handlers.Open([]byte(`{"unit" : "x"}`)); err != nil || string(rest) != `{"unit" : "x"}` {
		t.Errorf("a body without an envelope changed: %s, %v", rest, err)
	}
	for bad, code := range map[string]string{`{"occurred_at":3}`: "malformed_value", `["occurred_at"]`: "malformed_json", `{"occurred_at":`: "malformed_json"} {
		if _, _, err := handlers.Open([]byte(bad)); refusalCode(err) != code {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
