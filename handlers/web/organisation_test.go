package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/handlers"
)

// organised lets a stack have the shipped organisation with other words in it, and more delegations at its end.
func (s *stack) organised(more string, oldnew ...string) {
	s.t.Helper()
	file := strings.NewReplacer(oldnew...).Replace(string(organisation.Shipped())) + more
	if _, err := s.executor.ApplyOrganisation(s.t.Context(), s.actor("admin"), []byte(file), handlers.Envelope{Key: uuid.NewString()}); err != nil {
		s.t.Fatal(err)
	}
}

func daysAgo(n int) string {
	return (calendar.DateOf(time.Now(), handlers.Zone()) - calendar.Date(n)).String()
}

func TestTheOrganisationIsShownAsItHoldsOnADayAndWasKnown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.as("auditor").get("/organisation").says(t, "Chưa có tổ chức nào được áp dụng", "dossier organisation apply FILE")
	s.organised("", "{account: clerk, from: 2025-03-01,", "{account: clerk, from: 2025-03-01, to: 2026-01-31,")
	s.as("sandbox-officer").get("/dossiers").says(t, "Môi trường thử nghiệm", "Đợt 1.")
	s.as("auditor").get("/organisation?at=2026-01-31").says(t, "Ngày 31/01/2026: 4 cơ quan, 19 đơn vị, 30 tài khoản.", "Bộ Nông nghiệp và Môi trường", "Cục Lâm nghiệp", "Chi cục Kiểm lâm", "(đứng đầu)", "01/03/2025 – 31/01/2026", "KT. (ký thay)", "Nghị định 30/2020, Điều 13")
	s.as("auditor").get("/organisation?at=2026-02-01&lang=en").says(t, "On 1 Feb 2026: 4 agencies, 19 units, 29 accounts.", "Department of Forestry", "(head)")
	s.as("auditor").get("/organisation?at=2025-01-01").says(t, "Không có việc giao nào", "0 cơ quan")
	s.as("auditor").get("/organisation?known_at=@1").says(t, "0 tài khoản") // it had its name and nothing else
	if p := s.as("").get("/organisation"); p.url.Path != "/login" {
		t.Errorf("nobody: %d at %s", p.status, p.url)
	}
	for account, status := range map[string]int{"applicant-1": http.StatusForbidden, "clerk": http.StatusForbidden} {
		if p := s.as(account).get("/organisation"); p.status != status {
			t.Errorf("%q: %d", account, p.status)
		}
	}
	for _, wrong := range []string{"at=tomorrow", "known_at=once"} {
		if p := s.as("auditor").get("/organisation?" + wrong); p.status < 400 || p.status >= 500 {
			t.Errorf("%s: %d", wrong, p.status)
		}
	}
}

func TestWhoIsNoLongerOfTheOrganisationSeesNoDossierAndActsOnNone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	s.organised("", "{account: reception, from: 2025-03-01,", "{account: reception, from: 2025-03-01, to: "+daysAgo(1)+",")
	gone := s.as("reception")
	for _, path := range []string{"/dossiers", dossierURL(r), "/dossiers.csv"} {
		if p := gone.get(path); p.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	gone.get("/dossiers").says(t, "có hiệu lực từ 2025-03-01 đến "+daysAgo(1))
	if p := gone.post(dossierURL(r)+"/do/accept", url.Values{"version": {"1"}, "key": {uuid.NewString()}}); p.status != http.StatusForbidden {
		t.Errorf("accept: %d", p.status)
	}
	if facts, err := s.executor.Facts(t.Context(), r.ID); err != nil || len(facts) != 1 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
}

func TestADelegateOfTheOrganisationIsOfferedTheDecision(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.PendingApproval)
	approve := dossierURL(r) + "/do/approve"
	if p := s.as("head-2").get(dossierURL(r)); strings.Contains(p.html, approve) {
		t.Error("a head without a delegation is offered the decision")
	}
	s.organised("  - {code: tl-renewal, kind: tl, by: approver, to: head-2, from: " + daysAgo(5) + ", until: " + daysAgo(-5) + ", procedures: [vet-practice-cert-renew], basis: 4/QĐ-BNNMT}\n")
	if p := s.as("head-2").get(dossierURL(r)); !strings.Contains(p.html, approve) {
		t.Error("a delegate is not offered the decision")
	}
	if p := s.as("head-forestry").get(dossierURL(r)); strings.Contains(p.html, approve) {
		t.Error("a delegate for another procedure is offered the decision")
	}
}
