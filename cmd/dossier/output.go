package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v3"
)

// table is what a read prints: the same rows as a table, JSON, JSON lines or CSV.
type table struct {
	columns []string
	rows    [][]string
	records []any // what json and jsonl show of each row
	note    string
}

func (t *table) add(record any, cells ...string) {
	t.rows = append(t.rows, cells)
	t.records = append(t.records, record)
}

// print writes the table in the format the caller asked for.
func (t *table) print(w io.Writer, cmd *cli.Command) error {
	switch format := cmd.String("output"); format {
	case "table":
		return t.printTable(w)
	case "json":
		if t.records == nil {
			t.records = []any{}
		}
		return printJSON(w, t.records)
	case "jsonl":
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, r := range t.records {
			if err := enc.Encode(r); err != nil {
				return fmt.Errorf("print row: %w", err)
			}
		}
		return nil
	case "csv":
		return t.printCSV(w)
	default:
		return usageError{fmt.Errorf("unknown output format %q: say table, json, jsonl or csv", format)}
	}
}

func (t *table) printTable(w io.Writer) error {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = utf8.RuneCountInString(c)
	}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range slices.Concat([][]string{t.columns}, t.rows) {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	if t.note != "" {
		fmt.Fprintln(w, t.note)
	}
	return nil
}

// printCSV writes UTF-8 with a byte order mark, as spreadsheets want it, and defuses cells that they would run as formulas.
func (t *table) printCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	for _, row := range slices.Concat([][]string{t.columns}, t.rows) {
		safe := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cell = "'" + cell
			}
			safe[i] = cell
		}
		if err := out.Write(safe); err != nil {
			return fmt.Errorf("print row: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
