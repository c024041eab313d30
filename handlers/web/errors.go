package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"dossier/domain"
	"dossier/eventstore"
	"dossier/handlers"
)

var errCrossOrigin = errors.New("post from another site")

// errNowhere says that there is no page at this address.
var errNowhere = errors.New("no such page")

// A noDossier says that nothing bears the code that was asked for.
type noDossier struct{ code string }

func (e noDossier) Error() string { return "no dossier " + e.code }

// message is a page that says what went wrong, what was kept and what to do.
type message struct {
	Title, Text string
	Could       []way
	Form        string // the code asked for, to be corrected
}

// A way is something that can be done instead.
type way struct{ Text, URL string }

// fail is the one place where an error becomes a page. Only refusals show their own words; a fault is logged and kept from view.
func (s *site) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	if errors.Is(err, handlers.ErrUnauthenticated) {
		s.askToSignIn(w, r, v)
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is listening any more
	}
	status, m := s.say(v, err)
	if status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "status", status, "error", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if _, known := handlers.Problem(err); status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", known.Header().Get("Retry-After"))
	}
	if err := s.render(w, r, v, status, "message", m.Title, m); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, m.Title, status)
	}
}

func (s *site) say(v *visit, err error) (int, message) {
	l := v.lang
	var refusal *domain.Refusal
	var unknown noDossier
	list := way{Words{"mở danh sách hồ sơ", "open the list of dossiers"}.In(l), "/dossiers"}
	switch {
	case errors.As(err, &refusal) && handlers.Forbids(refusal):
		return http.StatusForbidden, message{Title: Words{"Không có quyền", "Not permitted"}.In(l), Text: strings.TrimSuffix(Words{refusal.VI, refusal.EN}.In(l), ".") + ".", Could: []way{{Words{"về trang đầu", "go to the front page"}.In(l), "/"}}}
	case errors.As(err, &unknown):
		return http.StatusNotFound, message{
			Title: Words{"Không có hồ sơ mang mã này", "No dossier has this code"}.In(l),
			Text:  Words{"Xem lại mã trên giấy tiếp nhận, nhất là 4 số cuối.", "Check your receipt, the last 4 digits above all."}.In(l),
			Form:  unknown.code, Could: []way{list},
		}
	case errors.Is(err, handlers.ErrNotFound):
		return http.StatusNotFound, message{
			Title: Words{"Lúc đó chưa có hồ sơ này", "The dossier did not exist then"}.In(l),
			Text:  Words{"Phiên bản hoặc thời điểm được hỏi nằm ngoài lịch sử của hồ sơ.", "The version or moment asked for lies outside the history of the dossier."}.In(l),
			Could: []way{{Words{"mở hồ sơ như hiện tại", "open the dossier as it is now"}.In(l), inHouse(v.URL.EscapedPath())}},
		}
	case errors.Is(err, errNowhere):
		return http.StatusNotFound, message{Title: Words{"Không có trang này", "There is no such page"}.In(l), Text: Words{"Địa chỉ có thể đã gõ sai hoặc đã cũ.", "The address may be mistyped or old."}.In(l), Could: []way{list, {Words{"tìm thủ tục", "find a procedure"}.In(l), "/procedures"}}}
	case errors.Is(err, errCrossOrigin):
		return http.StatusForbidden, message{Title: Words{"Không nhận lệnh từ trang khác", "Not accepted from another site"}.In(l), Text: Words{"Biểu mẫu này phải được gửi từ chính trang của cơ quan. Chưa có gì được ghi.", "This form must be sent from the authority’s own page. Nothing was recorded."}.In(l), Could: []way{list}}
	case errors.Is(err, eventstore.ErrBusy), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, busy(l, v)
	}
	return s.sayOther(v, err)
}

// sayOther words what every face of dossier words alike.
func (s *site) sayOther(v *visit, err error) (int, message) {
	status, known := handlers.Problem(err)
	if status == http.StatusServiceUnavailable && known.Code != "issuer_away" {
		return status, busy(v.lang, v)
	}
	if status >= http.StatusInternalServerError && known.Code != "unreadable" && known.Code != "issuer_away" {
		return status, message{Title: Words{"Có lỗi của hệ thống", "Something broke on our side"}.In(v.lang), Text: Words{"Chưa có gì được ghi bởi lần bấm này, trừ khi trang hồ sơ cho thấy khác. Lỗi đã được lưu cho người quản trị.", "This click recorded nothing, unless the dossier shows otherwise. The fault was logged for the administrators."}.In(v.lang), Could: []way{{Words{"thử lại", "try again"}.In(v.lang), v.Here()}}}
	}
	worded := known.In(string(v.lang), "")
	return status, message{Title: worded.Title, Text: strings.TrimSuffix(worded.Detail, ".") + ".", Could: []way{back(v)}}
}

// back is the page that failed; a log-in that failed is begun anew.
func back(v *visit) way {
	if v.At("/login") {
		return way{Words{"đăng nhập lại", "sign in again"}.In(v.lang), "/login"}
	}
	return way{Words{"quay lại", "go back"}.In(v.lang), inHouse(v.URL.EscapedPath())}
}

func busy(l Lang, v *visit) message {
	return message{
		Title: Words{"Hệ thống đang bận", "The system is busy"}.In(l),
		Text:  Words{"Kho dữ liệu chưa trả lời. Đợi vài giây rồi thử lại; một lệnh đã gửi chỉ được ghi một lần dù gửi lại.", "The store does not answer yet. Wait a few seconds and try again; a command is recorded once even if sent again."}.In(l),
		Could: []way{{Words{"thử lại", "try again"}.In(l), v.Here()}},
	}
}

func (s *site) askToSignIn(w http.ResponseWriter, r *http.Request, v *visit) {
	if s.door() && (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Accept") != "text/event-stream" {
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	m := message{Title: Words{"Cần đăng nhập", "Sign in first"}.In(v.lang), Text: Words{"Đã hết thời gian đăng nhập hoặc chưa đăng nhập. Chưa có gì được ghi.", "You are not signed in, or were signed out. Nothing was recorded."}.In(v.lang)}
	if s.door() {
		m.Could = []way{{Words{"đăng nhập", "sign in"}.In(v.lang), "/login"}}
	}
	if err := s.render(w, r, v, http.StatusUnauthorized, "message", m.Title, m); err != nil {
		http.Error(w, m.Title, http.StatusUnauthorized)
	}
}

func (s *site) nowhere(http.ResponseWriter, *http.Request, *visit) error { return errNowhere }
