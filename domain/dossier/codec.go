package dossier

import (
	"encoding/json"
	"errors"
	"time"
)

// Encode returns the stored name, the newest version of it, and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return "", 0, nil, errors.New("encode: not ready")
}

// Decode is the inverse of Encode and reads every version ever written.
func Decode(typ string, version int, data []byte) (Event, error) {
	return nil, errors.New("decode: not ready")
}

// DecodeFact puts a stored event in its place.
func DecodeFact(position, version int64, typ string, typeVersion int, data, meta []byte, occurredAt, recordedAt time.Time) (Fact, error) {
	return Fact{}, errors.New("decode fact: not ready")
}

// DecodeCommand reads the body of a command under its kebab-case name, strictly. What it does not understand is a *domain.Invalid.
func DecodeCommand(name string, body []byte) (Command, error) {
	return nil, errors.New("decode command: not ready")
}
