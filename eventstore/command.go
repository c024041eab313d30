package eventstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"
)

// Command is the identity of a wish. The zero Command has none and is decided every time.
type Command struct {
	ID   uuid.UUID
	Hash string // CommandHash of the body

	// Opens says that the stream is new unless this command was here before: it is decided on an empty history, and the history is
	// read only when the append finds one. A look that nearly always finds nothing costs as much as the append.
	Opens bool
}

// Namespaces of the two kinds of derived ids. They never change: a repeat must meet what it made before.
var (
	commandSpace = uuid.MustParse("6d3f2f6e-58a1-5a86-9b0e-2d4a3c8e7f10")
	streamSpace  = uuid.MustParse("b1a9c7de-0f43-5d1c-8f57-64e0a9d2c3b5")
)

// CommandID derives the id of a command on a stream from who sent it and the key they gave it.
func CommandID(principal string, stream uuid.UUID, key string) uuid.UUID {
	return uuid.NewSHA1(commandSpace, frame(principal, stream.String(), key))
}

// StreamIDFor derives the stream that a creating command makes, so that a repeat meets its own stream.
func StreamIDFor(kind, principal, key string) uuid.UUID {
	return uuid.NewSHA1(streamSpace, frame(kind, principal, key))
}

// CommandHash is the keyed hash of a command's body. Keyed, because bodies are guessable and events are public to integrators.
func CommandHash(commandKey, body []byte) string {
	mac := hmac.New(sha256.New, commandKey)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// frame joins parts so that no two lists of parts give the same bytes.
func frame(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	return b
}
