package api

import (
	"time"

	"dossier/eventstore/relay"
	"dossier/internal/telemetry"
	"dossier/projections"
)

// figures adds to /metrics what the relay and the engine of this process know of themselves. Reading it asks nobody.
func (s *server) figures() {
	s.waiting("dossier_requests_inside", "Requests under way.", func() float64 { requests, _ := s.Gate.Inside(); return float64(requests) })
	s.waiting("dossier_requests_inside_bytes", "Bytes of bodies under way.", func() float64 { _, bytes := s.Gate.Inside(); return float64(bytes) })
	if s.Journal != nil {
		s.waiting("dossier_append_waiting", "Requests that wait for the journal.", func() float64 { return float64(s.Journal.Stats().Waiting) })
		s.waiting("dossier_append_waiting_bytes", "Bytes of requests that wait for the journal.", func() float64 { return float64(s.Journal.Stats().WaitingBytes) })
	}
	if s.Executor != nil && s.Executor.Access() != nil {
		s.accessed("dossier_access_recorded_total", "Entries of the access journal.", func(recorded, _ int64) int64 { return recorded })
		s.accessed("dossier_access_missed_total", "Entries that the access journal did not take in time. Any is an alarm.", func(_, missed int64) int64 { return missed })
	}
	s.added(s.metrics.Counter("dossier_lockouts_total", "Times that an address was locked out for wrong keys or log-ins. Any is an alarm.", nil, func() []telemetry.Sample {
		return []telemetry.Sample{{Value: float64(s.Lockout.Lockouts())}}
	}))
	s.added(s.metrics.Counter("dossier_wrong_secrets_total", "Wrong keys and failed log-ins.", []string{"kind"}, func() []telemetry.Sample {
		return []telemetry.Sample{{Labels: []string{"key"}, Value: float64(s.Lockout.Failures("key"))}, {Labels: []string{"login"}, Value: float64(s.Lockout.Failures("login"))}}
	}))
	if s.Money != nil {
		s.added(s.metrics.Counter("dossier_forged_callbacks_total", "Payment callbacks that the provider did not sign. Any is an alarm.", nil, func() []telemetry.Sample {
			return []telemetry.Sample{{Value: float64(s.Money.Forged())}}
		}))
	}
	if s.Timers != nil {
		s.waiting("dossier_timers_leading", "1 where this process tells of timers.", func() float64 { return truth(s.Timers.Status().Leading) })
		s.waiting("dossier_timers_waiting", "Timers that are used up and not told.", func() float64 { return float64(s.Timers.Status().Waiting) })
		s.waiting("dossier_timers_oldest_seconds", "How long the oldest of them has waited.", func() float64 {
			if at := s.Timers.Status().Oldest; !at.IsZero() {
				return time.Since(at).Seconds()
			}
			return 0
		})
		s.waiting("dossier_timers_stuck", "Dossiers of which nobody could be told when it was tried. Any is an alarm.", func() float64 { return float64(s.Timers.Status().Stuck) })
		s.added(s.metrics.Counter("dossier_timers_fired_total", "Times that somebody was told.", nil, func() []telemetry.Sample {
			return []telemetry.Sample{{Value: float64(s.Timers.Fired())}}
		}))
	}
	if s.Relay != nil {
		s.gauge("dossier_relay_lag_events", "Events in the journal that are not in Kafka yet.", func(st relay.Status) float64 { return float64(st.Lag()) })
		s.gauge("dossier_relay_leading", "1 where this process sends events to Kafka.", func(st relay.Status) float64 { return truth(st.Role == relay.Leader) })
		s.gauge("dossier_relay_halted", "1 where Kafka tells what the journal does not.", func(st relay.Status) float64 { return truth(st.Role == relay.Halted) })
	}
	if s.Engine == nil {
		return
	}
	s.progress("dossier_projection_lag_events", "Events a view lacks.", func(p projections.Progress) float64 { return float64(p.Behind) })
	s.progress("dossier_projection_lag_seconds", "How long the oldest event a view lacks has waited.", func(p projections.Progress) float64 { return p.Lag.Seconds() })
	s.progress("dossier_projection_parked", "Dossiers whose view stands still.", func(p projections.Progress) float64 { return float64(p.Parked) })
	s.counter("dossier_projection_applied_total", "Events whose rows are in.", func(c projections.Counters) int64 { return c.Applied })
	s.counter("dossier_projection_transactions_total", "Transactions of the engine.", func(c projections.Counters) int64 { return c.Transactions })
	s.counter("dossier_projection_healed_total", "Events read from the journal because Kafka did not bring them.", func(c projections.Counters) int64 { return c.Healed })
	s.counter("dossier_projection_cas_lost_total", "Transactions given up because another process had moved a lane.", func(c projections.Counters) int64 { return c.Lost })
	s.counter("dossier_projection_retried_total", "Transactions tried again after a passing fault.", func(c projections.Counters) int64 { return c.Retried })
}

func (s *server) waiting(name, help string, read func() float64) {
	s.added(s.metrics.Gauge(name, help, nil, func() []telemetry.Sample { return []telemetry.Sample{{Value: read()}} }))
}

func (s *server) accessed(name, help string, read func(recorded, missed int64) int64) {
	s.added(s.metrics.Counter(name, help, nil, func() []telemetry.Sample {
		return []telemetry.Sample{{Value: float64(read(s.Executor.Access().Counts()))}}
	}))
}

func (s *server) gauge(name, help string, read func(relay.Status) float64) {
	s.added(s.metrics.Gauge(name, help, nil, func() []telemetry.Sample { return []telemetry.Sample{{Value: read(s.Relay.Status())}} }))
}

func (s *server) progress(name, help string, read func(projections.Progress) float64) {
	s.added(s.metrics.Gauge(name, help, []string{"projection"}, func() []telemetry.Sample {
		var all []telemetry.Sample
		for _, p := range s.Engine.Status().Projections {
			all = append(all, telemetry.Sample{Labels: []string{p.Name}, Value: read(p)})
		}
		return all
	}))
}

func (s *server) counter(name, help string, read func(projections.Counters) int64) {
	s.added(s.metrics.Counter(name, help, nil, func() []telemetry.Sample {
		return []telemetry.Sample{{Value: float64(read(s.Engine.Status().Counters))}}
	}))
}

// added says what could not be counted: the program goes on without it.
func (s *server) added(err error) {
	if err != nil {
		s.log.Warn("add figure", "error", err)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
