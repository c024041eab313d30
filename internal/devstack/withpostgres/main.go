// Command withpostgres runs a command with one private Postgres that lives exactly as long:
//
//	go run ./internal/devstack/withpostgres -- go test ./...
//
// The command finds it in DOSSIER_TEST_POSTGRES. A server given there already is used as it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"dossier/internal/devstack"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres -- COMMAND [ARGUMENT...]")
		return 2
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	if os.Getenv(devstack.EnvTestPostgres) == "" {
		p, err := start(signals)
		if err != nil {
			fmt.Fprintln(os.Stderr, "withpostgres:", err)
			return 1
		}
		defer p.Stop()
		_ = os.Setenv(devstack.EnvTestPostgres, p.AdminURL)
	}
	return command(args, signals)
}

// start gives up on the first signal.
func start(signals <-chan os.Signal) (*devstack.Postgres, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	started := make(chan struct{})
	defer close(started)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-started:
		}
	}()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return devstack.StartPostgres(ctx, devstack.PostgresOptions{Log: log})
}

// command runs in a process group of its own: signals are handed to all of it, and what it leaves behind is killed.
func command(args []string, signals <-chan os.Signal) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 127
	}
	group := -cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = syscall.Kill(group, s.(syscall.Signal))
		case err := <-ended:
			_ = syscall.Kill(group, syscall.SIGKILL)
			return exitCode(err)
		}
	}
}

// exitCode is the command's own, or 128 + signal as shells have it.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		return 1
	}
	if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return exit.ExitCode()
}
