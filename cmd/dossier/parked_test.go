package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// readyz returns the checks that are red, in English, "" when all is green.
func (d *dev) readyz() (red string) {
	d.t.Helper()
	var body struct {
		Checks []struct{ Name, Status, EN string }
	}
	_, text, err := get(context.Background(), "http://"+d.cfg.HTTP.Addr+"/readyz")
	if err != nil {
		d.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.Checks) == 0 {
		d.t.Fatalf("readyz: %v %s", err, text)
	}
	for _, c := range body.Checks {
		if c.Status != "green" {
			red += c.Name + ": " + c.EN
		}
	}
	return red
}

// poisoned writes an event that no program knows to the end of a dossier, as only a superuser can.
func (d *dev) poisoned(id string) {
	d.t.Helper()
	d.sql(`
		select pg_advisory_xact_lock(1685025651, 1);
		insert into journal.events (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, recorded_at, lane)
		select (select max(position) + 1 from journal.events), stream_id, stream_kind, version + 1, gen_random_uuid(), 'dossier.enchanted', 1, '{}',
		       '{"actor":"officer-1","actorrole":"case_officer"}', clock_timestamp(), clock_timestamp(), lane
		  from journal.events where stream_id = '` + id + `' order by version desc limit 1`)
}

func (d *dev) submitted(key string) (id string) {
	d.t.Helper()
	var receipts []struct{ ID string }
	out := must(d.t, "submit", "--data", d.folder, "--key", key, "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
	if err := json.Unmarshal([]byte(out), &receipts); err != nil || len(receipts) != 1 {
		d.t.Fatalf("%v: %s", err, out)
	}
	return receipts[0].ID
}

// post sends a command by HTTP and returns the answer's status and text.
func (d *dev) post(account, path string) (status int, body string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+d.cfg.HTTP.Addr+path, strings.NewReader("{}"))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev:"+account)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestADossierThatStandsStillIsToldByEveryFaceAndFollowsAgainInOrder(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	in := func(code int, args ...string) string {
		t.Helper()
		out, talk, got := program(t, append(args, "--data", d.folder)...)
		if got != code {
			t.Errorf("dossier %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, talk)
		}
		return out + talk
	}
	says := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("lacks %q:\n%s", want, text)
			}
		}
	}
	bad, cursed, good := d.submitted("bad"), d.submitted("cursed"), d.submitted("good")
	says(in(0, "parked", "list"), "nothing is parked")
	d.poisoned(bad)
	at := strconv.Itoa(d.recorded())
	d.eventually("it is parked", func() error {
		if red := d.readyz(); red != "parked: dossiers that cannot be brought into the views: 1; run “dossier parked list”" {
			return errorf("readyz: %q", red)
		}
		return nil
	})
	says(in(0, "parked", "list"), bad, "history_v1", "dossier.enchanted: unknown event type")
	says(in(3, "parked", "retry", bad), "false", "dossiers that still stand still: 1")
	says(in(0, "history", bad), "stale", "parked list")
	says(in(3, "verify"), "dossiers that a projection could not follow: 1", "parked list")
	says(in(1, "do", bad, "accept", "--as", "reception"), "event "+at+" cannot be read", "dossier.enchanted")
	if status, body := d.post("reception", "/v1/dossiers/"+bad+"/accept"); status != 500 || !strings.Contains(body, `"unreadable"`) {
		t.Errorf("a command over HTTP: %d %s", status, body)
	}
	if status, body := d.get("auditor", "/dossiers/"+bad, nil); status != 500 || !strings.Contains(body, at) || !strings.Contains(body, "không đọc được") {
		t.Errorf("its page: %d %s", status, body)
	}
	if _, body := d.get("auditor", "/metrics", nil); !strings.Contains(body, `dossier_projection_parked{projection="history"} 1`) {
		t.Error("the metrics do not count it")
	}
	says(d.out.String(), "stream parked", bad)
	in(0, "do", good, "accept", "--as", "reception") // the others go on

	// A cause that can be mended: the database refuses the history's rows of one dossier.
	d.sql(`create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'cursed'; end $$;
		create trigger cursed before insert on views.history_v1 for each row when (new.id = '` + cursed + `') execute function public.refuse()`)
	in(0, "do", cursed, "accept", "--as", "reception")
	in(0, "do", cursed, "forward", "--as", "reception", "--set", "unit=unit-1")
	d.eventually("two stand still", func() error {
		if red := d.readyz(); !strings.Contains(red, "views: 2") {
			return errorf("readyz: %q", red)
		}
		return nil
	})
	says(in(3, "parked", "retry", cursed), "history_v1", "cursed", "still: 1")
	d.sql(`drop trigger cursed on views.history_v1`)
	d.eventually("it follows again", func() error { // the projector may be trying at this very moment
		if out, talk, code := program(t, "parked", "retry", cursed, "--data", d.folder); code != 0 {
			return errorf("exit %d %s%s", code, out, talk)
		}
		return nil
	})
	if list := in(0, "parked", "list"); strings.Contains(list, cursed) || !strings.Contains(list, bad) {
		t.Error(list)
	}
	var history struct{ Entries []struct{ Type string } }
	d.get("auditor", "/v1/dossiers/"+cursed+"/history", &history)
	order := ""
	for _, e := range history.Entries {
		order += " " + e.Type
	}
	if order != " dossier.submitted dossier.accepted dossier.forwarded" {
		t.Errorf("its history: %s", order)
	}
}
