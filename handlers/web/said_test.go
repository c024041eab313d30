package web

import (
	"net/http"
	"net/url"
	"testing"
)

func TestWhatWasWrittenIsShownForAPurposeAndAnApplicantSeesNoNotes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	path := "/dossiers/" + r.ID.String()
	s.as("reception").get(path+"/do/add-note").says(t, "<textarea", "Lưu mã hóa trong kho")
	s.as("reception").post(path+"/do/add-note", url.Values{"key": {"k1"}, "topic": {"called"}, "text": {"Bà <b>Nghĩa</b>\nđã gọi"}})
	s.as("reception").get(path).says(t, "Nội dung đã ghi")
	s.as("auditor").get(path+"/words").says(t, "Xem để làm gì?", "Giải quyết khiếu nại")
	s.as("auditor").get(path+"/words?purpose=complaint").says(t, "Bà &lt;b&gt;Nghĩa&lt;/b&gt;\nđã gọi", "Lần xem này đã ghi vào nhật ký truy cập")
	s.as("applicant-1").get(path+"/words").says(t, "Chưa có nội dung nào")
	if p := s.as("applicant-2").get(path + "/words"); p.status != http.StatusForbidden {
		t.Errorf("another applicant: %d", p.status)
	}
}
