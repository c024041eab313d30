package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// An Item is one dossier of a batch, and the version of it that was seen when the batch was planned. It is written as
// 0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b@7.
type Item struct {
	ID      uuid.UUID
	Version int64
}

func (i Item) String() string { return i.ID.String() + "@" + strconv.FormatInt(i.Version, 10) }

// MarshalText writes the item.
func (i Item) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

var errItem = errors.New("phải có dạng MÃ@PHIÊN-BẢN / an item is written ID@VERSION")

// UnmarshalText is the inverse of MarshalText.
func (i *Item) UnmarshalText(b []byte) error {
	id, version, found := strings.Cut(string(b), "@")
	v, err := strconv.ParseInt(version, 10, 64)
	if !found || err != nil || v < 1 || len(id) != 36 {
		return errItem
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return errItem
	}
	i.ID, i.Version = parsed, v
	return nil
}

// Sum is what a list of items is known by: the same items in the same order at the same versions.
func Sum(items []Item) string {
	h := sha256.New()
	for _, i := range items {
		h.Write([]byte(i.String() + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}
