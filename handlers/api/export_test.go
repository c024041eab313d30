package api

import "net/http"

// RoutesOf are the patterns of the API's own mux.
func RoutesOf(h http.Handler) []string { return h.(*server).mux.Patterns() }

// RouteOf is the pattern that answers a request, "" for none.
func RouteOf(h http.Handler, r *http.Request) string {
	_, pattern := h.(*server).mux.Handler(r)
	return pattern
}
