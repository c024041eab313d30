package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dossier/domain/dossier"
	"dossier/handlers"
)

func TestChosenDossiersAreActedOnTogetherAfterADryRun(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first, second, early := s.way(s.submit("vet-practice-cert-renew", "applicant-1"), dossier.Accepted), s.way(s.submit("vet-practice-cert-renew", "applicant-2"), dossier.Accepted), s.submit("vet-practice-cert-renew", "applicant-1")
	s.seen(early)
	r := s.as("reception")
	list := r.get("/dossiers")
	list.says(t, "Với các hồ sơ đã chọn", "Xem trước")
	q := url.Values{"command": {"forward"}}
	for _, one := range []handlers.Receipt{first, second, early} {
		item := fmt.Sprintf("%s@%d", one.ID, one.Version)
		if !strings.Contains(list.html, `value="`+item+`"`) {
			t.Fatalf("%s cannot be ticked", item)
		}
		q.Add("id", item)
	}
	form := r.get("/bulk/new?" + q.Encode())
	form.says(t, "Chuyển xử lý hồ sơ: 3", "hồ sơ", "Đơn vị giải quyết", "chưa hồ sơ nào thay đổi")
	hidden := form.filled(nil)
	r.post("/bulk/new", hidden).says(t, "Thiếu “Đơn vị giải quyết”")
	hidden.Set("unit", "animal-health")
	dry := r.post("/bulk/new", hidden)
	dry.says(t, "chưa ghi gì", "sẽ thực hiện", "sẽ bị từ chối")
	if dry.status != http.StatusOK || !strings.HasPrefix(dry.url.Path, "/bulk/") {
		t.Fatalf("%d at %s", dry.status, dry.url)
	}
	if facts, err := s.executor.Facts(t.Context(), first.ID); err != nil || len(facts) != 2 {
		t.Fatalf("the dry run left %d facts, %v", len(facts), err)
	}
	if other := s.as("clerk").get(dry.url.Path); strings.Contains(other.html, dry.url.Path+"/run") {
		t.Error("another is offered to run it")
	}
	running := r.post(dry.url.Path+"/run", dry.filled(nil))
	running.says(t, "đang chạy")
	s.work(dry.url.Path)
	done := r.get(dry.url.Path)
	done.says(t, "đã xong", "đã thực hiện", "bị từ chối", "Ngoài trình tự", "Thu hồi cả lô")

	r.post(dry.url.Path+"/undo", url.Values{"key": {"u1"}, "reason": {"wrong_content"}}).says(t, "Chưa thu hồi")
	r.post(dry.url.Path+"/undo", url.Values{"key": {"u2"}, "reason": {"wrong_content"}, "seen": {"unit_told"}})
	s.work(dry.url.Path)
	r.get(dry.url.Path).says(t, "đã thu hồi", "lô này không làm đổi")
	if facts, err := s.executor.Facts(t.Context(), first.ID); err != nil || dossier.Fold(facts).Status != dossier.Accepted {
		t.Errorf("%v, %v", dossier.Fold(facts).Status, err)
	}
	if p := s.as("applicant-1").get("/bulk/new?" + q.Encode()); p.status != http.StatusForbidden {
		t.Errorf("an applicant: %d", p.status)
	}
	if p := s.as("applicant-1").get("/dossiers"); strings.Contains(p.html, `form="chosen"`) {
		t.Error("an applicant may tick")
	}
	if p := r.get("/bulk/new?command=forward"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("nothing ticked: %d", p.status)
	}
	if p := r.get("/bulk/nothing"); p.status != http.StatusNotFound {
		t.Errorf("a batch there is not: %d", p.status)
	}
}
