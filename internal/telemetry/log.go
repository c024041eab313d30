package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// LogOptions come from LOG_LEVEL and LOG_FORMAT. Empty means info, and text on a terminal but JSON elsewhere.
type LogOptions struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Logger returns the process's log.
func Logger(w io.Writer, o LogOptions) (*slog.Logger, error) {
	level, err := level(o.Level)
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: mask}
	switch format(w, o.Format) {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log format %q: want text or json", o.Format)
}

func level(name string) (slog.Level, error) {
	var l slog.Level
	if name == "" {
		return l, nil
	}
	if err := l.UnmarshalText([]byte(name)); err != nil {
		return l, fmt.Errorf("log level %q: want debug, info, warn or error", name)
	}
	return l, nil
}

func format(w io.Writer, name string) string {
	if name != "" {
		return strings.ToLower(name)
	}
	if terminal(w) {
		return "text"
	}
	return "json"
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// secret names attributes whose values never reach a log, whoever writes them there.
var secret = map[string]bool{"authorization": true, "cookie": true, "password": true, "token": true, "command_key": true, "database_url": true}

func mask(_ []string, a slog.Attr) slog.Attr {
	if secret[strings.ToLower(a.Key)] {
		return slog.String(a.Key, "***")
	}
	return a
}
