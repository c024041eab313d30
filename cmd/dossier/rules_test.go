package main

import (
	"strings"
	"testing"

	"dossier/domain/dossier"
)

func TestTheTableOfTheDomainHasEverySquareWithAnExample(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range dossier.Cells() {
		q := squareOf(c)
		if seen[q.State+q.Command] || q.Example == "" || (len(q.Events) == 0) == (q.Refusal == "") {
			t.Errorf("%+v", q)
		}
		seen[q.State+q.Command] = true
		if q.Refusal == "" && (len(q.Actors) == 0 || q.To == "" || !strings.HasPrefix(q.Example, "dossier ")) {
			t.Errorf("%+v", q)
		}
	}
	if got := doing("request-supplement"); got != `dossier do ID request-supplement --set 'items=["tp-1"]' --set reason=missing` {
		t.Errorf("got %s", got)
	}
}
