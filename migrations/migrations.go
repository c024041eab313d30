// Package migrations is the database as numbered SQL: schemas, tables, functions, roles and grants, added to and never edited.
package migrations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

var errTodo = errors.New("not built yet")

// State is one migration and whether the database has it.
type State struct {
	Version   int64
	Name      string
	Applied   bool
	AppliedAt time.Time
}

// Up brings the database to the newest version.
func Up(ctx context.Context, ownerURL string) error { return errTodo }

// Status lists every migration.
func Status(ctx context.Context, ownerURL string) ([]State, error) { return nil, errTodo }

// Pending counts the migrations the database lacks. The application's role may ask.
func Pending(ctx context.Context, pool *pgxpool.Pool) (int, error) { return 0, errTodo }

// Simulated creates journal.append_simulated_v1.
func Simulated(ctx context.Context, ownerURL string) error { return errTodo }

// HasSimulated says whether the database has append functions with a simulated clock.
func HasSimulated(ctx context.Context, pool *pgxpool.Pool) (bool, error) { return false, errTodo }
