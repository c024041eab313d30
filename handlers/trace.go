package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"

	"dossier/domain"
)

// Call is what is known about a request beside its content.
type Call struct {
	ID          string // request id, in logs and problems
	Traceparent string // W3C trace context, kept in the events a command makes
	Actor       domain.Actor
}

type callKey struct{}

// WithCall puts a call into a context.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call of a context, an empty one when there is none.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// Traceparent returns the caller's trace context if it is well formed, else the beginning of a new one.
func Traceparent(sent string) string {
	if traceparent.MatchString(sent) {
		return sent
	}
	b := make([]byte, 24)
	rand.Read(b) // never fails since Go 1.24
	return "00-" + hex.EncodeToString(b[:16]) + "-" + hex.EncodeToString(b[16:]) + "-00"
}
