// Package telemetry is how a process says what it does: one log for people and one registry of figures for machines.
package telemetry
