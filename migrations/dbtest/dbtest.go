// Package dbtest gives each test a migrated database of its own, cloned from a template in tens of milliseconds.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/internal/devstack"
	"dossier/migrations"
)

// DB is the database of one test. It is dropped when the test ends.
type DB struct {
	Name             string
	OwnerURL, AppURL string        // the migrating role; dossier_app
	Owner, App       *pgxpool.Pool // connect when first used
	server           *devstack.Postgres
}

// New returns a fresh, migrated database.
func New(t testing.TB) *DB {
	t.Helper()
	ctx := context.Background()
	server := devstack.TestPostgres(t)
	name, err := clone(ctx, server)
	if err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	t.Cleanup(func() { drop(server, name) })
	db := &DB{Name: name, server: server}
	db.OwnerURL = server.URL(adminUser(server), name)
	db.AppURL = db.URL("dossier_app")
	db.Owner = pool(t, db.OwnerURL)
	db.App = pool(t, db.AppURL)
	return db
}

// URL returns the address of the database for another role.
func (db *DB) URL(role string) string { return db.server.URL(role, db.Name) }

// Away cuts every connection to the database and lets no new one in, as a server that went down does.
func (db *DB) Away(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	err := admin(ctx, db.server, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "alter database "+db.Name+" allow_connections false"); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", db.Name)
		return err
	})
	if err != nil {
		t.Fatalf("cut off the database: %v", err)
	}
}

// FailOver does what a failover to another copy does: every connection of the application is cut, and when it may connect again
// the statements have been run.
func (db *DB) FailOver(t testing.TB, statements ...string) {
	t.Helper()
	ctx := context.Background()
	all := append([]string{
		"revoke connect on database " + db.Name + " from public, dossier_app",
		"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and usename = 'dossier_app'",
		"set session_replication_role = replica",
	}, statements...)
	all = append(all, "reset session_replication_role", "grant connect on database "+db.Name+" to public, dossier_app")
	err := db.Owner.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		for _, sql := range all {
			if _, err := c.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("fail over: %v", err)
	}
}

// PartitionSize makes partitions of n positions from the first one on. Call it before the first append.
func (db *DB) PartitionSize(t testing.TB, n int64) {
	t.Helper()
	if err := devstack.PartitionSize(context.Background(), db.Owner, n); err != nil {
		t.Fatal(err)
	}
}

func pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("parse %s: %v", url, err)
	}
	c.MaxConns = 16
	p, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatalf("open pool: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func adminUser(server *devstack.Postgres) string {
	u, err := url.Parse(server.AdminURL)
	if err != nil || u.User == nil {
		return "postgres"
	}
	return u.User.Username()
}

func clone(ctx context.Context, server *devstack.Postgres) (string, error) {
	if err := template(server); err != nil {
		return "", err
	}
	id := uuid.New()
	name := fmt.Sprintf("test_%x", id[:8])
	return name, admin(ctx, server, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf(`create database %s template %s`, name, templateName()))
		return err
	})
}

func drop(server *devstack.Postgres, name string) {
	ctx := context.Background()
	_ = admin(ctx, server, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf(`drop database if exists %s with (force)`, name))
		return err
	})
}

func admin(ctx context.Context, server *devstack.Postgres, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, server.AdminURL)
	if err != nil {
		return fmt.Errorf("connect to test server: %w", err)
	}
	return errors.Join(do(c), c.Close(ctx))
}

func templateName() string { return "dossier_template_" + migrations.Fingerprint() }

var made struct {
	sync.Mutex
	servers map[*devstack.Postgres]bool
}

// template makes the template once per content of the migrations. Several test processes may share one server, hence the
// advisory lock; the name is given last, so a process killed on the way leaves nothing that looks finished.
func template(server *devstack.Postgres) error {
	made.Lock()
	defer made.Unlock()
	if made.servers[server] {
		return nil
	}
	ctx := context.Background()
	err := admin(ctx, server, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, `select pg_advisory_lock(1685025651)`); err != nil {
			return fmt.Errorf("lock the template: %w", err)
		}
		var exists bool
		err := c.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, templateName()).Scan(&exists)
		if err != nil || exists {
			return err
		}
		return makeTemplate(ctx, c, server)
	})
	if err != nil {
		return fmt.Errorf("make template database: %w", err)
	}
	if made.servers == nil {
		made.servers = map[*devstack.Postgres]bool{}
	}
	made.servers[server] = true
	return nil
}

func makeTemplate(ctx context.Context, c *pgx.Conn, server *devstack.Postgres) error {
	draft := templateName() + "_draft"
	for _, statement := range []string{
		fmt.Sprintf(`drop database if exists %s with (force)`, draft),
		fmt.Sprintf(`create database %s template template0 encoding 'UTF8'`, draft),
	} {
		if _, err := c.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := migrations.Up(ctx, server.URL(adminUser(server), draft)); err != nil {
		return err
	}
	_, err := c.Exec(ctx, fmt.Sprintf(`alter database %s rename to %s`, draft, templateName()))
	return err
}
