package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/handlers/web"
	"dossier/internal/config"
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
	var rates *handlers.Rates // of dev, which is this machine's alone: none
	if p.login == nil {
		rates = handlers.NewRates(p.cfg.HTTP.RateOfAddress, p.cfg.HTTP.RateOfOne)
	}
	checks := handlers.NewLimiter(handlers.ChecksPerMinute, nil)
	deps := api.Deps{
		Executor: p.executor, Views: p.views, Bulk: p.bulk, Money: p.money, Files: p.files, Journal: p.journal, Pool: p.pool,
		Auth: append(identity.Any{p.keys}, people...), Keys: p.keys, Sessions: p.sessions, SignIn: p.signin, Lockout: p.lockout, Zone: zone, Source: p.source(), Metrics: p.metrics, Log: p.log, Version: version(), Gate: gate, Checks: checks, Rates: rates, PublicURL: origin(p.cfg),
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
		Executor: p.executor, Views: p.views, Bulk: p.bulk, Files: p.files, Journal: p.journal, Auth: people, Dev: p.login, SignIn: p.signin, Sessions: p.sessions, Log: p.log, Zone: zone, Gate: gate, Checks: checks, Rates: rates, PublicURL: origin(p.cfg), Now: p.clock.now(),
	}))
	return p.outside(mux)
}

// outside is what stands around every answer, whatever gives it.
func (p *process) outside(all http.Handler) (http.Handler, error) {
	proxies, err := handlers.ReadProxies(p.cfg.HTTP.Proxies)
	if err != nil {
		return nil, usageError{fmt.Errorf("TRUSTED_PROXIES: %w", err)}
	}
	if p.login == nil {
		all = handlers.OverTLS(all)
	}
	return proxies.Handler(all), nil
}

// origin is where browsers find us, as they write it in Origin; "" where it is not said.
func origin(cfg config.Config) string {
	u, err := url.Parse(cfg.HTTP.PublicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
