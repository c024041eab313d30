package handlers

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// What a request meets whose connection died under it, in pgx's own words.
func TestADyingConnectionIsAnOutageNotAFault(t *testing.T) {
	for _, err := range []error{io.EOF, io.ErrUnexpectedEOF, errors.New("conn closed"), errors.New("closed pool")} {
		if !Away(fmt.Errorf("list dossiers: %w", err)) {
			t.Errorf("%v is taken for a fault of ours", err)
		}
	}
	if Away(errors.New("column does not exist")) || Away(nil) {
		t.Error("a fault of ours is taken for an outage")
	}
}
