package devstack

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestSmoke(t *testing.T) {
	p := TestPostgres(t)
	c, err := pgx.Connect(context.Background(), p.URL("postgres", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var v, l, who string
	if err := c.QueryRow(context.Background(), "select version(), datcollate, current_user from pg_database where datname='postgres'").Scan(&v, &l, &who); err != nil {
		t.Fatal(err)
	}
	t.Log(v, l, who, p.AdminURL, p.PID(), p.folder.as, p.folder.path)
	t.Log(TestKafka(t))
}
