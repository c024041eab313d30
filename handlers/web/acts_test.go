package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/handlers"
)

func (w *town) offers(t *testing.T) {
	path := dossierURL(w.by[dossier.PendingApproval])
	w.as("approver").get(path).says(t, "Duyệt hồ sơ")
	w.as("auditor").get(path).says(t, "không có việc phải làm ở bước hiện tại")
	if p := w.as("clerk").get(path + "/do/approve"); p.status != http.StatusForbidden {
		t.Errorf("a clerk is offered to approve: %d", p.status)
	}
	w.as("approver").get(dossierURL(w.by[dossier.Submitted])+"/do/approve").says(t, "Việc này chưa làm được ở bước hiện tại", "xem hồ sơ")
	w.as("reception").get(path+"/do/refuse-reception").says(t, "Việc này chưa làm được ở bước hiện tại")
}

var hiddenInput = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// filled takes a form's hidden fields along, as a browser does.
func (p page) filled(typed url.Values) url.Values {
	out := url.Values{}
	for _, found := range hiddenInput.FindAllStringSubmatch(p.html, -1) {
		out.Add(found[1], found[2])
	}
	for name, values := range typed {
		out[name] = values
	}
	return out
}

func (w *town) acts(t *testing.T) {
	r := w.as("reception")
	path := dossierURL(w.submit(renew, "applicant-1")) + "/do/request-supplement"
	form := r.get(path)
	form.says(t, "Yêu cầu bổ sung hồ sơ", "Bấm xong thì", "Đã yêu cầu bổ sung", "Chờ bổ sung khi tiếp nhận", "Thiếu giấy tờ", "Trên phiên bản")
	done := r.post(path, form.filled(url.Values{"items": {"site-plan, health-certificate"}, "reason": {"missing"}, "window_days": {"21"}}))
	done.says(t, "Đã ghi lúc", "Chờ bổ sung khi tiếp nhận", "người nộp: bổ sung hồ sơ", "site-plan")
	if done.status != http.StatusOK || !done.url.Query().Has("min_position") {
		t.Errorf("answered %d at %s", done.status, done.url)
	}
	late := w.submit(renew, "applicant-1")
	path = dossierURL(late) + "/do/refuse-reception"
	r.post(path, r.get(path).filled(url.Values{"reason": {"wrong_agency"}, "basis": {"nd-118-2025.17.1"}})).says(t, "Không tiếp nhận", "hồ sơ đã khép lại")
}

func (w *town) recorded(t *testing.T) {
	made := w.way(w.submit(renew, "applicant-1"), dossier.Assigned)
	path := dossierURL(made)
	about := func() (rules []string) {
		page, err := w.access.List(t.Context(), w.actor("auditor"), handlers.AccessFilter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			if e.Dossier != nil && *e.Dossier == made.ID {
				rules = append(rules, e.By.Account+" "+e.Command+" "+e.Rule)
			}
		}
		return rules
	}
	w.as("clerk").get(path + "/do/approve")
	w.as("clerk").post(path+"/do/approve", url.Values{"outcome": {"grant"}})
	w.as("applicant-2").post(path+"/do/submit-supplement", url.Values{})
	w.as("applicant-2").post(path+"/do/nguyen-van-a", url.Values{})
	w.as("").post(path+"/do/accept", url.Values{})
	r := w.as("officer-2")
	r.post(path+"/do/start-appraisal", r.get(path+"/do/start-appraisal").filled(nil))
	if got := about(); !slices.Equal(got, []string{"officer-2 start-appraisal not_assignee", "applicant-2 submit-supplement not_allowed", "clerk approve not_allowed"}) {
		t.Errorf("recorded: %q", got)
	}
}

func (w *town) twice(t *testing.T) {
	r, made := w.as("reception"), w.submit(renew, "applicant-1")
	path := dossierURL(made) + "/do/accept"
	form := r.get(path).filled(nil)
	r.post(path, form).says(t, "Đã ghi lúc")
	r.post(path, form).says(t, "Nút bấm hai lần, chỉ ghi một lần")
	if facts, err := w.executor.Facts(t.Context(), made.ID); err != nil || len(facts) != 2 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
}

func (w *town) wrongValue(t *testing.T) {
	r := w.as("reception")
	path := dossierURL(w.submit(renew, "applicant-1")) + "/do/request-supplement"
	p := r.post(path, r.get(path).filled(url.Values{"items": {"Nguyễn Văn A"}, "reason": {"illegible"}, "window_days": {"400"}}))
	p.says(t, "Có 1 chỗ cần sửa trước khi gửi", "Lỗi: ", "Nguyễn Văn A", `value="400"`, `value="illegible" checked`, `aria-invalid="true"`, `href="#f-items"`)
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", p.status)
	}
	p = r.post(path, p.filled(url.Values{"items": {"site-plan"}, "reason": {"illegible"}}))
	p.says(t, "Đã ghi lúc")
	p = r.post(path, url.Values{"key": {uuid.NewString()}, "reason": {"missing"}, "items": {"a"}, "occurred_at": {"khi nào đó"}})
	if p.status/100 != 4 {
		t.Errorf("a time that cannot be read: %d", p.status)
	}
}

func (w *town) refusal(t *testing.T) {
	r := w.as("officer-2")
	path := dossierURL(w.by[dossier.Assigned])
	r.get(path).says(t, "Bắt đầu thẩm định hồ sơ:") // stays visible with its reason
	p := r.post(path+"/do/start-appraisal", r.get(path+"/do/start-appraisal").filled(nil))
	p.says(t, "Chưa ghi: quy tắc chưa cho phép", "Đi tới")
	if p.status != http.StatusConflict {
		t.Errorf("status %d", p.status)
	}
}

func (w *town) conflicts(t *testing.T) {
	made := w.way(w.submit(renew, "applicant-1"), dossier.PendingApproval)
	r, path := w.as("approver"), dossierURL(made)+"/do/approve"
	form := r.get(path).filled(url.Values{"outcome": {"grant"}})
	w.do("clerk", made, dossier.RecordStep{Code: "phone-call"})
	p := r.post(path, form)
	p.says(t, "Hồ sơ đã đổi trong lúc soạn", "phone-call", "Văn thư", "Gửi lại trên bản mới", "Sửa tiếp", "Bỏ nội dung của tôi", "Chấp thuận")
	if p.status != http.StatusPreconditionFailed {
		t.Errorf("status %d", p.status)
	}
	again := p.filled(nil)
	again.Set("edit", "1")
	r.post(path, again).says(t, `value="grant" id="f-outcome" checked`)
	r.post(path, p.filled(nil)).says(t, "Đã ghi lúc", "Đã duyệt, chờ ký và cấp số")
}

func (w *town) files(t *testing.T) {
	r := w.as("reception")
	form := r.get("/dossiers/new?procedure=" + renew)
	form.says(t, "Gia hạn Chứng chỉ hành nghề thú y", `value="counter" checked`)
	p := r.post("/dossiers/new", form.filled(url.Values{"procedure": {renew}, "channel": {"counter"}, "applicant": {"applicant-2"}, "unit": {"one-stop"}}))
	p.says(t, "Đã ghi lúc", "Chờ tiếp nhận", "Bộ phận Một cửa kiểm tra và tiếp nhận")
	p = r.post("/dossiers/new", form.filled(url.Values{"procedure": {renew}, "channel": {"counter"}, "applicant": {"Nguyễn Văn A"}}))
	p.says(t, "Có 1 chỗ cần sửa trước khi gửi")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", p.status)
	}
	took := time.Now().Add(-3 * time.Hour).In(handlers.Zone()).Format("02/01/2006 15:04")
	r.post("/dossiers/new", r.get("/dossiers/new").filled(url.Values{"procedure": {renew}, "channel": {"counter"}, "applicant": {"applicant-2"}, "occurred_at": {took}, "late_reason": {"counter_entry"}})).
		says(t, took, "ghi nhận", "muộn 3 giờ", "Nhận tại quầy, nhập sau")
	w.as("applicant-1").get("/dossiers/new").says(t, `value="applicant-1"`, `value="online" id="f-channel" checked`)
}

func (w *town) checks(t *testing.T) {
	r := w.way(w.submit(renew, "applicant-1"), dossier.Returned)
	w.seen(r)
	nobody := w.as("")
	nobody.get("/check").says(t, "Kiểm tra giấy tờ kết quả", "Số của giấy tờ, hoặc mã hồ sơ")
	nobody.get("/check/"+*r.Code+"-KQ1").says(t, "Còn hiệu lực", *r.Code+"-KQ1")
	if p := nobody.get("/check?number=" + *r.Code + "-KQ9"); p.status != http.StatusNotFound {
		t.Errorf("a paper that is not there: %d", p.status)
	}
	w.as("auditor").get(dossierURL(r)).says(t, "Giấy tờ 1", "số "+*r.Code+"-KQ1", "còn hiệu lực")
	w.do("approver", r, dossier.RevokeResult{Paper: 1, Reason: "false_papers", Decision: "qd-9", Basis: "nd-118-2025.23"})
	p := nobody.get("/check/" + *r.Code + "-KQ1")
	p.says(t, "Đã thu hồi", "qd-9", "không còn giá trị")
	if strings.Contains(p.html, "applicant-1") {
		t.Error("the public is told whose paper it is")
	}
}

func (w *town) corrects(t *testing.T) {
	made := w.do("reception", w.submit(renew, "applicant-1"), dossier.AcceptDossier{})
	r, path := w.as("reception"), dossierURL(made)+"/do/undo-act"
	form := r.get(path)
	form.says(t, "Sẽ đính chính cho", "Người nộp: ", "Thu hồi")
	p := r.post(path, form.filled(url.Values{"act": {"accept"}, "reason": {"wrong_dossier"}, "seen": {"applicant_told", "receipt_issued", "clock_changes"}}))
	p.says(t, "Đã đính chính thông báo", "Không còn hiệu lực", "Chờ tiếp nhận")
	if strings.Contains(p.html, "receipt_issued") {
		t.Error("a raw code is shown")
	}
}

func (w *town) filesTogether(t *testing.T) {
	a := w.as("applicant-1")
	p := a.post("/dossiers/new", a.get("/dossiers/new").filled(url.Values{"procedure": {renew}, "channel": {"online"}, "applicant": {"applicant-1"}, "with": {"vet-drug-trade-cert", renew}}))
	p.says(t, "Đã ghi lúc", "Nhận cùng một lần", "đầu mối", "Giấy tiếp nhận chung", "Chờ tiếp nhận")
	path := p.url.Path
	a.get(path+"/receipt").says(t, "Giấy tiếp nhận hồ sơ", "buôn bán thuốc thú y", "Gia hạn Chứng chỉ hành nghề thú y", "Mỗi hồ sơ có hạn và kết quả riêng")
	if p := w.as("applicant-2").get(path + "/receipt"); p.status != http.StatusForbidden {
		t.Errorf("somebody else's receipt: %d", p.status)
	}
	p = a.post("/dossiers/new", a.get("/dossiers/new").filled(url.Values{"procedure": {renew}, "channel": {"online"}, "applicant": {"applicant-1"}, "with": {"no-such-procedure"}}))
	p.says(t, "Có 1 chỗ cần sửa trước khi gửi")
}
