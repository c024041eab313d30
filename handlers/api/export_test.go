package api

import "net/http"

// RoutesOf are the patterns of the API's own mux.
func RoutesOf(h http.Handler) []string { return h.(*server).mux.Patterns() }
