// Command dossier processes administrative dossiers: every change is an immutable event, every view can be rebuilt, every
// answer can be checked.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/client"
)

func main() {
	spareCollections()
	uuid.EnableRandPool() // ids are no secrets: one call of the kernel for sixteen of them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// spareCollections lets the heap grow to five times what is alive before it is collected, as long as Go's own memory stays under 200 MB:
// the events in flight are short-lived, and collecting them often costs more than holding them. GOGC and GOMEMLIMIT go before it.
func spareCollections() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(200 << 20)
	}
}

// app is what every subcommand is given: where data goes, where talk goes, and the environment.
type app struct {
	stdout, stderr io.Writer
	getenv         func(string) string
}

// Exit codes (documented in --help): 0 ok, 1 failed, 2 usage, 3 a check did not hold.
const (
	exitFailed = 1
	exitUsage  = 2
	exitCheck  = 3
)

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// checkError is a check (verify, bench) that ran to its end and did not hold.
type checkError struct{ error }

// run is the program without its process: tests call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	a := &app{stdout: stdout, stderr: stderr, getenv: getenv}
	err := a.commands().Run(ctx, args)
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintf(stderr, "dossier: %v\n", err)
		return exitUsage
	case errors.As(err, new(checkError)):
		fmt.Fprintf(stderr, "dossier: %v\n", err)
		return exitCheck
	}
	fmt.Fprintf(stderr, "dossier: %s\n", explain(err))
	return exitFailed
}

// explain gives a refusal or an invalid command in both languages, and a fault as it is.
func explain(err error) string {
	var refusal *domain.Refusal
	var invalid *domain.Invalid
	var problem *client.Problem
	var b strings.Builder
	switch {
	case errors.As(err, &refusal):
		fmt.Fprintf(&b, "refused (%s)", refusal.Code)
		if refusal.Basis != "" {
			fmt.Fprintf(&b, ", %s", refusal.Basis)
		}
		fmt.Fprintf(&b, "\n  vi: %s\n  en: %s", refusal.VI, refusal.EN)
	case errors.As(err, &invalid):
		fmt.Fprintf(&b, "invalid (%s)", invalid.Code)
		if invalid.Field != "" {
			fmt.Fprintf(&b, " at %q", invalid.Field)
		}
		fmt.Fprintf(&b, "\n  vi: %s\n  en: %s", invalid.VI, invalid.EN)
	case errors.As(err, &problem):
		tellProblem(&b, problem)
	case errors.As(err, new(*handlers.Failure)), errors.As(err, new(*handlers.Stale)), errors.Is(err, handlers.ErrNotFound), errors.Is(err, handlers.ErrNoBatch), errors.Is(err, handlers.ErrVersionRequired):
		_, p := handlers.Problem(err)
		fmt.Fprintf(&b, "invalid (%s)\n  vi: %s\n  en: %s", p.Code, p.In("vi", "").Detail, p.In("en", "").Detail)
	default:
		b.WriteString(err.Error())
	}
	return b.String()
}

// tellProblem gives what a server refused with, as explain gives what this process did.
func tellProblem(b *strings.Builder, p *client.Problem) {
	word := "failed"
	switch {
	case p.Status == http.StatusConflict, p.Status == http.StatusForbidden:
		word = "refused"
	case p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests:
		word = "invalid"
	}
	fmt.Fprintf(b, "%s (%s)", word, p.Code)
	one := len(p.Errors) == 1 && p.Errors[0].DetailVI == p.DetailVI
	if p.Basis != "" {
		fmt.Fprintf(b, ", %s", p.Basis)
	} else if word == "invalid" && one {
		fmt.Fprintf(b, " at %q", p.Errors[0].Field)
	}
	fmt.Fprintf(b, "\n  vi: %s\n  en: %s", or(p.DetailVI, p.Detail), or(p.DetailEN, p.Detail))
	for _, f := range p.Errors {
		if !one {
			fmt.Fprintf(b, "\n  %s: %s / %s", f.Field, or(f.DetailVI, f.Detail), or(f.DetailEN, f.Detail))
		}
	}
	if p.Status == http.StatusUnauthorized {
		b.WriteString("\n  say --token, or set DOSSIER_TOKEN or DOSSIER_TOKEN_FILE to that of an API key ('dossier key create' makes one)")
	}
}

// group is a command that only holds others: alone it shows its help, with an unknown word it is a usage error.
func group(c *cli.Command) *cli.Command {
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		word := cmd.Args().First()
		if word == "" {
			return cli.ShowSubcommandHelp(cmd)
		}
		hint := ""
		if near := cli.SuggestCommand(cmd.Commands, word); near != "" && near[0] == word[0] {
			hint = fmt.Sprintf(" Did you mean %q?", near)
		}
		return usageError{fmt.Errorf("unknown command %q.%s Run '%s --help'", word, hint, cmd.FullName())}
	}
	return c
}

// strict makes every wrong flag, and every word that nobody asked for, a usage error with the right exit code, all the way down.
func strict(c *cli.Command) *cli.Command {
	c.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return usageError{fmt.Errorf("%w. Run '%s --help'", err, cmd.FullName())}
	}
	c.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	if act := c.Action; len(c.Commands) == 0 && c.ArgsUsage == "" {
		c.Action = func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return usageError{fmt.Errorf("%s takes no %q. Run '%s --help'", cmd.FullName(), cmd.Args().First(), cmd.FullName())}
			}
			return act(ctx, cmd)
		}
	}
	for _, sub := range c.Commands {
		strict(sub)
	}
	return c
}
