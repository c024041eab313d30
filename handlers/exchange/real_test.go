package exchange

import (
	"os"
	"testing"
)

// The receipt log itself is not ours to keep: XES=FILE names it.
func TestTheRealReceiptLogAddsUp(t *testing.T) {
	path := os.Getenv("XES")
	if path == "" {
		t.Skip("XES=FILE names the receipt log")
	}
	m, err := LoadMapping("../../docs/examples/receipt.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := CheckXES(t.Context(), f, path, m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Write(os.Stdout)
	if !s.Holds() || s.Sources() != 12_774 || s.Dossiers != 1434 {
		t.Errorf("%d dossiers, %d sources: want 1,434 and 12,774", s.Dossiers, s.Sources())
	}
}
