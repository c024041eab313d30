package devstack

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kafkaScript runs the script behind `make kafka` on a folder of the test's own. What needs a broker runs in `make test-kafka`.
func kafkaScript(t *testing.T, dir string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command("apachekafka/kafka.sh", args...)
	cmd.Env = append(os.Environ(), "KAFKA_DIR="+dir)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func TestTheKafkaScriptSaysWhatItTakesAndStopsWhatIsNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if said, code := kafkaScript(t, dir, "start", "2"); code == 0 || !strings.Contains(said, "1 broker or 3") {
		t.Errorf("two brokers: exit %d %s", code, said)
	}
	if said, code := kafkaScript(t, dir, "brew"); code == 0 || !strings.Contains(said, "usage") {
		t.Errorf("an unknown word: exit %d %s", code, said)
	}
	if said, code := kafkaScript(t, dir, "status"); code == 0 {
		t.Errorf("nothing runs, and status says: %s", said)
	}
	if said, code := kafkaScript(t, dir, "kill", "2"); code == 0 || !strings.Contains(said, "broker 2 does not run") {
		t.Errorf("kill with nothing running: exit %d %s", code, said)
	}
	if said, code := kafkaScript(t, dir, "revive", "2"); code == 0 || !strings.Contains(said, "make kafka first") {
		t.Errorf("revive with nothing running: exit %d %s", code, said)
	}
	if said, code := kafkaScript(t, dir, "hold", "3"); code == 0 || !strings.Contains(said, "KAFKA_LIBS") {
		t.Errorf("hold in a folder with the jars: exit %d %s", code, said)
	}
	if said, code := kafkaScript(t, dir, "stop"); code != 0 {
		t.Errorf("stop with nothing running: exit %d %s", code, said)
	}
}

func TestTheMakefileStartsStopsAndTestsAgainstApacheKafka(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kafka.sh start $(BROKERS)", "kafka.sh stop", "kafka.sh kill $(BROKER)", "DOSSIER_TEST_KAFKA=$$(cat .kafka/bootstrap)", "-run Kafka"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the Makefile lacks %q", want)
		}
	}
	pom, err := os.ReadFile("apachekafka/pom.xml")
	if err != nil || !strings.Contains(string(pom), "kafka_2.13") {
		t.Errorf("the pom does not name Kafka: %v", err)
	}
}
