// Package apachekafka runs real brokers of Apache Kafka that a test can kill one by one.
package apachekafka

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed kafka.sh pom.xml log4j2.properties
var files embed.FS

// Brokers is how many a cluster has: what is acknowledged is on two of them at least, and on all three while all are well.
const Brokers = 3

// Cluster is three brokers on loopback in a folder of their own. They end, and the folder goes, when this process does, however that is.
type Cluster struct {
	Addrs []string // of broker 1, 2 and 3

	dir, libs string
	held      *exec.Cmd
	life      io.Closer // what the script waits for the end of
}

// Start takes a few seconds. libs is the folder of Kafka's jars; they are fetched when it lacks them.
func Start(libs string) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "dossier-kafka-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for kafka: %w", err)
	}
	c := &Cluster{dir: dir, libs: libs}
	if err := c.hold(); err != nil {
		c.Stop()
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	return c, nil
}

func (c *Cluster) hold() error {
	if err := os.CopyFS(c.dir, files); err != nil {
		return err
	}
	base, err := freeBase()
	if err != nil {
		return err
	}
	c.held = c.script("hold", strconv.Itoa(Brokers))
	c.held.Env = append(c.held.Env, "KAFKA_PORT="+strconv.Itoa(base))
	c.held.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for us
	var said bytes.Buffer
	c.held.Stderr = &said
	if c.life, err = c.held.StdinPipe(); err != nil {
		return err
	}
	out, err := c.held.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.held.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = c.held.Wait()
		return errors.New(strings.TrimSpace(said.String()))
	}
	c.Addrs = strings.Split(strings.TrimSpace(line), ",")
	return nil
}

// quickStart halves what it costs to start a broker, and costs it its last speed.
const quickStart = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m"

// script of our own copy: it says nothing unless something is wrong.
func (c *Cluster) script(args ...string) *exec.Cmd {
	cmd := exec.Command("bash", append([]string{filepath.Join(c.dir, "kafka.sh")}, args...)...)
	cmd.Env = append(os.Environ(), "KAFKA_DIR="+c.dir, "KAFKA_LIBS="+c.libs, "KAFKA_JAVA_OPTS="+quickStart)
	return cmd
}

func (c *Cluster) run(args ...string) error {
	if out, err := c.script(args...).CombinedOutput(); err != nil {
		return fmt.Errorf("kafka.sh %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// Kill ends broker 1, 2 or 3 as kill -9 does.
func (c *Cluster) Kill(broker int) error { return c.run("kill", strconv.Itoa(broker)) }

// Revive starts it again with what it has on disk and returns when it is up. One that runs is left alone.
func (c *Cluster) Revive(broker int) error { return c.run("revive", strconv.Itoa(broker)) }

// Stop ends the brokers and removes their folder.
func (c *Cluster) Stop() {
	if c.life != nil {
		_ = c.life.Close()
		_ = c.held.Wait()
	}
}

// freeBase finds a block of ports of which the script takes the first three and the sixth to eighth. It begins anywhere: several of
// us may look at once.
func freeBase() (int, error) {
	const first, blocks = 20000, 1000
	from := rand.IntN(blocks)
	for i := range blocks {
		if base := first + 10*((from+i)%blocks); allFree(base) {
			return base, nil
		}
	}
	return 0, errors.New("no block of ten ports is free")
}

func allFree(base int) bool {
	for port := base; port < base+10; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
