// Package api is dossier over HTTP: every act and every question is one route, every answer says what it is true at, and every
// refusal says its rule in Vietnamese and English.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/internal/telemetry"
)

// Deps is what the API stands on.
type Deps struct {
	Executor *handlers.Executor
	Journal  *eventstore.Journal
	Auth     handlers.Authenticator
	Zone     *time.Location
	Source   string // CloudEvents source: the public URL of this installation
	Metrics  *telemetry.Metrics
	Log      *slog.Logger
	Closing  <-chan struct{} // closed when the process begins to stop: long reads end then
}

// Prefixes are the paths the API answers; everything else belongs to the pages.
var Prefixes = []string{"/v1/", "/schemas/", "/docs", "/docs/", "/openapi.json", "/livez", "/readyz", "/healthz", "/metrics", "/version"}

// New returns the API.
func New(d Deps) http.Handler { return http.NotFoundHandler() }
