package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Three things that gremlins takes from go are no good here, so it is given this program in its place:
//
// Its coverage: the blocks that go counts have neither the conditions of a switch without a value nor what stands outside of functions,
// and gremlins would leave those alone. Nothing is counted, every line is reported as covered, so every mutant is tried; one that no test reaches lives.
//
// Its patience: gremlins lets a mutant run as long as a build and a test took, times a number, so on a busy machine it kills what is only
// slow to build. Here the time of the tests alone counts, and ten times that of the unchanged tests is enough.
//
// Its builds: what is changed is in the program already (switched.go).

const (
	realGo    = "DOSSIER_MUTATE_GO"
	allowance = "DOSSIER_MUTATE_ALLOWANCE" // the file with the time that a mutant's tests may take
)

// standInEnv puts this program before go, for a process that works in dir.
func standInEnv(dir string) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	goes, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(dir, "go-")
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(self, filepath.Join(folder, "go")); err != nil {
		return nil, err
	}
	return append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), realGo+"="+goes, allowance+"="+filepath.Join(folder, "allowance"),
		"GOFLAGS=-short -vet=off -trimpath -ldflags=-w", "GOWORK=off"), nil // without paths in what is built, all copies share one cache
}

func standIn(args []string) (exit int) {
	profile, timeout := slices.Index(args, "-coverprofile"), slices.Index(args, "-timeout")
	if profile >= 0 {
		return measure(args[profile+1], strings.TrimSuffix(strings.TrimPrefix(args[len(args)-1], "./"), "/..."))
	}
	if timeout >= 0 {
		if b, err := os.ReadFile(os.Getenv(allowance)); err == nil {
			args[timeout+1] = string(b)
		}
		if exit, tried := try(".", args[timeout+1]); tried { // it works in the package's folder
			return exit
		}
	}
	cmd := exec.Command(os.Getenv(realGo), args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	cmd.Run()
	return cmd.ProcessState.ExitCode()
}

// measure runs the unchanged tests of a package, which says how long a mutant's may take.
func measure(profile, pkg string) (exit int) {
	s, err := readBoard()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	began := time.Now()
	if out, err := s.command(pkg, "10m").CombinedOutput(); err != nil {
		fmt.Printf("%s%v\n", out, err)
		return 1
	}
	err = errors.Join(os.WriteFile(os.Getenv(allowance), []byte(allowed(time.Since(began)).String()), 0o644), coverAll(profile, pkg))
	if err != nil {
		fmt.Println(err)
		return 2
	}
	return 0
}

// allowed is ten times what the unchanged tests took, and ten seconds.
func allowed(took time.Duration) time.Duration { return 10*time.Second + 10*took }

// coverAll says that every line of a package was run.
func coverAll(profile, pkg string) error {
	files, err := sources(pkg)
	if err != nil {
		return err
	}
	text := "mode: set\n"
	for _, f := range files {
		text += fmt.Sprintf("%s/%s:1.1,1000000.1 1 1\n", module, filepath.ToSlash(f))
	}
	return os.WriteFile(profile, []byte(text), 0o644)
}
