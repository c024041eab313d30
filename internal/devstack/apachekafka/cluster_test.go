package apachekafka

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func libs(t *testing.T) string {
	t.Helper()
	libs := os.Getenv("DOSSIER_TEST_APACHE_KAFKA")
	if libs == "" {
		t.Skip("one with real brokers: make test-faults-kafka")
	}
	return libs
}

// A process of its own starts brokers, has one killed and revived, and is killed itself.
func TestRealBrokersEndWithWhoStartedThemWhateverEndsThat(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_STARTS_BROKERS") != "" {
		startAndWait(t)
		return
	}
	libs(t)
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "DOSSIER_TEST_STARTS_BROKERS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	line, err := said.ReadString('\n')
	line, is := strings.CutPrefix(strings.TrimSpace(line), brokersAre)
	if err != nil || !is {
		rest, _ := io.ReadAll(said)
		t.Fatalf("the other process said %s\n%s: %v", line, rest, err)
	}
	dir, addrs, _ := strings.Cut(line, " ")
	brokers := strings.Split(addrs, ",")
	for _, broker := range brokers {
		if !listens(broker) {
			t.Errorf("%s does not listen", broker)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	eventually(t, "the folder is gone", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
	for _, broker := range brokers {
		if listens(broker) {
			t.Errorf("%s still listens", broker)
		}
	}
}

const brokersAre = "brokers are in "

func startAndWait(t *testing.T) {
	c, err := Start(libs(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(2); err != nil {
		t.Fatal(err)
	}
	if listens(c.Addrs[1]) || !listens(c.Addrs[0]) {
		t.Fatal("another was killed than broker 2")
	}
	if err := c.Kill(2); err == nil {
		t.Fatal("a dead broker was killed")
	}
	for range 2 {
		if err := c.Revive(2); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println(brokersAre + c.dir + " " + strings.Join(c.Addrs, ","))
	select {}
}

func listens(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestRealBrokersThatCannotStartSayWhyAndLeaveNothing(t *testing.T) {
	libs(t)
	t.Setenv("TMPDIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "no-folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(file); err == nil {
		t.Error("brokers without jars")
	} else {
		t.Log(err)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "dossier-kafka-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
