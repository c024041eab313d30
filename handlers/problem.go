package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"dossier/domain"
	"dossier/eventstore"
	"dossier/projections"

	"github.com/jackc/pgx/v5/pgconn"
)

// ProblemBody is an RFC 9457 problem: what is wrong in both languages, and the rule it rests on.
type ProblemBody struct {
	Type     string       `json:"type" example:"urn:dossier:problem:wrong_state" doc:"Stable name of this kind of problem."`
	Title    string       `json:"title" doc:"Kind of problem, in the reader's language."`
	TitleVI  string       `json:"title_vi"`
	TitleEN  string       `json:"title_en"`
	Status   int          `json:"status" example:"409"`
	Code     string       `json:"code" example:"wrong_state" doc:"Stable code of the refusal, snake case."`
	Detail   string       `json:"detail" doc:"What happened and how to mend it, in the language of Accept-Language (vi unless en is preferred)."`
	DetailVI string       `json:"detail_vi" doc:"The same in Vietnamese, whatever was asked for."`
	DetailEN string       `json:"detail_en" doc:"The same in English."`
	Basis    string       `json:"basis,omitempty" doc:"Legal basis of the rule."`
	Instance string       `json:"instance,omitempty" doc:"The request this is about: its path and its id."`
	Errors   []FieldError `json:"errors,omitempty" doc:"One entry per wrong field."`
	Version  int64        `json:"version,omitempty" doc:"Version the dossier is at now (412)."`
	Changed  []Happened   `json:"changed,omitempty" doc:"What happened since the version that was sent (412)."`
	Commands []string     `json:"commands,omitempty" doc:"The commands there are (404 unknown_command)."`

	detail words
	retry  int
}

// FieldError says what is wrong with one field of the request.
type FieldError struct {
	Field    string `json:"field" example:"procedure"`
	Detail   string `json:"detail"`
	DetailVI string `json:"detail_vi"`
	DetailEN string `json:"detail_en"`
	Line     int    `json:"line,omitempty" doc:"Of a file: where in it."`

	detail words
}

// words are a text in both languages.
type words struct{ VI, EN string }

func (w words) in(lang string) string {
	if lang == "en" {
		return w.EN
	}
	return w.VI
}

// titles name the kinds of problems.
var titles = map[int]words{
	http.StatusBadRequest:            {"Yêu cầu sai dạng", "Malformed request"},
	http.StatusUnauthorized:          {"Chưa đăng nhập", "Not signed in"},
	http.StatusForbidden:             {"Không có quyền", "Not allowed"},
	http.StatusNotFound:              {"Không tìm thấy", "Not found"},
	http.StatusMethodNotAllowed:      {"Đường dẫn này không nhận phương thức đó", "Method not allowed here"},
	http.StatusNotAcceptable:         {"Không trả lời được ở định dạng đó", "Not available in that format"},
	http.StatusRequestTimeout:        {"Gửi quá chậm", "Sent too slowly"},
	http.StatusConflict:              {"Quy định chưa cho phép", "Refused by rule"},
	http.StatusPreconditionFailed:    {"Hồ sơ đã thay đổi", "The dossier has changed"},
	http.StatusGone:                  {"Đã xóa", "Erased"},
	http.StatusRequestEntityTooLarge: {"Nội dung quá lớn", "Body too large"},
	http.StatusUnsupportedMediaType:  {"Không nhận định dạng này", "Unsupported format"},
	http.StatusUnprocessableEntity:   {"Dữ liệu chưa đúng", "Invalid data"},
	http.StatusPreconditionRequired:  {"Thiếu phiên bản đã xem", "Version seen is missing"},
	http.StatusTooManyRequests:       {"Quá nhiều yêu cầu", "Too many requests"},
	http.StatusInternalServerError:   {"Lỗi hệ thống", "System fault"},
	http.StatusServiceUnavailable:    {"Tạm thời chưa phục vụ được", "Not available now"},
}

// Problem maps any error to its status and its problem. Only refusals and invalid commands show their own text; of a fault
// the caller learns nothing but that it was logged.
func Problem(err error) (status int, p ProblemBody) {
	p = problem(err)
	return p.Status, p
}

func problem(err error) ProblemBody {
	var known *Failure
	var refusal *domain.Refusal
	var invalid *domain.Invalid
	var stale *Stale
	var ahead *eventstore.OccurredAheadError
	var clock *eventstore.ClockError
	var unreadable *UnreadableError
	var mistakes Mistakes
	switch {
	case errors.As(err, &mistakes):
		return mistaken(mistakes)
	case errors.As(err, &known):
		return known.body()
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.As(err, &invalid):
		return invalidBody(invalid)
	case errors.As(err, &stale):
		return changed(stale)
	case errors.As(err, &ahead):
		return field(http.StatusUnprocessableEntity, "occurred_ahead", "occurred_at", words{
			"Thời điểm xảy ra không được sau hiện tại", "The time it happened cannot be in the future"})
	case errors.As(err, &clock):
		return later(30, "clock", words{
			"Đồng hồ của cơ sở dữ liệu bị lệch; quản trị hệ thống cần chạy “dossier clock accept” hoặc chỉnh lại đồng hồ",
			"The database's clock is off; the system administrator must run “dossier clock accept” or set it right"})
	case errors.As(err, &unreadable):
		return body(http.StatusInternalServerError, "unreadable", words{
			fmt.Sprintf("Hồ sơ có sự kiện %d mà bản chương trình này không đọc được, nên chưa ghi thêm gì được; các hồ sơ khác không bị ảnh hưởng. Đã ghi lại để xử lý", unreadable.Position),
			fmt.Sprintf("The dossier has an event, %d, that this version of the program cannot read, so nothing can be added to it; other dossiers are not touched. It was logged to be mended", unreadable.Position)})
	}
	return plain(err)
}

// mistaken lists all that is wrong with a file, each with its path and line.
func mistaken(mistakes Mistakes) ProblemBody {
	p := body(http.StatusUnprocessableEntity, "file_mistakes", words{
		fmt.Sprintf("Tệp có %d lỗi; chưa có gì thay đổi. Sửa theo danh sách (errors) rồi gửi lại", len(mistakes)),
		fmt.Sprintf("The file has %d mistakes; nothing was changed. Mend what errors lists, then send it again", len(mistakes))})
	for _, m := range mistakes {
		p.Errors = append(p.Errors, FieldError{Field: m.Path, Line: m.Line, detail: words{fmt.Sprintf("dòng %d: %s", m.Line, m.VI), fmt.Sprintf("line %d: %s", m.Line, m.EN)}})
	}
	return p
}

// plain maps the errors that carry nothing but their name.
func plain(err error) ProblemBody {
	switch {
	case errors.Is(err, ErrNotFound):
		return body(http.StatusNotFound, "not_found", words{
			"Không có hồ sơ mang mã này. Xem lại mã trên giấy tiếp nhận, nhất là 4 số cuối",
			"No dossier has this code. Check your receipt, the last 4 digits above all"})
	case errors.Is(err, ErrNoResult):
		return body(http.StatusNotFound, "no_result", words{
			"Không có giấy tờ kết quả mang số này ở cơ quan đã chọn. Xem lại số trên giấy (mã hồ sơ, rồi -KQ và số thứ tự), hoặc bỏ trống cơ quan",
			"No paper of the register has this number at the agency given. Look at the number on the paper (the dossier's code, then -KQ and a number), or leave the agency out"})
	case errors.Is(err, ErrNoCalendar):
		return body(http.StatusNotFound, "no_calendar", words{
			"Không có lịch mang mã này, hoặc chưa có phiên bản này. Lịch của Việt Nam mang mã vn",
			"There is no calendar of this code, or not this version of it. Vietnam's is vn"})
	case errors.Is(err, ErrNoProcedure):
		return body(http.StatusNotFound, "no_procedure", words{
			"Không có thủ tục mang mã này, hoặc chưa có phiên bản này. Xem danh mục: GET /v1/procedures",
			"There is no procedure of this id, or not this version of it. See the catalogue: GET /v1/procedures"})
	case errors.Is(err, ErrNoOrganisation):
		return body(http.StatusNotFound, "no_organisation", words{
			"Chưa có tổ chức nào được áp dụng, hoặc khi đó chưa có. Quản trị hệ thống áp dụng một tệp: dossier organisation apply",
			"No organisation was applied, or not by then. The system administrator applies a file: dossier organisation apply"})
	case errors.Is(err, ErrNoBatch):
		return body(http.StatusNotFound, "no_batch", words{
			"Không có lô mang mã này. Mã của lô có trong câu trả lời khi lập lô",
			"There is no batch of this id. It stands in the answer to planning it"})
	case errors.Is(err, eventstore.ErrHeld):
		return later(5, "batch_held", words{
			"Một tiến trình khác đang xử lý lô này; xem tiến độ, hoặc thử lại sau giây lát",
			"Another process works on this batch; look how far it came, or try again in a moment"})
	case errors.Is(err, ErrForged):
		return forgedFailure.body()
	case errors.Is(err, ErrUnauthenticated):
		return body(http.StatusUnauthorized, "unauthenticated", words{
			"Cần đăng nhập để dùng đường dẫn này", "You must be signed in to use this"})
	case errors.Is(err, ErrVersionRequired):
		return body(http.StatusPreconditionRequired, "version_required", words{
			"Duyệt, ký và cấp số phải gửi kèm If-Match: \"phiên bản\" của hồ sơ đã xem",
			"Approving, signing and issuing must carry If-Match: \"version\" of the dossier that was looked at"})
	case errors.Is(err, eventstore.ErrCommandReused):
		return field(http.StatusUnprocessableEntity, "key_reused", "Idempotency-Key", words{
			"Idempotency-Key này đã dùng cho một nội dung khác; gửi lại đúng nội dung cũ, hoặc dùng khóa mới",
			"This Idempotency-Key came before with another body; send the same body again, or use a new key"})
	case errors.Is(err, projections.ErrNotYet):
		return later(1, "not_yet", words{
			"Danh sách chưa theo kịp sự kiện được yêu cầu (min_position); thử lại sau giây lát",
			"The views have not reached the position asked for (min_position); try again in a moment"})
	case Away(err):
		return later(2, "unavailable", words{
			"Cơ sở dữ liệu tạm thời không trả lời; thử lại sau giây lát. Lệnh gửi lại với cùng Idempotency-Key chỉ được thực hiện một lần",
			"The database does not answer at the moment; try again shortly. A command sent again with the same Idempotency-Key is done once"})
	}
	return body(http.StatusInternalServerError, "fault", words{
		"Có lỗi bên trong, đã ghi lại để xử lý", "Something failed inside; it was logged to be mended"})
}

// Away says whether an error means that the database is not there now, so that trying again later is right.
func Away(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	var database *pgconn.PgError
	switch {
	case errors.Is(err, eventstore.ErrBusy), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed):
		return true
	case errors.As(err, &connect), errors.As(err, &network), closed(err):
		return true
	case errors.As(err, &database): // connection exceptions, too many connections, shutdown, lock or statement timeout
		return strings.HasPrefix(database.Code, "08") || strings.HasPrefix(database.Code, "53") || strings.HasPrefix(database.Code, "57") || database.Code == "55P03"
	}
	return false
}

// closed says whether the pool or the connection was closed under the request: pgx gives these errors no exported name.
func closed(err error) bool {
	return err != nil && (strings.HasSuffix(err.Error(), "closed pool") || strings.HasSuffix(err.Error(), "conn closed"))
}

func refused(r *domain.Refusal) ProblemBody {
	status := http.StatusConflict
	if Forbids(r) {
		status = http.StatusForbidden
	}
	p := body(status, r.Code, words{r.VI, r.EN})
	p.Basis = r.Basis
	if r.Field != "" {
		p.Errors = []FieldError{{Field: r.Field, detail: p.detail}}
	}
	return p
}

func invalidBody(i *domain.Invalid) ProblemBody {
	status := http.StatusUnprocessableEntity
	switch {
	case strings.HasPrefix(i.Code, "malformed"):
		status = http.StatusBadRequest
	case i.Code == "unknown_command":
		status = http.StatusNotFound
	}
	return field(status, i.Code, i.Field, words{i.VI, i.EN})
}

func changed(s *Stale) ProblemBody {
	if s.Rule {
		p := body(http.StatusPreconditionFailed, "stale", words{
			fmt.Sprintf("Đã có người sửa từ lúc xem: nay ở phiên bản %d, không phải %d. Xem lại rồi gửi lại với ETag mới", s.Actual, s.Expected),
			fmt.Sprintf("Somebody changed it since you saw it: it is at version %d, not %d. Look again, then send with the new ETag", s.Actual, s.Expected)})
		p.Version = s.Actual
		return p
	}
	p := body(http.StatusPreconditionFailed, "stale", words{
		fmt.Sprintf("Hồ sơ đã đổi từ lúc xem: nay ở phiên bản %d, việc này gửi cho phiên bản %d. Xem những gì đã đổi (changed) rồi gửi lại", s.Actual, s.Expected),
		fmt.Sprintf("The dossier changed since you saw it: it is at version %d, this was meant for version %d. Look at what changed, then send again", s.Actual, s.Expected)})
	p.Version, p.Changed = s.Actual, s.Since
	return p
}

func body(status int, code string, detail words) ProblemBody {
	title, ok := titles[status]
	if !ok {
		title = words{http.StatusText(status), http.StatusText(status)}
	}
	return ProblemBody{
		Type: "urn:dossier:problem:" + code, Status: status, Code: code,
		TitleVI: title.VI, TitleEN: title.EN, detail: detail,
	}
}

func field(status int, code, name string, detail words) ProblemBody {
	p := body(status, code, detail)
	if name != "" {
		p.Errors = []FieldError{{Field: name, detail: detail}}
	}
	return p
}

func later(seconds int, code string, detail words) ProblemBody {
	p := body(http.StatusServiceUnavailable, code, detail)
	p.retry = seconds
	return p
}

// In returns the problem in a language, about one request.
func (p ProblemBody) In(lang, instance string) ProblemBody {
	p.Title = words{p.TitleVI, p.TitleEN}.in(lang)
	p.Detail, p.DetailVI, p.DetailEN = p.detail.in(lang), p.detail.VI, p.detail.EN
	p.Instance = instance
	errs := make([]FieldError, len(p.Errors))
	for i, e := range p.Errors {
		errs[i] = FieldError{Field: e.Field, Detail: e.detail.in(lang), DetailVI: e.detail.VI, DetailEN: e.detail.EN, Line: e.Line}
	}
	if len(errs) > 0 {
		p.Errors = errs
	}
	return p
}

// Header returns what the answer must carry beside its body.
func (p ProblemBody) Header() http.Header {
	h := http.Header{}
	switch {
	case p.retry > 0:
		h.Set("Retry-After", strconv.Itoa(p.retry))
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="dossier"`)
	case p.Status == http.StatusPreconditionFailed:
		h.Set("ETag", ETag(p.Version))
	}
	return h
}

// ETag writes a version as an entity tag.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
