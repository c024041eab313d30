package handlers_test

import (
	"errors"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

func TestAnImportAppendsAllOfATraceOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	machine := domain.Actor{Account: "import", Role: domain.System}
	id := eventstore.StreamIDFor(handlers.Kind, "import:test", "case-1")
	long := time.Date(2011, 10, 11, 13, 45, 40, 0, time.UTC)
	calls := 0
	decide := func(s dossier.State) ([]handlers.Decided, error) {
		calls++
		if s.Exists() {
			return nil, errors.New("the trace is there already")
		}
		return []handlers.Decided{
			{Event: dossier.DossierSubmitted{Procedure: "ext:x", ProcedureVersion: 1, Channel: dossier.Counter, Applicant: "ext:anon", ExternalCode: "case-1"}, OccurredAt: long},
			{Event: dossier.DossierAccepted{ProcedureVersion: 1}, OccurredAt: long.Add(time.Hour)},
		}, nil
	}
	first, err := d.Import(t.Context(), machine, id, "trace-1", []byte("x"), decide)
	if err != nil || first.Events != 2 || first.Code == nil || *first.Code != "case-1" {
		t.Fatalf("import: %+v, %v", first, err)
	}
	second, err := d.Import(t.Context(), machine, id, "trace-1", []byte("x"), decide)
	if err != nil || !second.Repeated || second.Position != first.Position || calls != 1 {
		t.Errorf("second import: %+v, %v, decided %d times", second, err, calls)
	}
	if _, err := d.Import(t.Context(), machine, id, "trace-1", []byte("y"), decide); !errors.Is(err, eventstore.ErrCommandReused) {
		t.Errorf("another trace under the same key: %v", err)
	}
	if _, err := d.Import(t.Context(), d.as("admin"), id, "k", nil, decide); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("import by a person: %v", err)
	}
	facts, err := d.Facts(t.Context(), id)
	if err != nil || len(facts) != 2 || facts[0].Meta.Origin != domain.Imported || !facts[0].OccurredAt.Equal(long) {
		t.Errorf("facts %+v, %v", facts, err)
	}
}
