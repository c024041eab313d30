package web

import (
	"net/http"
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
	whole := guard.Handler(next)
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

// uploadRoute is where a file comes with its form.
const uploadRoute = "POST /dossiers/{id}/files"

// sentWithin is how long a form may take to arrive, and its answer with it.
const sentWithin = 20 * time.Second

const maxForm = 64 << 10 // codes only: a form of this house is small
