package handlers

import "fmt"

// Failure is a problem of the way in (a route, a header, a body) rather than of a dossier.
type Failure struct {
	Status   int
	Code     string
	VI, EN   string
	Field    string // the header, parameter or member it is about
	Fields   []FieldError
	Commands []string
	Retry    int   // seconds
	Err      error // what lies behind it, for logs
}

// Unwrap returns what lies behind it.
func (f *Failure) Unwrap() error { return f.Err }

func (f *Failure) Error() string { return fmt.Sprintf("%d %s: %s", f.Status, f.Code, f.EN) }

func (f *Failure) body() ProblemBody {
	p := field(f.Status, f.Code, f.Field, words{f.VI, f.EN})
	p.Errors = append(p.Errors, f.Fields...)
	p.Commands, p.retry = f.Commands, f.Retry
	return p
}

// WrongField is one entry of a Failure's Fields.
func WrongField(name, vi, en string) FieldError {
	return FieldError{Field: name, detail: words{vi, en}}
}

// UnknownCommand is the answer to a command there is not, with the nearest that there is.
func UnknownCommand(name string, commands []string) error {
	vi, en := fmt.Sprintf("Không có lệnh “%s”", name), fmt.Sprintf("There is no command “%s”", name)
	if near := Nearest(name, commands); near != "" {
		vi, en = vi+fmt.Sprintf("; có phải “%s”?", near), en+fmt.Sprintf("; did you mean “%s”?", near)
	}
	return &Failure{Status: 404, Code: "unknown_command", VI: vi, EN: en, Commands: commands}
}

// Nearest returns the name that a typing error may have been meant for, "" if none is near.
func Nearest(name string, names []string) string {
	best, at := "", max(2, len(name)/3)+1
	for _, n := range names {
		if d := distance(name, n); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance is the number of letters to change, add or drop (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
