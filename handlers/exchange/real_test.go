package exchange

import (
	"os"
	"testing"
	"time"
)

// The receipt log itself is not ours to keep: XES=FILE names it.
func TestTheRealReceiptLogAddsUp(t *testing.T) {
	path := os.Getenv("XES")
	if path == "" {
		t.Skip("XES=FILE names the receipt log")
	}
	l := newLab(t)
	for run, want := range []int{12_774, 0} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		began := time.Now()
		s, err := ImportXES(t.Context(), l.executor, f, path, l.mapping, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("run %d took %s", run+1, time.Since(began).Round(time.Millisecond))
		if err := s.Write(os.Stdout); err != nil {
			t.Fatal(err)
		}
		if !s.Holds() || s.Sources() != 12_774 || s.Dossiers != 1434 || s.Added != want || l.head(t) != 12_774 {
			t.Errorf("%d dossiers, %d sources, %d added: want 1,434, 12,774 and %d", s.Dossiers, s.Sources(), s.Added, want)
		}
	}
}
