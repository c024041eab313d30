// Package web is the pages of dossier: plain HTML from the server, where every table state is an address, every act a form
// that works without a script, and every page says what it is true at.
package web

import (
	"log/slog"
	"net/http"
	"time"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/projections"
)

// Deps is what the pages stand on.
type Deps struct {
	Executor *handlers.Executor
	Views    *projections.Views
	Bulk     *handlers.Bulk  // one of its own when nil
	Files    *handlers.Files // nil: none are taken
	Journal  *eventstore.Journal
	Auth     handlers.Authenticator
	Dev      *handlers.DevLogin // nil in production: no demo accounts, no mark of development
	SignIn   *identity.Login    // nil: no issuer
	Sessions *identity.Sessions // with SignIn
	Log      *slog.Logger
	Closing  <-chan struct{}   // closed when the process begins to stop: live lists end then
	Gate     *handlers.Gate    // shared with the API of this process; one of its own when nil
	Rates    *handlers.Rates   // nil: no bounds
	Checks   *handlers.Limiter // of the public check of results; likewise

	PublicURL string           // where browsers find us, when a proxy changes Host
	Agency    Words            // whose house this is; both languages, a default when empty
	Zone      *time.Location   // the agency's zone, Asia/Ho_Chi_Minh when nil
	Now       func() time.Time // time.Now when nil
}

type site struct {
	Deps
	assets *assets
	pages  map[Lang]templates
	guests chan struct{} // one slot per live connection
	recent recent

	uploads chan struct{} // one slot per file on its way
}

// New returns the pages as one handler. Live lists stay open until their reader leaves or Closing is closed, so close it
// before waiting for the server's connections.
func New(d Deps) http.Handler {
	s := &site{Deps: d.withDefaults(), assets: loadAssets(), guests: make(chan struct{}, maxLive), uploads: make(chan struct{}, mostUploads)}
	s.pages = loadTemplates(s)
	return s.protect(s.routes())
}

func (s *site) routes() *handlers.Mux {
	mux := handlers.NewMux(handlers.Web)
	mux.HandleFunc("GET /assets/{name}", s.assets.serve)
	mux.HandleFunc("GET /{$}", s.page(s.home))
	mux.HandleFunc("GET /procedures", s.page(s.procedures))
	mux.HandleFunc("GET /organisation", s.page(s.organisation))
	mux.HandleFunc("GET /track", s.page(s.track))
	mux.HandleFunc("GET /check", s.page(s.check))
	mux.HandleFunc("GET /check/{number}", s.page(s.check))
	if s.door() {
		mux.HandleFunc("GET /login", s.page(s.login))
		mux.HandleFunc("POST /logout", s.page(s.leave))
	}
	if s.Dev != nil {
		mux.HandleFunc("POST /login", s.page(s.enter))
	}
	if s.SignIn != nil {
		mux.HandleFunc("GET /login/go", s.page(s.begin))
		mux.HandleFunc("GET "+identity.CallbackPath, s.page(s.finish))
		mux.HandleFunc("GET /account", s.page(s.account))
		mux.HandleFunc("POST /account/post", s.page(s.takePost))
		mux.HandleFunc("POST /account/others", s.page(s.leaveOthers))
	}
	mux.HandleFunc("GET /dossiers", s.page(s.list))
	mux.HandleFunc("GET /dossiers.csv", s.within(2*time.Minute, s.listCSV))
	mux.HandleFunc("GET /dossiers/live", s.lasting(s.live))
	mux.HandleFunc("GET /dossiers/new", s.page(s.newForm))
	mux.HandleFunc("POST /dossiers/new", s.page(s.submit))
	mux.HandleFunc("GET /dossiers/{id}", s.page(s.dossier))
	mux.HandleFunc("GET /dossiers/{id}/deadline", s.page(s.deadline))
	mux.HandleFunc("GET /dossiers/{id}/receipt", s.page(s.reception))
	mux.HandleFunc("GET /dossiers/{id}/files", s.page(s.uploadPage))
	mux.HandleFunc(uploadRoute, s.lasting(s.upload))
	mux.HandleFunc("GET /dossiers/{id}/words", s.page(s.said))
	mux.HandleFunc("GET /dossiers/{id}/signatures", s.page(s.signatures))
	mux.HandleFunc("GET /dossiers/{id}/do/{command}", s.page(s.actForm))
	mux.HandleFunc("POST /dossiers/{id}/do/{command}", s.page(s.act))
	mux.HandleFunc("GET /bulk/new", s.page(s.bulkNew))
	mux.HandleFunc("POST /bulk/new", s.page(s.bulkPlan))
	mux.HandleFunc("GET /bulk/{id}", s.page(s.bulk))
	mux.HandleFunc("POST /bulk/{id}/run", s.page(s.bulkRun))
	mux.HandleFunc("POST /bulk/{id}/undo", s.page(s.bulkUndo))
	mux.HandleFunc("/", s.page(s.nowhere))
	return mux
}

func (d Deps) withDefaults() Deps {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Gate == nil {
		d.Gate = handlers.NewGate(handlers.MostRequests, handlers.MostBytes)
	}
	if d.Checks == nil {
		d.Checks = handlers.NewLimiter(handlers.ChecksPerMinute, nil)
	}
	if d.Bulk == nil {
		d.Bulk = handlers.NewBulk(d.Executor, d.Views, handlers.BulkOptions{Log: d.Log})
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Zone == nil {
		d.Zone = handlers.Zone()
	}
	if d.Agency == (Words{}) {
		d.Agency = Words{VI: "Sở Nông nghiệp và Môi trường", EN: "Department of Agriculture and Environment"}
	}
	return d
}

var listAct = handlers.Act{Kind: handlers.List}
