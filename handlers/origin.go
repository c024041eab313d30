package handlers

import "net/http"

// SameOrigin refuses what another site's page sends. Where a proxy changes Host, public is the address that browsers see.
func SameOrigin(public string) *http.CrossOriginProtection {
	guard := http.NewCrossOriginProtection()
	if public != "" {
		_ = guard.AddTrustedOrigin(public) // one that is no origin is not trusted
	}
	return guard
}

// tlsFor is a year.
const tlsFor = "max-age=31536000"

// OverTLS says to browsers to come by TLS only (HSTS). Not for dev, which has none.
func OverTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", tlsFor)
		next.ServeHTTP(w, r)
	})
}
