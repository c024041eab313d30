// Package devstack is the stage for development and tests: a private Postgres and an in-process Kafka that start in
// seconds, keep their data in one folder and never outlive the process that started them.
//
// It is not for production: one machine, one user, nobody to page.
//
// Where Postgres comes from, in this order: a server given by DATABASE_URL (then this package is not asked at all); binaries
// given by option or DOSSIER_POSTGRES_BIN; the newest of 15 to 18 in the system's usual folders; a copy fetched earlier;
// Debian's package, when root; a download by embedded-postgres. Else a message that names the ways out.
package devstack

import (
	"io"
	"log/slog"
)

// The environment names this package reads.
const (
	EnvPostgresBin  = "DOSSIER_POSTGRES_BIN"  // folder that holds initdb and postgres
	EnvTestPostgres = "DOSSIER_TEST_POSTGRES" // superuser URL of a server that tests may fill with databases
	EnvTestKafka    = "DOSSIER_TEST_KAFKA"    // comma-separated brokers that tests may fill with topics
)

func logOr(log *slog.Logger) *slog.Logger {
	if log != nil {
		return log
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}
