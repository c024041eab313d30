package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A walkLine is one line that a reader copies, and what the answer has to hold.
type walkLine struct {
	number  int
	command string
	answers []string
}

// readWalk takes the shell lines out of a document.
func readWalk(t *testing.T, file string) (walk []walkLine) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for i, line := range strings.Split(string(data), "\n") {
		answer, says := strings.CutPrefix(line, "# ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
		case !inside || line == "":
		case says:
			walk[len(walk)-1].answers = append(walk[len(walk)-1].answers, answer)
		default:
			walk = append(walk, walkLine{number: i + 1, command: line})
		}
	}
	return walk
}

// The lines go into one shell, as when somebody copies them.
func TestTheWalkThroughTheAPIGoesAsItIsWritten(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	walk := readWalk(t, "../../docs/api.md")
	if len(walk) < 40 {
		t.Fatalf("only %d lines were found", len(walk))
	}
	var script strings.Builder
	for i, line := range walk {
		command := strings.ReplaceAll(line.command, "http://127.0.0.1:8080", "http://"+d.cfg.HTTP.Addr)
		fmt.Fprintf(&script, "%s\necho; echo '=== %d'\n", command, i)
	}
	shell := exec.CommandContext(t.Context(), "bash")
	shell.Stdin = strings.NewReader(script.String())
	var talk bytes.Buffer
	shell.Stderr = &talk
	shell.WaitDelay = time.Second
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	answers := answersOf(out, len(walk))
	for i, line := range walk {
		for _, want := range line.answers {
			if !strings.Contains(answers[i], want) {
				t.Errorf("docs/api.md:%d: %s\nwant %q in\n%.1500s", line.number, line.command, want, answers[i])
			}
		}
		if strings.Contains(answers[i], `"code":"fault"`) {
			t.Errorf("docs/api.md:%d: %s\nfailed inside: %s", line.number, line.command, answers[i])
		}
	}
}

// answersOf cuts what the shell said at the marks behind each line.
func answersOf(out []byte, n int) []string {
	answers := make([]string, n)
	var own strings.Builder
	lines, at := bufio.NewScanner(bytes.NewReader(out)), 0
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if lines.Text() == fmt.Sprintf("=== %d", at) {
			answers[at] = own.String()
			own.Reset()
			at++
			continue
		}
		own.WriteString(lines.Text() + "\n")
	}
	return answers
}
