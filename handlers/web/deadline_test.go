package web

import (
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func TestADueDateIsShownWithTheWayThatLeadsToIt(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	before := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Accepted)
	if _, err := s.executor.PublishCalendar(t.Context(), s.actor("catalogue"), "vn", calendar.Shipped()["vn"], handlers.Envelope{Key: "vn"}); err != nil {
		t.Fatal(err)
	}
	after := s.way(s.submit("vet-practice-cert-renew", "applicant-2"), dossier.Appraising)
	s.seen(after)
	lead := s.as("lead")
	lead.get("/dossiers/"+after.ID.String()).says(t, "Hạn trả", "Tính 3 ngày làm việc từ", "Xem cách tính")
	lead.get("/dossiers/"+after.ID.String()+"/deadline").says(t, "Hạn trả được tính thế nào", "bắt đầu", "ngày thứ 1", "ngày thứ 3, hết hạn", "Bộ luật Dân sự 91/2015, Điều 148.6")
	lead.get("/dossiers/"+after.ID.String()+"/deadline?lang=en").says(t, "How the due date was reached", "begins", "day 3, ends", "Civil Code 91/2015, Art. 148.6")
	lead.get("/dossiers/"+before.ID.String()+"/deadline?lang=vi").says(t, "chưa tính được", "chưa công bố")
	if r := s.as("applicant-1").get("/dossiers/" + after.ID.String() + "/deadline"); r.status != 403 {
		t.Errorf("somebody else's deadline: %d", r.status)
	}
}
