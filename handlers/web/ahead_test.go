package web

import (
	"strings"
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func TestADossierSaysWhoIsToldNext(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if _, err := s.executor.PublishCalendar(t.Context(), s.actor("catalogue"), "vn", calendar.Shipped()["vn"], handlers.Envelope{Key: "vn"}); err != nil {
		t.Fatal(err)
	}
	r := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Appraising)
	s.seen(r)
	page := "/dossiers/" + r.ID.String()
	s.as("lead").get(page).says(t, "Báo tiếp theo", "Thời hạn giải quyết: sắp đến hạn, đã dùng 50 phần trăm thời hạn", "Báo cho", "NĐ 118/2025, Điều 19.6", "Các lần báo sau")
	s.as("lead").get(page+"?lang=en").says(t, "Told next", "Processing limit: due soon, 50 per cent of the limit used up", "Tells: case officer", "Later ones")
	if p := s.as("applicant-1").get(page); strings.Contains(p.html, "Báo tiếp theo") {
		t.Error("an applicant sees who in the house is told")
	}
	if p := s.as("lead").get(page + "?version=1&lang=vi"); strings.Contains(p.html, "Báo tiếp theo") {
		t.Error("a page of the past says what comes next")
	}
}
