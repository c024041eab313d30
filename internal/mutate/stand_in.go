package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Two things that gremlins takes from go are no good here, so it is given this program in its place:
//
// Its coverage: the blocks that go counts have neither the conditions of a switch without a value nor what stands outside of functions,
// and gremlins would leave those alone. Every line is reported as covered, so every mutant is tried; one that no test reaches lives.
//
// Its patience: gremlins lets a mutant run as long as a build and a test took, times a number, so on a busy machine it kills what is only
// slow to build. Here the time of the tests alone counts, and ten times that of the unchanged tests is enough.

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
	profile := slices.Index(args, "-coverprofile")
	if i := slices.Index(args, "-timeout"); i >= 0 {
		if b, err := os.ReadFile(os.Getenv(allowance)); err == nil {
			args[i+1] = string(b)
		}
	}
	if profile < 0 && len(args) > 0 && args[0] == "test" {
		if exit, tried := try(args); tried {
			return exit
		}
	}
	var out bytes.Buffer
	cmd := exec.Command(os.Getenv(realGo), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Run()
	os.Stdout.Write(out.Bytes())
	if exit = cmd.ProcessState.ExitCode(); exit != 0 || profile < 0 {
		return exit
	}
	if err := os.WriteFile(os.Getenv(allowance), []byte(allowed(out.String()).String()), 0o644); err != nil {
		return 2
	}
	if err := coverAll(args[profile+1], strings.TrimSuffix(strings.TrimPrefix(args[len(args)-1], "./"), "/...")); err != nil {
		return 2
	}
	return 0
}

var took = regexp.MustCompile(`(?m)^ok\s.*?\s([0-9.]+)s`)

// allowed is ten times what the unchanged tests took, and ten seconds.
func allowed(out string) time.Duration {
	limit := 10 * time.Second
	for _, m := range took.FindAllStringSubmatch(out, -1) {
		seconds, _ := strconv.ParseFloat(m[1], 64)
		limit += time.Duration(10 * seconds * float64(time.Second))
	}
	return limit
}

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
