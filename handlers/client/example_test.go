package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/client"
	"dossier/migrations/dbtest"
	"dossier/projections"
)

// A portal files a dossier, the authority accepts it, and the portal reads on from what it was told.
func ExampleClient() {
	address, stop := house()
	defer stop()
	ctx := context.Background()

	portal, err := client.New(address, client.Options{Token: "dev:applicant-1"}) // in production the token of an API key
	if err != nil {
		fmt.Println(err)
		return
	}
	filed, err := portal.SubmitDossier(ctx, client.Once{Key: "case-4711"}, client.SubmitCommand{
		Procedure: "vet-practice-cert-renew", Channel: "online", Applicant: "applicant-1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := portal.SubmitDossier(ctx, client.Once{Key: "case-4711"}, client.SubmitCommand{
		Procedure: "vet-practice-cert-renew", Channel: "online", Applicant: "applicant-1",
	})
	fmt.Println(filed.Value.Status, filed.ETag(), err, again.Replayed())

	_, err = portal.Accept(ctx, filed.Value.ID, client.Once{}, client.AcceptCommand{})
	if problem := (*client.Problem)(nil); errors.As(err, &problem) {
		fmt.Println(problem.Status, problem.TitleVI, "/", problem.TitleEN)
	}

	counter, err := client.New(address, client.Options{Token: "dev:reception"})
	if err != nil {
		fmt.Println(err)
		return
	}
	accepted, err := counter.Accept(ctx, filed.Value.ID, client.Once{IfMatch: filed.ETag()}, client.AcceptCommand{})
	if err != nil {
		fmt.Println(err)
		return
	}
	is, err := portal.GetDossier(ctx, filed.Value.ID, client.GetDossierParams{MinPosition: accepted.Value.Position})
	fmt.Println(is.Value.Status, is.ETag(), err)

	for event, err := range portal.Feed(ctx, 0) {
		fmt.Println(event.Value.Type, err)
	}
	// Output:
	// submitted "1" <nil> true
	// 403 Không có quyền / Not allowed
	// accepted "2" <nil>
	// dossier.submitted.v2 <nil>
	// dossier.accepted.v1 <nil>
}

// stage is what a database of its own asks of a test.
type stage struct {
	testing.TB
	cleanup []func()
}

func (s *stage) Helper()          {}
func (s *stage) Cleanup(f func()) { s.cleanup = append(s.cleanup, f) }
func (s *stage) Fatal(args ...any) {
	panic(fmt.Sprint(args...))
}
func (s *stage) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (s *stage) Context() context.Context          { return context.Background() }

// house is a whole dossier behind an address.
func house() (address string, stop func()) {
	s := &stage{}
	ctx, cancel := context.WithCancel(context.Background())
	pool, err := pgxpool.New(ctx, dbtest.New(s).AppURL)
	if err != nil {
		panic(err)
	}
	journal, err := eventstore.Open(ctx, pool, eventstore.Options{})
	if err != nil {
		panic(err)
	}
	engine, done := projections.NewEngine(pool, journal, projections.Options{NoKafka: true}), make(chan struct{})
	go func() { defer close(done); _ = engine.Run(ctx) }()
	executor := handlers.NewExecutor(journal, handlers.ExecutorOptions{CommandKey: []byte("example")})
	server := httptest.NewServer(api.New(api.Deps{
		Executor: executor, Views: projections.NewViews(pool, journal).Follow(engine), Journal: journal, Pool: pool, Auth: handlers.NewDevLogin().Follow(executor), Engine: engine,
	}))
	return server.URL, func() {
		server.Close()
		cancel()
		<-done
		journal.Close()
		pool.Close()
		for _, f := range s.cleanup {
			f()
		}
	}
}
