package exchange

import (
	"fmt"
	"strings"
)

// A FormatError says what is wrong with a log and where.
type FormatError struct {
	Name  string // the file
	Line  int
	Trace int    // number of the trace, 0 outside
	Case  string // its case, "" when not yet known
	Key   string // the attribute, "" when it is about none
	Msg   string
	Err   error
}

func (e *FormatError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", e.Name, e.Line)
	switch {
	case e.Case != "":
		fmt.Fprintf(&b, "trace %d (case %q): ", e.Trace, e.Case)
	case e.Trace > 0:
		fmt.Fprintf(&b, "trace %d: ", e.Trace)
	}
	if e.Key != "" {
		fmt.Fprintf(&b, "attribute %q: ", e.Key)
	}
	b.WriteString(e.Msg)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *FormatError) Unwrap() error { return e.Err }
