package devstack

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PortFree returns nil when addr can be listened on, else an error that says who has it, if that can be known, and what to do.
func PortFree(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l.Close()
	}
	host, port, split := net.SplitHostPort(addr)
	if split != nil {
		return fmt.Errorf("address %q: want HOST:PORT: %w", addr, split)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is taken by %s: stop it, or choose another address%s: %w", addr, describe(holderPID(port)), suggestion(host, port), err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s is not allowed to this user: choose a port above 1023: %w", addr, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine: use 127.0.0.1:%s: %w", addr, port, err)
	default:
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
}

// suggestion names the next port that is free now.
func suggestion(host, port string) string {
	n, _ := strconv.Atoi(port)
	for p := n + 1; p <= n+20 && p < 65536; p++ {
		addr := net.JoinHostPort(host, strconv.Itoa(p))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return ", such as " + addr
		}
	}
	return ""
}

func holderPID(port string) int {
	if _, err := os.Stat("/proc/net/tcp"); err == nil {
		return procHolder(port)
	}
	out, err := exec.Command("lsof", "-nP", "-t", "-iTCP:"+port, "-sTCP:LISTEN").Output()
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(out), "\n")
	pid, _ := strconv.Atoi(line)
	return pid
}

// procHolder finds the listening sockets of the port, then the process that has one of them open.
// Processes of other users stay unknown unless we are root.
func procHolder(port string) int {
	wanted := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for _, inode := range listeners(table, port) {
			wanted["socket:["+inode+"]"] = true
		}
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && wanted[target] {
			pid, _ := strconv.Atoi(strings.Split(fd, "/")[2])
			return pid
		}
	}
	return 0
}

// listeners reads the kernel's table: column 1 is ADDRESS:PORT in hex, 3 the state (0A listens), 9 the inode.
func listeners(table, port string) []string {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil
	}
	suffix := ":" + strings.ToUpper(hex.EncodeToString([]byte{byte(n >> 8), byte(n)}))
	text, err := os.ReadFile(table)
	if err != nil {
		return nil
	}
	var inodes []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == "0A" {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}
