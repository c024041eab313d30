package main

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/handlers/web"
)

// handler puts the API and the pages on one address. Only roles that this process plays show their figures: a relay or an engine
// that stands still would say that nothing lags.
func (p *process) handler(roles []string) (http.Handler, error) {
	zone, err := time.LoadLocation(p.cfg.Zone)
	if err != nil {
		return nil, usageError{fmt.Errorf("DOSSIER_ZONE %q: %w", p.cfg.Zone, err)}
	}
	people := identity.Any{p.sessions} // of the pages too: a key is for programs
	if p.login != nil {
		people = append(people, p.login)
	}
	mux, gate := http.NewServeMux(), handlers.NewGate(handlers.MostRequests, handlers.MostBytes)
	checks := handlers.NewLimiter(handlers.ChecksPerMinute, nil)
	deps := api.Deps{
		Executor: p.executor, Views: p.views, Bulk: p.bulk, Money: p.money, Files: p.files, Journal: p.journal, Pool: p.pool,
		Auth: append(identity.Any{p.keys}, people...), Keys: p.keys, Sessions: p.sessions, SignIn: p.signin, Lockout: p.lockout, Zone: zone, Source: p.source(), Metrics: p.metrics, Log: p.log, Version: version(), Gate: gate, Checks: checks,
	}
	if slices.Contains(roles, roleRelay) {
		deps.Relay = p.relay
	}
	if slices.Contains(roles, roleProjector) {
		deps.Engine = p.engine
	}
	if slices.Contains(roles, roleReactor) {
		deps.Timers = p.keeper
	}
	service := api.New(deps)
	for _, prefix := range api.Prefixes {
		mux.Handle(prefix, service)
	}
	mux.Handle("/", web.New(web.Deps{
		Executor: p.executor, Views: p.views, Bulk: p.bulk, Files: p.files, Journal: p.journal, Auth: people, Dev: p.login, SignIn: p.signin, Sessions: p.sessions, Log: p.log, Zone: zone, Gate: gate, Checks: checks, Now: p.clock.now(),
	}))
	return mux, nil
}
