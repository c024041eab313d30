package web

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"
	"dossier/projections"
)

// town is a small authority with one dossier in each state, so that every page has something to show.
type town struct {
	*stack
	by map[dossier.Status]handlers.Receipt
	// imported is a dossier of another system: an overdue due date and a step out of order.
	imported handlers.Receipt
}

const renew = "vet-practice-cert-renew"

func newTown(t *testing.T) *town {
	s := newStack(t)
	w := &town{stack: s, by: map[dossier.Status]handlers.Receipt{}}
	for _, status := range dossier.Statuses() {
		r := s.submit(renew, "applicant-1")
		switch status {
		case dossier.SupplementAtReception:
			r = s.do("reception", r, dossier.RequestSupplement{Items: []dossier.Code{"health-certificate"}, Reason: "missing", WindowDays: 20})
		case dossier.ReceptionRefusedStatus:
			r = s.do("reception", r, dossier.RefuseReception{Reason: "wrong_agency", Basis: "nd-118-2025.17.1"})
		case dossier.Verifying:
			r = s.way(r, dossier.Appraising)
			r = s.do("officer-1", r, dossier.RequestOpinion{Unit: handlers.UnitPlantProtection, Due: time.Now().Add(72 * time.Hour)})
		case dossier.SupplementRequestedStatus:
			r = s.way(r, dossier.Appraising)
			r = s.do("officer-1", r, dossier.RequestSupplement{Items: []dossier.Code{"site-plan"}, Reason: "illegible", WindowDays: 15})
		case dossier.WithdrawalRequestedStatus, dossier.Stopped:
			r = s.do("applicant-1", s.way(r, dossier.Appraising), dossier.RequestWithdrawal{})
			if status == dossier.Stopped {
				r = s.do("reception", r, dossier.AcceptWithdrawal{})
			}
		case dossier.AwaitingPayment:
			r = s.do("officer-1", s.way(r, dossier.Appraising), dossier.RequestPayment{Amount: 50_000})
		case dossier.Disposed:
			r = s.disposed(s.way(r, dossier.Returned))
		default:
			r = s.way(r, status)
		}
		w.by[status] = r
	}
	w.imported = s.importOld("case-10011")
	s.seen(w.imported)
	return w
}

// disposed is a dossier whose record went at a time that this machine's clock has not reached.
func (s *stack) disposed(r handlers.Receipt) handlers.Receipt {
	s.t.Helper()
	r, err := s.executor.Import(s.t.Context(), domain.Actor{Account: "importer", Role: domain.System}, r.ID, "disposed", []byte("{}"),
		func(dossier.State) ([]handlers.Decided, error) {
			return []handlers.Decided{{Event: dossier.RecordDisposed{Decision: "decision-12", Basis: "retention-schedule"}, OccurredAt: time.Now()}}, nil
		})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// importOld brings in a dossier as an importer does.
func (s *stack) importOld(code string) handlers.Receipt {
	s.t.Helper()
	began := time.Now().AddDate(0, -2, 0)
	r, err := s.executor.Import(s.t.Context(), domain.Actor{Account: "importer", Role: domain.System}, uuid.New(), "import", []byte(code),
		func(dossier.State) ([]handlers.Decided, error) {
			return []handlers.Decided{
				{Event: dossier.DossierSubmitted{Procedure: "ext:building-permit", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "ext:nobody", Unit: "ext:group-1", ExternalCode: dossier.External(code)}, OccurredAt: began},
				{Event: dossier.DeadlineRecorded{Due: began.AddDate(0, 1, 0), DueSource: dossier.ImportedDeadline}, OccurredAt: began},
				{Event: dossier.StepRecorded{Code: "ext:t06", Officer: "ext:resource21", Irregular: "wrong_state"}, OccurredAt: began.AddDate(0, 0, 9)},
			}, nil
		})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, check := range []struct {
		name string
		run  func(*town, *testing.T)
	}{ // the ones that only look come first
		{"every page stands in both languages, safe and without raw codes", (*town).everyPage},
		{"a list is filtered, sorted and taken along by its address", (*town).lists},
		{"a dossier says whose turn it is, by when and why", (*town).turnDueWhy},
		{"the slider's field shows an old version as it was known", (*town).replays},
		{"acts are offered to the role that may do them", (*town).offers},
		{"an act works without a script and shows its event", (*town).acts},
		{"a button pressed twice records once", (*town).twice},
		{"a wrong value comes back at its field with the rest kept", (*town).wrongValue},
		{"a refusal says the rule and what can be done", (*town).refusal},
		{"a refused act is recorded once, a form that is not shown is not", (*town).recorded},
		{"a dossier that changed meanwhile leads to the conflict page", (*town).conflicts},
		{"a dossier is filed at the counter", (*town).files},
		{"linked procedures are filed online in one reception", (*town).filesTogether},
		{"anybody checks a paper, and a revoked one fails", (*town).checks},
		{"an act that is taken back says before and after who is told so", (*town).corrects},
		{"errors are pages", (*town).errors},
		{"an applicant sees its own dossiers only", (*town).own},
		{"a list is downloaded", (*town).download},
		{"a page about nobody is kept and checked", (*town).kept},
		{"a first visit stays within its weight", (*town).weight},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(w.on(t), t) })
	}
}

// on is the same town for a subtest, which fails for itself.
func (w *town) on(t *testing.T) *town {
	same, inner := *w, *w.stack
	inner.t, same.stack = t, &inner
	return &same
}

func dossierURL(r handlers.Receipt) string { return "/dossiers/" + r.ID.String() }

func (w *town) everyPage(t *testing.T) {
	paths := map[string]string{"/": "officer-1", "/procedures": "", "/organisation": "auditor", "/organisation?at=2020-01-01": "auditor", "/login": "", "/dossiers": "officer-1", "/dossiers?density=compact": "lead", "/dossiers/new": "reception",
		dossierURL(w.imported): "auditor", dossierURL(w.imported) + "?version=2": "auditor", dossierURL(w.by[dossier.Returned]) + "?show=compact": "auditor", "/nowhere": "", "/dossiers/nobody": "auditor"}
	for _, r := range w.by {
		paths[dossierURL(r)] = "lead"
	}
	for command, r := range map[string]dossier.Status{"refuse-reception": dossier.Submitted, "accept": dossier.Submitted, "forward": dossier.Accepted} {
		paths[dossierURL(w.by[r])+"/do/"+command] = "reception"
	}
	paths[dossierURL(w.by[dossier.Appraising])+"/do/request-supplement"] = "officer-1"
	paths[dossierURL(w.by[dossier.Verifying])+"/do/record-opinion"] = "officer-1"
	paths[dossierURL(w.by[dossier.Resolved])+"/do/return"] = "return"
	for command, at := range map[string]struct {
		status  dossier.Status
		account string
	}{
		"begin-work": {dossier.Appraising, "officer-1"}, "request-payment": {dossier.Appraising, "fees"}, "confirm-payment": {dossier.AwaitingPayment, "fees"}, "cancel-payment": {dossier.AwaitingPayment, "fees"},
		"check-component": {dossier.Submitted, "reception"}, "undo-act": {dossier.Accepted, "reception"}, "transfer": {dossier.Submitted, "reception"}, "delegate-decision": {dossier.PendingApproval, "approver"},
		"report-error": {dossier.Resolved, "return"}, "revoke": {dossier.Returned, "approver"}, "rate-service": {dossier.Returned, "applicant-1"}, "send-message": {dossier.Appraising, "officer-1"},
		"choose-delivery": {dossier.Resolved, "return"}, "urge-unit": {dossier.Forwarded, "lead"}, "apologise-for-delay": {dossier.Forwarded, "lead"}, "open-complaint": {dossier.Returned, "reception"},
		"dispose-record": {dossier.Returned, "clerk"}, "announce-disposal": {dossier.Returned, "clerk"}, "hand-over-record": {dossier.Returned, "clerk"}, "add-note": {dossier.Appraising, "officer-1"}, "link": {dossier.Submitted, "reception"},
	} {
		paths[dossierURL(w.by[at.status])+"/do/"+command] = at.account
	}
	readers := map[string]*reader{}
	for path, account := range paths {
		if readers[account] == nil {
			readers[account] = w.as(account)
		}
		for _, lang := range []Lang{VI, EN} {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			p := readers[account].get(path + sep + "lang=" + string(lang))
			p.safe(t)
			p.worded(t, lang)
		}
	}
}

var (
	h1Element  = regexp.MustCompile(`(?s)<h1[ >]`)
	inline     = regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)\s*=|<style|javascript:|<script[^>]*>[^<]`)
	foreignURL = regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//`)
	element    = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)
)

// safe holds for every page: a policy that forbids inline script and style, and nothing that would break it.
func (p page) safe(t *testing.T) {
	t.Helper()
	if p.header.Get("Content-Security-Policy") != policy || p.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: headers %v", p.url, p.header)
	}
	for _, pattern := range []*regexp.Regexp{inline, foreignURL} {
		if found := pattern.FindString(p.html); found != "" {
			t.Errorf("%s: %q", p.url, found)
		}
	}
	if !strings.Contains(p.header.Get("Cache-Control"), "no-store") && !strings.Contains(p.header.Get("Cache-Control"), "no-cache") {
		t.Errorf("%s may be kept: %s", p.url, p.header.Get("Cache-Control"))
	}
}

// worded holds for every page: its language, one heading, and words where the machine has codes.
func (p page) worded(t *testing.T, l Lang) {
	t.Helper()
	if !strings.Contains(p.html, `<html lang="`+string(l)+`"`) || len(h1Element.FindAllString(p.html, -1)) != 1 {
		t.Errorf("%s: language or heading", p.url)
	}
	text := element.ReplaceAllString(p.html, " ")
	for _, code := range rawCodes() {
		if strings.Contains(text, code) {
			t.Errorf("%s shows the raw code %q", p.url, code)
		}
	}
}

// rawCodes are the machine's words that no reader may meet.
func rawCodes() []string {
	var out []string
	add := func(code string) {
		if strings.ContainsAny(code, "_") || strings.HasPrefix(code, "dossier.") {
			out = append(out, code)
		}
	}
	for _, s := range dossier.Statuses() {
		add(string(s))
	}
	for _, kind := range []string{"work_kind", "check_verdict", "revocation_reason", "consequence", "undo_reason", "delivery_failure", "urge_reason", "channel", "refusal_reason", "supplement_reason", "late_reason", "verdict", "irregular", "outcome"} {
		for _, code := range dossier.Values(kind) {
			add(code)
		}
	}
	for _, row := range dossier.Table() {
		for _, e := range row.Events {
			add(e)
		}
		for _, role := range row.Actors {
			add(string(role))
		}
	}
	return out
}

func (w *town) lists(t *testing.T) {
	r := w.as("lead")
	p := r.get("/dossiers")
	p.says(t, "18 hồ sơ", "Lượt cơ quan", "Cập nhật", "sự kiện", "Gia hạn Chứng chỉ hành nghề thú y", "case-10011", "quá hạn")
	r.get("/dossiers?status=pending_approval").says(t, "1 hồ sơ", "Trạng thái = Đang trình duyệt", "Chuyên viên thụ lý")
	r.get("/dossiers?turn=applicant").says(t, "3 hồ sơ", "người nộp")
	r.get("/dossiers?q=case-100").says(t, "1 hồ sơ", "Tìm = case-100")
	r.get("/dossiers?officer=officer-1&channel=post").says(t, "Không hồ sơ nào khớp 2 điều kiện.", "bỏ “Kênh = Bưu chính công ích”", "bỏ tất cả điều kiện")
	if p := r.get("/dossiers?sort=due"); !strings.Contains(p.html, `aria-sort="ascending"`) || strings.Index(p.html, "case-10011") > strings.Index(p.html, "chưa tính được") {
		t.Error("what is due first does not stand first")
	}
	if p := r.get("/dossiers?live=off"); strings.Contains(p.html, "data-live") {
		t.Error("a list that is off still follows")
	}
	if p := r.get("/dossiers?cursor=broken"); p.status != http.StatusUnprocessableEntity && p.status != http.StatusBadRequest {
		t.Errorf("a broken cursor: %d", p.status)
	}
}

func (w *town) turnDueWhy(t *testing.T) {
	lead := w.as("lead")
	lead.get(dossierURL(w.by[dossier.PendingApproval])).says(t, "Lượt của", "lãnh đạo duyệt", "Hạn trả:", "chưa tính được", "Thiếu lịch làm việc năm", "Vì: Đã trình duyệt", "Đang trình duyệt", "3 ngày làm việc")
	lead.get(dossierURL(w.by[dossier.SupplementRequestedStatus])).says(t, "người nộp: bổ sung hồ sơ", "tạm dừng từ", "Chậm nhất hết")
	lead.get(dossierURL(w.by[dossier.WithdrawalRequestedStatus])).says(t, "Yêu cầu rút hồ sơ", "Bộ phận Một cửa trả lời yêu cầu rút", "tạm dừng từ")
	lead.get(dossierURL(w.by[dossier.Stopped])).says(t, "Dừng giải quyết", "Người nộp rút hồ sơ")
	lead.get(dossierURL(w.by[dossier.ReceptionRefusedStatus])).says(t, "không còn ai", "Không thuộc thẩm quyền giải quyết", "Điều 17")
	old := lead.get("/dossiers/case-10011")
	old.says(t, "case-10011", "quá hạn", "Hạn ghi ở hệ thống cũ", "ngoài trình tự", "Nhập từ hệ thống cũ", "building-permit")
	if len(old.header.Values("Etag")) != 0 || old.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page with data may be kept: %v", old.header)
	}
}

func (w *town) replays(t *testing.T) {
	r, path := w.as("auditor"), dossierURL(w.by[dossier.Returned])
	p := r.get(path + "?version=3")
	p.says(t, "Như đã biết lúc", "phiên bản 3 trên 12", "không phải hiện tại", "Khi đó là lượt của", "Đã chuyển xử lý", "Sự kiện này thay đổi", "Cục Thú y")
	for _, link := range []string{"version=1", "version=2", "version=4", "version=12"} {
		if !strings.Contains(p.html, link) {
			t.Errorf("no link to %s", link)
		}
	}
	if strings.Contains(p.html, "/do/") {
		t.Error("an old version offers acts")
	}
	if !strings.Contains(p.html, `name="version" type="number" min="1" max="12" value="3"`) || !strings.Contains(p.html, `data-mirrors="version"`) {
		t.Error("the slider has no field")
	}
	if p := r.get(path + "?version=99"); p.status != http.StatusNotFound {
		t.Errorf("a version that is not there: %d", p.status)
	}
	if p := r.get(path + "?at=" + url.QueryEscape("hôm qua")); p.status/100 != 4 {
		t.Errorf("a moment that cannot be read: %d", p.status)
	}
	r.get("/dossiers/case-10011?at="+url.QueryEscape(time.Now().AddDate(0, -1, -25).Format(time.DateOnly))).says(t, "Tình trạng lúc", "khi đó chưa biết hoặc chưa xảy ra")
	r.get(path+"?known_at=@"+plain(w.by[dossier.Returned].Position-1)).says(t, "không phải hiện tại", "1 sự kiện nằm ngoài thời điểm này")
	r.get(path+"?show=raw").says(t, "dossier.submitted", "&#34;actorrole&#34;")
	r.get(path+"?show=compact").says(t, "việc không đổi trạng thái")
}

func (w *town) errors(t *testing.T) {
	for path, want := range map[string]int{"/dossiers/H15.50.05.13-000000-0000": 404, "/nowhere": 404, "/dossiers/" + uuid.NewString(): 404} {
		if p := w.as("lead").get(path); p.status != want {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	w.as("lead").get("/dossiers/H15-0001").says(t, "Không có hồ sơ mang mã này", "nhất là 4 số cuối", `value="H15-0001"`)
	if p := w.as("").get("/dossiers"); p.url.Path != "/login" || p.url.Query().Get("next") != "/dossiers" {
		t.Errorf("a stranger is led to %s", p.url)
	}
	if p := w.as("").post(dossierURL(w.by[dossier.Submitted])+"/do/accept", nil); p.status != http.StatusUnauthorized {
		t.Errorf("a stranger's act: %d", p.status)
	}
	foreign, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.site.URL+"/login", strings.NewReader("account=admin"))
	if err != nil {
		t.Fatal(err)
	}
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := http.DefaultClient.Do(foreign)
	if p := w.as("").read(answer, err); p.status != http.StatusForbidden || p.header.Get("Content-Security-Policy") == "" {
		t.Errorf("a form of another site: %d", p.status)
	}
	if p := w.as("admin").get("/dossiers"); p.status != http.StatusForbidden {
		t.Errorf("the system administrator sees dossiers: %d", p.status)
	}
	if p := w.as("lead").get("/login?next=//evil.example"); !strings.Contains(p.html, `name="next" value="/"`) {
		t.Error("signing in leads to another site")
	}
}

func TestAStoreThatIsAwayIsAPageThatSaysSo(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	journal, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	journal.Close()
	s := &stack{t: t, dev: handlers.NewDevLogin()}
	s.site = httptest.NewServer(New(Deps{Executor: handlers.NewExecutor(journal, handlers.ExecutorOptions{}), Views: projections.NewViews(db.App, journal), Journal: journal, Auth: s.dev, Dev: s.dev, Log: logTo(t)}))
	defer s.site.Close()
	db.App.Close()
	for _, path := range []string{"/dossiers", "/dossiers/" + uuid.NewString(), "/dossiers/case-1"} {
		p := s.as("lead").get(path)
		p.says(t, "Hệ thống đang bận", "chỉ được ghi một lần", "thử lại")
		if p.status != http.StatusServiceUnavailable || p.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, p.status, p.header)
		}
	}
}

func (w *town) own(t *testing.T) {
	w.as("applicant-1").get(dossierURL(w.by[dossier.Accepted])).says(t, "Đã tiếp nhận")
	if p := w.as("applicant-2").get(dossierURL(w.by[dossier.Accepted])); p.status != http.StatusForbidden {
		t.Errorf("another applicant's dossier: %d", p.status)
	}
	if p := w.as("applicant-2").get("/dossiers?q=case"); strings.Contains(p.html, "case-10011") {
		t.Error("an applicant finds a dossier of another")
	}
}

func (w *town) download(t *testing.T) {
	p := w.as("lead").get("/dossiers.csv?q=case-10011")
	rows, err := csv.NewReader(strings.NewReader(p.html)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "case-10011" || rows[1][6] != "submitted" {
		t.Errorf("%v, %v", rows, err)
	}
	if !strings.Contains(p.header.Get("Content-Disposition"), "attachment") {
		t.Error("the file is shown instead of saved")
	}
	w.as("lead").get("/dossiers?turn=applicant").says(t, "/dossiers.csv?turn=applicant", "/v1/dossiers?status=supplement_at_reception&amp;status=supplement_requested")
}

func (w *town) kept(t *testing.T) {
	r := w.as("")
	first := r.get("/procedures")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.site.URL+"/procedures", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("If-None-Match", first.header.Get("Etag"))
	answer, err := r.http.Do(request)
	if p := r.read(answer, err); p.status != http.StatusNotModified || p.html != "" {
		t.Errorf("the catalogue is sent again: %d", p.status)
	}
	if p := w.as("lead").get("/procedures"); p.header.Get("Etag") != "" || p.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page that names its reader may be kept: %v", p.header)
	}
}

var assetURL = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)

// weight adds up what a first visit loads, as it travels.
func (w *town) weight(t *testing.T) {
	r := w.as("lead")
	total, html := 0, 0
	for _, path := range []string{"/dossiers", dossierURL(w.by[dossier.Returned])} {
		html = max(html, r.travelled(path))
	}
	if html > 25<<10 {
		t.Errorf("a page weighs %d bytes", html)
	}
	limits := map[string]int{".css": 8 << 10, "site.": 8 << 10, ".js": 18 << 10}
	for _, found := range assetURL.FindAllStringSubmatch(r.get("/dossiers").html, -1) {
		n := r.travelled(found[1])
		total += n
		for suffix, most := range limits {
			if strings.Contains(found[1], suffix) && n > most {
				t.Errorf("%s weighs %d bytes", found[1], n)
			}
		}
		if strings.Contains(found[1], "/site.") && strings.HasSuffix(found[1], ".js") && n > 4<<10 {
			t.Errorf("our script weighs %d bytes", n)
		}
	}
	if total+html > 100<<10 {
		t.Errorf("a first visit weighs %d bytes", total+html)
	}
}

// travelled is the size of an answer as it is sent.
func (r *reader) travelled(path string) int {
	r.s.t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.s.site.URL+path, nil)
	if err != nil {
		r.s.t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := r.http.Do(request)
	p := r.read(answer, err)
	if p.status != http.StatusOK {
		r.s.t.Errorf("%s: %d", path, p.status)
	}
	if strings.HasPrefix(path, "/assets/") && !strings.Contains(p.header.Get("Cache-Control"), "immutable") {
		r.s.t.Errorf("%s is asked for again", path)
	}
	return len(p.html)
}
