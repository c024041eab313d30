// Package telemetry is how the parts of dossier tell an operator what they do: logs by slog, figures by Prometheus.
package telemetry
