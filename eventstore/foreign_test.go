package eventstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/migrations/dbtest"
)

func TestAnEventIdOfAnotherStreamIsRefusedNotTakenForARepeat(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := openClock(t, dbtest.New(t), Options{})
	first := request(time.Now())
	first.Events[0].ID = uuid.New()
	if _, err := j.Append(ctx, first); err != nil {
		t.Fatal(err)
	}
	second := request(time.Now())
	second.Events[0].ID = first.Events[0].ID
	var malformed *MalformedError
	if got, err := j.Append(ctx, second); !errors.As(err, &malformed) {
		t.Errorf("%+v, %v: want it refused", got, err)
	}
	if head, err := j.Head(ctx); err != nil || head != 1 {
		t.Errorf("head %d, %v", head, err)
	}
}
