package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// Envelope is what surrounds a command: how it is known again, which version it was decided on, when it happened.
type Envelope struct {
	Key         string     // idempotency key; NewKey makes one
	Expected    *int64     // version the caller saw (If-Match)
	OccurredAt  *time.Time // when it was true; nil is now
	LateReason  string     // why it is entered later than it happened: a code
	Traceparent string
	Body        []byte // as sent: the same key with another body is refused
	Batch       string // the batch it is done in
	Seen        string // what the dry run of a batch of signatures ended with

	group []dossier.Link // of the reception that it is filed in

	dry      bool   // Try
	arriving bool   // attach-file comes from the upload itself, which knows what was found
	proof    *proof // the signature that comes with the act
}

// At is when it was true, seen from now.
func (e Envelope) At(now time.Time) time.Time {
	if e.OccurredAt != nil {
		return *e.OccurredAt
	}
	return now
}

// Open takes a command's JSON body as callers send it apart: members occurred_at and late_reason belong to the envelope, the
// rest is the command for dossier.DecodeCommand. An empty body is an empty object.
func Open(body []byte) (Envelope, []byte, error) {
	e := Envelope{Body: body}
	if len(bytes.TrimSpace(body)) == 0 {
		return e, []byte("{}"), nil
	}
	if !bytes.Contains(body, []byte(`"occurred_at"`)) && !bytes.Contains(body, []byte(`"late_reason"`)) {
		return e, body, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return e, nil, malformed(err)
	}
	if err := member(members, "occurred_at", &e.OccurredAt); err != nil {
		return e, nil, err
	}
	if err := member(members, "late_reason", &e.LateReason); err != nil {
		return e, nil, err
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return e, nil, fmt.Errorf("encode command: %w", err)
	}
	return e, rest, nil
}

// member moves one member out of the object.
func member(members map[string]json.RawMessage, name string, to any) error {
	raw, ok := members[name]
	if !ok {
		return nil
	}
	delete(members, name)
	if err := json.Unmarshal(raw, to); err != nil {
		return &domain.Invalid{
			Code: "malformed_value", Field: name,
			VI: "Giá trị của “" + name + "” không đúng dạng; thời điểm viết như 2026-11-23T14:32:00+07:00",
			EN: "“" + name + "” has the wrong form; a time is written like 2026-11-23T14:32:00+07:00",
		}
	}
	return nil
}

func malformed(err error) error {
	vi, en := "Nội dung gửi phải là một đối tượng JSON", "The body must be one JSON object"
	if err != nil {
		vi, en = vi+": "+err.Error(), en+": "+err.Error()
	}
	return &domain.Invalid{Code: "malformed_json", VI: vi, EN: en}
}

// NewKey makes an idempotency key for a caller that sent none.
func NewKey() string { return uuid.NewString() }
