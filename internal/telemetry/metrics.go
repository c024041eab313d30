package telemetry

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is the registry of one process. A nil *Metrics counts nothing, so no caller needs to ask.
type Metrics struct {
	registry *prometheus.Registry
	commands *prometheus.CounterVec
	deciding *prometheus.HistogramVec
	requests *prometheus.HistogramVec
	open     *prometheus.GaugeVec
}

// fast suits work that takes one durable commit: half a millisecond to ten seconds.
var fast = []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// alive adds what the last garbage collection left (go_gc_heap_live_bytes): the figure that shows a leak, whatever is allocated since.
var alive = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)}

// New returns a registry with the figures of this process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_commands_total", Help: "Commands by name and outcome (done, repeated, nothing, refused, invalid, forbidden, stale, not_found, busy, failed).",
		}, []string{"command", "outcome"}),
		deciding: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dossier_update_seconds", Help: "Reading a stream, deciding and appending, until the commit is durable.", Buckets: fast,
		}, []string{"outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dossier_http_seconds", Help: "HTTP requests by route, method and status.", Buckets: fast,
		}, []string{"route", "method", "status"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dossier_http_open", Help: "HTTP requests being answered now, streams among them.",
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.commands, m.deciding, m.requests, m.open,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(alive)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Command counts one decided command.
func (m *Metrics) Command(name, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.commands.WithLabelValues(name, outcome).Inc()
	m.deciding.WithLabelValues(outcome).Observe(took.Seconds())
}

// Request counts one answered request. Route is the pattern, never the path: paths are endless.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// Open counts a request that is being answered until the returned function is called.
func (m *Metrics) Open(route string) (done func()) {
	if m == nil {
		return func() {}
	}
	g := m.open.WithLabelValues(route)
	g.Inc()
	return g.Dec
}

// A Sample is one value of a figure that is read when it is asked for.
type Sample struct {
	Labels []string // values, in the order of the figure's label names
	Value  float64
}

// Gauge adds a figure that is read at each scrape. Read must not block on anything that can be away.
func (m *Metrics) Gauge(name, help string, labels []string, read func() []Sample) error {
	return m.add(name, help, labels, prometheus.GaugeValue, read)
}

// Counter is like Gauge for a figure that only grows.
func (m *Metrics) Counter(name, help string, labels []string, read func() []Sample) error {
	return m.add(name, help, labels, prometheus.CounterValue, read)
}

func (m *Metrics) add(name, help string, labels []string, t prometheus.ValueType, read func() []Sample) error {
	if m == nil {
		return nil
	}
	return m.registry.Register(&asked{prometheus.NewDesc(name, help, labels, nil), t, read})
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// asked is a collector whose samples are read when Prometheus asks.
type asked struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() []Sample
}

func (a *asked) Describe(ch chan<- *prometheus.Desc) { ch <- a.desc }

func (a *asked) Collect(ch chan<- prometheus.Metric) {
	for _, s := range a.read() {
		ch <- prometheus.MustNewConstMetric(a.desc, a.kind, s.Value, s.Labels...)
	}
}
