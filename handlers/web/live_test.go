package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"dossier/domain/dossier"
)

// following is an open live list, read line by line.
type following struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (r *reader) follow(t *testing.T, query string) following {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.s.site.URL+"/dossiers/live?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: r.http.Jar}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	return following{t, bufio.NewScanner(answer.Body)}
}

// next reads on to an event of that name and returns its data.
func (f following) next(event string) string {
	f.t.Helper()
	found := false
	for f.lines.Scan() {
		switch line := f.lines.Text(); {
		case line == "event: "+event:
			found = true
		case found && strings.HasPrefix(line, "data: "):
			return line
		}
	}
	f.t.Fatalf("the list ended before %q: %v", event, f.lines.Err())
	return ""
}

func TestALiveListSendsItsRowsAndCountsTheRest(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit(renew, "applicant-1")
	s.seen(r)
	list := s.as("lead").follow(t, "status=submitted&after="+plain(r.Position)+"&since="+plain(r.Position)+"&ids="+r.ID.String())
	r = s.do("reception", r, dossier.AcceptDossier{})
	if row := list.next("row"); !strings.Contains(row, "Đã tiếp nhận") || !strings.Contains(row, "không còn khớp điều kiện") || !strings.Contains(row, `"gone":true`) {
		t.Errorf("the row that left: %s", row)
	}
	if stamp := list.next("stamp"); !strings.Contains(stamp, plain(r.Position)) {
		t.Errorf("the stamp: %s", stamp)
	}
	s.submit(renew, "applicant-2")
	if news := list.next("news"); !strings.Contains(news, "1\u00a0hồ sơ mới") {
		t.Errorf("the news: %s", news)
	}
}

func TestAnApplicantsLiveListCountsItsOwnOnly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit(renew, "applicant-1")
	s.seen(r)
	list := s.as("applicant-1").follow(t, "after="+plain(r.Position)+"&since="+plain(r.Position))
	s.submit(renew, "applicant-2")
	s.submit(renew, "applicant-1")
	if news := list.next("news"); !strings.Contains(news, "1\u00a0hồ sơ mới") {
		t.Errorf("the news: %s", news)
	}
}

func TestALiveListEndsWhenTheProcessBeginsToStop(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	list := s.as("lead").follow(t, "")
	s.stop()
	list.next("end")
	if list.lines.Scan() && strings.HasPrefix(list.lines.Text(), "event") {
		t.Error("it goes on")
	}
}

func TestRowsOfOthersAreNeverSent(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	mine, theirs := s.submit(renew, "applicant-1"), s.submit(renew, "applicant-2")
	s.seen(theirs)
	list := s.as("applicant-1").follow(t, "after="+plain(theirs.Position)+"&ids="+theirs.ID.String()+","+mine.ID.String())
	s.do("reception", theirs, dossier.AcceptDossier{})
	s.do("reception", mine, dossier.AcceptDossier{})
	if row := list.next("row"); strings.Contains(row, theirs.ID.String()) {
		t.Errorf("another applicant's row: %s", row)
	}
}
