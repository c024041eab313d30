package dossier_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
)

const handbook = "../../docs/domain.md"

// The handbook's tables and its picture are drawn from the law itself; `go test ./domain/dossier -update` draws them again.
func TestTheHandbookShowsTheLawAsItIs(t *testing.T) {
	stored, err := os.ReadFile(handbook)
	if err != nil {
		t.Fatal(err)
	}
	text := string(stored)
	for name, drawn := range map[string]string{
		"diagram": "```mermaid\n" + dossier.Diagram() + "```\n",
		"moves":   moves(), "squares": squares(), "guards": guardTable(), "lists": lists(),
	} {
		text = replaceBlock(t, text, name, drawn)
	}
	if text == string(stored) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the law says; draw it again with: go test ./domain/dossier -update", handbook)
	}
	write(t, handbook, text)
}

func replaceBlock(t *testing.T, text, name, drawn string) string {
	t.Helper()
	from, to := "<!-- "+name+": drawn by a test, do not edit -->\n", "<!-- /"+name+" -->"
	before, rest, found := strings.Cut(text, from)
	_, after, closed := strings.Cut(rest, to)
	if !found || !closed {
		t.Fatalf("%s has no place for %s", handbook, name)
	}
	return before + from + "\n" + drawn + "\n" + to + after
}

func moves() string {
	var b strings.Builder
	b.WriteString("| command | from | events | to | by |\n|---|---|---|---|---|\n")
	for _, row := range dossier.Table() {
		to := target(row.To)
		if row.Else != "" {
			to += "; " + target(row.Else) + " while something is missing"
		}
		events := joined(row.Events)
		if len(row.Maybe) > 0 {
			events += "; maybe " + joined(row.Maybe)
		}
		name := "`" + dossier.Kebab(row.Command) + "`"
		if row.Origin == domain.Imported {
			name += " (import)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, joined(row.From), events, to, joined(row.Actors))
	}
	return b.String()
}

func target(s dossier.Status) string {
	switch s {
	case dossier.Same:
		return "stays"
	case dossier.Back:
		return "back to where it was"
	}
	return string(s)
}

func joined[T ~string](words []T) string {
	var names []string
	for _, w := range words {
		if w == "" {
			w = "(none)"
		}
		names = append(names, string(w))
	}
	return strings.Join(names, ", ")
}

// squares draws state × command: events and target, or the refusal.
func squares() string {
	var b strings.Builder
	states := slices.Concat([]dossier.Status{dossier.None}, dossier.Statuses())
	fmt.Fprintf(&b, "| command \\ state | %s |\n|---|%s\n", strings.ReplaceAll(joined(states), ", ", " | "), strings.Repeat("---|", len(states)))
	for _, command := range dossier.CommandNames() {
		fmt.Fprintf(&b, "| **%s** |", command)
		for _, c := range dossier.Cells() {
			if c.Command == command {
				fmt.Fprintf(&b, " %s |", square(c))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func square(c dossier.Cell) string {
	if c.Refusal != "" {
		return "*" + c.Refusal + "*"
	}
	var short []string
	for _, e := range c.Events {
		short = append(short, strings.TrimPrefix(e, "dossier."))
	}
	text := strings.Join(short, ", ") + " → " + target(c.To)
	if c.Import {
		text += " (import)"
	}
	return text
}

func guardTable() string {
	var b strings.Builder
	b.WriteString("| code | kind | binds | basis | what it says |\n|---|---|---|---|---|\n")
	for _, g := range dossier.Guards() {
		kind := "hard"
		switch {
		case g.OutOfFlow:
			kind = "soft, marked out of flow"
		case g.Reason:
			kind = "soft, needs a reason"
		case g.Soft:
			kind = "soft, marked late"
		}
		binds := "live and import"
		if g.Live {
			binds = "live"
		}
		basis := dossier.Label("basis", g.Basis, "en")
		if basis == "" {
			basis = "rule of the product"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", g.Code, kind, binds, basis, g.EN)
	}
	return b.String()
}

func lists() string {
	var b strings.Builder
	b.WriteString("| list | value | Vietnamese | English |\n|---|---|---|---|\n")
	for _, kind := range []string{"channel", "refusal_reason", "supplement_reason", "late_reason", "verdict", "proposal", "outcome", "recipient", "stage", "stop_reason", "stopped_reason", "rework_reason", "extension_reason",
		"withdrawal_refusal", "part_kind", "check_verdict", "work_kind", "finding", "signature_block", "payment_stage", "payment_method", "payment_reason", "delivery_status",
		"delivery_failure", "transfer_mode", "transfer_refusal", "link_kind", "complaint_kind", "complaint_finding", "paper_status", "error_origin", "revocation_reason", "grade",
		"urge_reason", "message_topic", "undo_reason", "consequence", "means", "file_kind", "signature_algorithm", "time_source", "certificate_state"} {
		for _, v := range dossier.Values(kind) {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", kind, v, dossier.Label(kind, v, "vi"), dossier.Label(kind, v, "en"))
		}
	}
	return b.String()
}
