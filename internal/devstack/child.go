package devstack

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Watcher names the goroutine that waits for a server, for goleak.IgnoreAnyFunction in tests that share one.
const Watcher = "dossier/internal/devstack.(*child).run"

// child is a running process that ends with this one.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // why it ended; read after done
}

func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go c.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// run starts the process and waits for it on one OS thread: the parent-death signal fires when the thread that started the
// child dies, not when the process does, and Go ends threads as it likes unless a goroutine holds them.
func (c *child) run(started chan<- error) {
	runtime.LockOSThread()
	if err := c.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	c.err = c.cmd.Wait()
	if c.err == nil {
		c.err = os.ErrProcessDone
	}
	close(c.done)
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// end asks by signal and waits; who does not hear is killed.
func (c *child) end(sig syscall.Signal, patience time.Duration) {
	if c.ended() {
		return
	}
	_ = c.cmd.Process.Signal(sig)
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-c.done:
		return
	case <-t.C:
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}
