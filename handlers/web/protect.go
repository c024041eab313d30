package web

import (
	"errors"
	"mime"
	"net/http"
	"os"
	"time"

	"dossier/handlers"
)

// policy lets a page load our own files and nothing else: no inline script or style, no foreign host, no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect stands before every page: headers that narrow what a browser may do, and no POST from another site.
func (s *site) protect(next *handlers.Mux) http.Handler {
	guard := handlers.SameOrigin(s.PublicURL)
	guard.SetDenyHandler(s.page(func(http.ResponseWriter, *http.Request, *visit) error { return errCrossOrigin }))
	unreadable := s.page(func(http.ResponseWriter, *http.Request, *visit) error { return handlers.ErrUnreadable })
	whole := guard.Handler(s.formed(next))
	guarded := http.MaxBytesHandler(whole, maxForm)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store") // pages hold data of people; an asset or a page without them says otherwise itself
		if !handlers.Readable(r.URL) {
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/", "", "" // the page that says so shows none of it
			unreadable(w, r)
			return
		}
		if _, route := next.Handler(r); route == uploadRoute { // a stream, which the store bounds
			whole.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodPost {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(sentWithin)) // of a writer that has none: nothing to bound
		}
		guarded.ServeHTTP(w, r)
	})
}

// formed reads the form of a POST before its page does, so that no page acts on half of one, nor on what is none.
func (s *site) formed(next *handlers.Mux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, route := next.Handler(r); r.Method == http.MethodPost && route != "/" && route != uploadRoute {
			if err := readForm(r); err != nil {
				s.page(func(http.ResponseWriter, *http.Request, *visit) error { return err })(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// readForm reads what a browser sends from a form of ours. No body at all is an empty form.
func readForm(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if empty := r.ContentLength == 0 && r.Header.Get("Content-Type") == ""; !empty && (err != nil || kind != "application/x-www-form-urlencoded") || r.Header.Get("Content-Encoding") != "" {
		return &handlers.Failure{Status: http.StatusUnsupportedMediaType, Code: "not_a_form", Err: err,
			VI: "Trang này chỉ nhận biểu mẫu (application/x-www-form-urlencoded), không nén. Mở lại trang và gửi từ biểu mẫu ở đó.",
			EN: "This page takes a form only (application/x-www-form-urlencoded), not compressed. Open the page again and send the form there."}
	}
	err = r.ParseForm()
	switch large := (*http.MaxBytesError)(nil); {
	case errors.As(err, &large):
		return &handlers.Failure{Status: http.StatusRequestEntityTooLarge, Code: "form_too_large", Err: err,
			VI: "Biểu mẫu dài hơn 64 KB. Rút ngắn nội dung rồi gửi lại; tài liệu thì gửi thành tệp.", EN: "The form is longer than 64 KB. Shorten it and send it again; send documents as files."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &handlers.Failure{Status: http.StatusRequestTimeout, Code: "form_too_slow", Err: err,
			VI: "Biểu mẫu đến quá chậm. Gửi lại.", EN: "The form came too slowly. Send it again."}
	case err != nil || !handlers.IsText(r.PostForm):
		return &handlers.Failure{Status: http.StatusBadRequest, Code: "malformed_form", Err: err,
			VI: "Biểu mẫu không đọc được: dùng UTF-8, không có ký tự NUL. Mở lại trang và gửi từ biểu mẫu ở đó.", EN: "The form cannot be read: use UTF-8 without NUL. Open the page again and send the form there."}
	}
	return nil
}

// uploadRoute is where a file comes with its form.
const uploadRoute = "POST /dossiers/{id}/files"

// sentWithin is how long a form may take to arrive, and its answer with it.
const sentWithin = 20 * time.Second

const maxForm = 64 << 10 // codes only: a form of this house is small
