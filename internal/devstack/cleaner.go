package devstack

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// cleaner is a shell that outlives us by a moment and removes a temporary Postgres, however we end.
type cleaner struct {
	cmd  *exec.Cmd
	life *os.File // closed by the kernel when we die
}

const cleanUp = `
cat
pid=$(head -n 1 "$1/pg/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
	kill -QUIT "$pid"
	n=0
	while kill -0 "$pid" && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done
fi
rm -rf "$1" "$2"
`

func startCleaner(f *folder) (*cleaner, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	c := &cleaner{cmd: exec.Command("/bin/sh", "-c", cleanUp, "dossier-cleaner", f.path, f.socket), life: w}
	c.cmd.Stdin, c.cmd.Dir = r, "/"
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.cmd.Start(); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("start cleaner: %w", err)
	}
	return c, nil
}

func (c *cleaner) close() {
	if c == nil {
		return
	}
	_ = c.life.Close()
	_ = c.cmd.Wait()
}
