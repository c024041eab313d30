package devstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
)

// ErrNoDump says that no pg_dump is installed here; a fetched Postgres comes without.
var ErrNoDump = errors.New("there is no pg_dump: install the client programs of Postgres")

// Dump is a whole database as pg_dump writes it. The program of the server's own folder comes first: one that is older than its server refuses.
func Dump(ctx context.Context, url string) ([]byte, error) {
	program := ""
	if b, err := findBinaries(ctx, "", 0, slog.New(slog.DiscardHandler)); err == nil && executable(b.tool("pg_dump")) {
		program = b.tool("pg_dump")
	} else if program, err = exec.LookPath("pg_dump"); err != nil {
		return nil, ErrNoDump
	}
	var said bytes.Buffer
	dump := exec.CommandContext(ctx, program, "--dbname="+url)
	dump.Stderr = &said
	out, err := dump.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, said.Bytes())
	}
	return out, nil
}
