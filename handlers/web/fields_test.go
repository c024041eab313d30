package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// An applicant chooses a procedure, fills in its forms and files; what is wrong is said at its field, and next time what was typed is there.
func TestAnApplicantFillsInTheFormsOfAProcedureAndFindsThemFilledNextTime(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.as("applicant-1")
	const seafood = "seafood-export-health-cert"
	plain := me.get("/dossiers/new")
	plain.says(t, "Hiện biểu mẫu")
	if strings.Contains(plain.html, "owner_name") {
		t.Error("fields of a form that nobody chose")
	}
	me.post("/dossiers/new", url.Values{"key": {"k0"}, "procedure": {seafood}, "channel": {"online"}, "applicant": {"applicant-1"}, "show": {"forms"}}).
		says(t, "Tên tổ chức, cá nhân", `name="entries.application.owner_name"`, `name="values.application.lot_weight_kg"`, "lưu mã hóa trong kho", "Hiện biểu mẫu")
	form := url.Values{"key": {"k1"}, "procedure": {seafood}, "channel": {"online"}, "applicant": {"applicant-1"},
		"entries.application.owner_name": {"Bà Đỗ Thị <Nghĩa>"}, "entries.application.owner_id": {"079185001234"}, "entries.application.phone": {"khong"},
		"values.application.lot_weight_kg": {"250"}, "values.application.raw": {"false"}, "values.application.market": {"JP"}}
	wrong := me.post("/dossiers/new", form)
	if wrong.status != http.StatusUnprocessableEntity {
		t.Fatalf("a telephone that is none: %d", wrong.status)
	}
	wrong.says(t, "“Số điện thoại” nhận", "Bà Đỗ Thị &lt;Nghĩa&gt;", "250")
	form.Set("entries.application.phone", "0912 345 678")
	filed := me.post("/dossiers/new", form)
	id := strings.TrimPrefix(filed.url.Path, "/dossiers/")
	if filed.status != http.StatusOK || len(id) != 36 {
		t.Fatalf("filed: %d, %s", filed.status, filed.url)
	}
	found, ok, err := s.views.Find(t.Context(), id)
	if err != nil || ok && found.String() != id {
		t.Fatal(err)
	}
	me.get("/dossiers/"+id+"/words").says(t, "Bà Đỗ Thị &lt;Nghĩa&gt;", "0912 345 678")
	filed.says(t, "JP")
	if strings.Contains(filed.html, "0912 345 678") || strings.Contains(filed.html, "Nghĩa") {
		t.Error("the dossier's page shows what lies in the vault")
	}
	s.seen(s.submit(renew, "applicant-1")) // the list has caught up
	me.get("/dossiers/new?procedure="+seafood).says(t, `value="0912 345 678"`, "Bà Đỗ Thị &lt;Nghĩa&gt;")
	other := s.as("applicant-2").get("/dossiers/new?procedure=" + seafood)
	if strings.Contains(other.html, "0912") {
		t.Error("another finds it too")
	}
	together := url.Values{"key": {"k2"}, "with": {renew}}
	for name, values := range form {
		if name != "key" {
			together[name] = values
		}
	}
	if both := me.post("/dossiers/new", together); both.status != http.StatusOK || strings.HasSuffix(both.url.Path, "/new") {
		t.Errorf("two procedures in one reception: what is typed into the forms of the first belongs to it alone: %d at %s", both.status, both.url)
	}
}
