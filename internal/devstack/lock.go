package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lockFolder makes sure that two runs never share a folder. A lock whose owner lives is refused, after a moment's grace for
// one that is just dying; one whose owner is dead is held by a server on its way out: orphan hurries it, and we wait.
func lockFolder(ctx context.Context, dir string, orphan func()) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := waitForLock(ctx, lock, orphan); err != nil {
		_ = lock.Close()
		return nil, err
	}
	if err := sign(lock); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("write lock: %w", err)
	}
	return lock, nil
}

func waitForLock(ctx context.Context, lock *os.File, orphan func()) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // a last checkpoint may be long
	defer cancel()
	for grace := 10; ; grace-- {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("lock %s: %w", lock.Name(), err)
		}
		owner := firstNumber(lock.Name())
		if !alive(owner) {
			orphan()
		} else if grace == 0 {
			return inUse(filepath.Dir(lock.Name()), owner)
		}
		if !pause(ctx, 50*time.Millisecond) {
			return inUse(filepath.Dir(lock.Name()), 0)
		}
	}
}

func sign(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func inUse(dir string, pid int) error {
	return fmt.Errorf("the folder %s is in use by %s: stop it first, or give another folder", dir, describe(pid))
}

func describe(pid int) string {
	if pid <= 0 {
		return "another process"
	}
	if name := processName(pid); name != "" {
		return fmt.Sprintf("process %d (%s)", pid, name)
	}
	return fmt.Sprintf("process %d", pid)
}

func firstNumber(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

// alive: a zombie only waits for its parent to notice.
func alive(pid int) bool {
	if pid <= 0 || zombie(pid) {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func zombie(pid int) bool {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, after, _ := strings.Cut(string(stat), ") ") // the name before it may hold anything
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

func processName(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
