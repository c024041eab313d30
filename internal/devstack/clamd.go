package devstack

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestVirus is a text that the scanner of TestClamd takes for a virus.
const TestVirus = "this stands for a virus in the tests of dossier"

// TestClamd starts a real clamd with one signature of its own, TestVirus, and returns the path of its socket. It takes streams of 30 MB. Without
// the program the test is skipped.
func TestClamd(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		if program = "/usr/sbin/clamd"; !executable(program) {
			t.Skip("NO VIRUS SCANNER: install clamav-daemon (as root `make test-files` does); without it nothing shows that files are scanned")
		}
	}
	dir, err := os.MkdirTemp("", "clamd") // not the test's folder: its name is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	for name, text := range map[string]string{
		"db/dossier.ndb": "Dossier.Test:0:*:" + hex.EncodeToString([]byte(TestVirus)) + "\n",
		"clamd.conf":     fmt.Sprintf("Foreground yes\nLocalSocket %s\nDatabaseDirectory %s\nStreamMaxLength 30M\nMaxThreads 4\nAlertExceedsMax yes\n", socket, filepath.Join(dir, "db")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := &bytes.Buffer{}
	clamd := exec.Command(program, "--config-file="+filepath.Join(dir, "clamd.conf"))
	clamd.Stdout, clamd.Stderr = out, out
	if err := clamd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = clamd.Process.Kill(); _ = clamd.Wait() })
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return socket
		}
		if time.Now().After(until) {
			t.Fatalf("clamd does not come up:\n%s", out)
		}
	}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// TestNoVirus starts a scanner that finds everything clean, and returns the path of its socket: for tests about something else, which so run where
// no clamd is installed.
func TestNoVirus(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "clean") // not the test's folder: its name is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	var idle sync.WaitGroup
	t.Cleanup(func() { l.Close(); idle.Wait(); os.RemoveAll(dir) })
	idle.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(c, make([]byte, len("zINSTREAM\x00")))
			for n := uint32(1); n > 0 && binary.Read(c, binary.BigEndian, &n) == nil; {
				_, _ = io.CopyN(io.Discard, c, int64(n))
			}
			_, _ = io.WriteString(c, "stream: OK\x00")
			c.Close()
		}
	})
	return filepath.Join(dir, "socket")
}
