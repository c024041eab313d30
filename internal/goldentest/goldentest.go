// Package goldentest holds stored events against what was stored before: an event that was written once is read for ever.
package goldentest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update-golden", false, "write testdata/golden for events that have none yet")

const dir = "testdata/golden"

// Events checks one sample of each event, by "type.vN": that its file is the one whose sum was kept, that it is read, and that what was
// read is written byte for byte. Every name must have a sample. Then, if not nil, is told what each was read as.
func Events[E any](t *testing.T, samples map[string]E, names []string, encode func(E) (string, int, json.RawMessage, error),
	decode func(string, int, []byte) (E, error), then func(name string, stored, read E)) {
	t.Helper()
	sums, _ := os.ReadFile(filepath.Join(dir, "SUMS")) // none: no event has a sum
	for name, event := range samples {
		typ, version, data, err := encode(event)
		if err != nil || fmt.Sprintf("%s.v%d", typ, version) != name {
			t.Errorf("%s is stored as %s version %d, %v", name, typ, version, err)
		}
		kept, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil && *update {
			kept = append(data, '\n')
			sums = fmt.Appendf(sums, "%s.json %s\n", name, sum(kept))
			write(t, name+".json", kept)
			write(t, "SUMS", sums)
		}
		if !slices.Contains(strings.Split(string(sums), "\n"), name+".json "+sum(kept)) {
			t.Errorf("%s is not what was stored", name)
		}
		read, err := decode(typ, version, kept)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, _, again, _ := encode(read); string(again)+"\n" != string(kept) {
			t.Errorf("%s is written otherwise now:\n%s\n%s", name, again, kept)
		}
		if then != nil {
			then(name, event, read)
		}
	}
	for _, name := range names {
		if _, kept := samples[name]; !kept {
			t.Errorf("%s has no golden", name)
		}
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
