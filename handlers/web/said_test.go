package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore/vault"
	"dossier/handlers"
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

// The names behind a page of the list are read in one batch, where they are asked for, and one entry of the access journal says so.
func TestNamesOnTheListAreShownWhenAskedForInOneReadingThatIsRecorded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	people := handlers.NewPersons(s.executor, s.views)
	if _, err := people.Register(t.Context(), handlers.Accessor{Actor: s.actor("reception")}, "applicant-1", person.Citizen, vault.Person{Name: "Bà Đỗ Thị <Nghĩa>"}, handlers.Envelope{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.seen(s.submit(renew, "applicant-1"))
	}
	lacks := func(p page, text string) {
		t.Helper()
		if strings.Contains(p.html, text) {
			t.Errorf("the page says %q", text)
		}
	}
	plain, named := s.as("reception").get("/dossiers"), s.as("reception").get("/dossiers?names=on")
	plain.says(t, "Hiện tên người nộp")
	lacks(plain, "Nghĩa")
	named.says(t, "Bà Đỗ Thị &lt;Nghĩa&gt;", "đang hiện, đã ghi nhật ký")
	lacks(named, "data-live")
	lacks(s.as("applicant-1").get("/dossiers"), "Hiện tên người nộp")
	if p := s.as("applicant-1").get("/dossiers?names=on"); p.status != http.StatusForbidden {
		t.Errorf("an applicant: %d", p.status)
	}
	page, err := s.access.List(t.Context(), s.actor("auditor"), handlers.AccessFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, e := range page.Entries {
		if e.Type == "access.persons-read" && e.Purpose == "worklist" {
			if read++; len(e.Persons) != 1 {
				t.Errorf("%+v", e)
			}
		}
	}
	if read != 1 {
		t.Errorf("%d readings are recorded, want one for the page", read)
	}
}

func TestWhomATimerToldIsSaidInWords(t *testing.T) {
	told := dossier.Change{Field: "tells", New: "reception_officer, one_stop_lead"}
	for lang, want := range map[Lang]string{VI: "cán bộ một cửa, lãnh đạo Bộ phận Một cửa", EN: "reception officer, head of the one-stop unit"} {
		v := &visit{format: format{lang: lang}}
		if got := v.value(told, told.New); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
