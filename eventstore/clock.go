package eventstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
)

// clockStream is the one stream of kind "system" on which acceptances of a clock stand.
var clockStream = Stream{Kind: "system", ID: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b")}

// clockAccepted is the only event taken while the database's clock is in doubt. The append function knows it by this name.
const clockAccepted = "system.clock-accepted"

// AcceptClock records that somebody looked at the database's clock and found it right although it is more than 10 minutes ahead
// of this process. Appends go on from its recorded_at.
func (j *Journal) AcceptClock(ctx context.Context, actor domain.Actor) (Result, error) {
	now := j.o.Now().UTC()
	meta, err := domain.Meta{Actor: actor.Account, ActorRole: actor.Role, ActorUnit: actor.Unit}.Encode()
	if err != nil {
		return Result{}, err
	}
	data, err := json.Marshal(struct {
		CallerClock string `json:"caller_clock"`
	}{now.Format(time.RFC3339Nano)})
	if err != nil {
		return Result{}, fmt.Errorf("encode clock acceptance: %w", err)
	}
	event := NewEvent{Type: clockAccepted, TypeVersion: 1, Data: data, Meta: meta, OccurredAt: now}
	return j.Update(ctx, clockStream, Command{}, nil, func([]Event) ([]NewEvent, error) {
		return []NewEvent{event}, nil
	})
}
