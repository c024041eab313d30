package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"dossier/domain/organisation"
	"dossier/handlers"
)

func TestPagesShowNoDossierOfAnotherAgencyAndTellWhoOpenedOnesOwn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if _, err := s.executor.ApplyOrganisation(t.Context(), s.actor("admin"), organisation.Shipped(), handlers.Envelope{Key: uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	s.seen(r)
	path := "/dossiers/" + r.ID.String()
	far, near := s.as("lam-dong-reception"), s.as("auditor")
	never := far.get("/dossiers/" + uuid.NewString())
	for _, sub := range []string{"", "/deadline", "/receipt", "/words", "/signatures", "/files", "/do/accept", "?version=1"} {
		if p := far.get(path + sub); p.status != http.StatusNotFound || never.status != http.StatusNotFound {
			t.Errorf("%s is there for another agency: %d", sub, p.status)
		}
	}
	for _, list := range []string{"/dossiers", "/dossiers?sort=due", "/dossiers.csv", "/dossiers?q=" + r.ID.String()[:8]} {
		if p := far.get(list); p.status != http.StatusOK || strings.Contains(p.html, r.ID.String()) {
			t.Errorf("%s shows it to another agency: %d", list, p.status)
		}
		if p := near.get(list); !strings.Contains(p.html, r.ID.String()) {
			t.Errorf("%s lacks it for its own agency", list)
		}
	}
	near.get(path).says(t, "Ai đã mở hồ sơ")
	s.as("applicant-1").get(path).says(t, "Ai đã mở hồ sơ", "Thanh tra")
}

func TestARowOnAPageOrInAFileIsToldToTheApplicant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	s.seen(r)
	told := func() (n int) {
		t.Helper()
		page, err := s.executor.Openings(t.Context(), s.actor("applicant-1"), r.ID, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			if o.What == "list" {
				n++
			}
		}
		return n
	}
	s.as("applicant-1").get("/dossiers")
	s.as("auditor").get("/dossiers?status=returned") // where it is not
	if n := told(); n != 0 {
		t.Errorf("%d told of its own list and of one without it", n)
	}
	s.as("auditor").get("/dossiers").says(t, r.ID.String())
	s.as("auditor").get("/dossiers.csv") // within the hour
	if n := told(); n != 1 {
		t.Errorf("%d told of the auditor", n)
	}
	s.as("clerk").get("/dossiers.csv").says(t, r.ID.String())
	if n := told(); n != 2 {
		t.Errorf("%d told of the auditor and the clerk", n)
	}
	s.as("applicant-1").get("/dossiers/"+r.ID.String()).says(t, "một dòng trong danh sách")
}
