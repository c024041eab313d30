package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Postgres lives on a small file system of its own until that is full, and again when there is room. It takes root to mount one.
func TestADiskThatIsFullRefusesAndThenGoesOn(t *testing.T) {
	slow(t)
	if os.Getuid() != 0 {
		t.Skip("mounting a small file system takes root")
	}
	t.Parallel()
	w, disk := onSmallDisk(t)
	api := w.serving(t, "api")
	w.work(3, 5*time.Millisecond)
	w.answers(t, 100)
	soon(t, "/readyz is green", func() bool { return api.red() == "" })
	room := fill(t, disk)
	busy := w.ledger.busy.Load()
	soon(t, "commands are told to try later", func() bool { return w.ledger.busy.Load() > busy+20 })
	if w.alarms.sum() == 0 {
		t.Error("nobody noticed")
	}
	soon(t, "/readyz is red", func() bool { return api.red() != "" })
	room()
	w.answers(t, 100)
	w.holds(t)
	soon(t, "/readyz is green again", func() bool { return api.red() == "" })
}

func onSmallDisk(t *testing.T) (w *world, disk string) {
	t.Helper()
	disk, err := os.MkdirTemp("", "dossier-faults-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(disk) })
	if err := syscall.Mount("dossier", disk, "tmpfs", 0, "size=400m,mode=0755"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	return start(t, settings{dir: filepath.Join(disk, "postgres")}), disk
}

// fill takes all room that is left, and what Postgres gives back with old log files, until room is called.
func fill(t *testing.T, disk string) (room func()) {
	t.Helper()
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	take := func() {
		for size := len(block); size >= 4096; {
			if _, err := f.Write(block[:size]); err != nil {
				size /= 2
			}
		}
	}
	take()
	ended, end := context.WithCancel(context.Background())
	var taking sync.WaitGroup
	taking.Go(func() {
		for tick := time.NewTicker(20 * time.Millisecond); ended.Err() == nil; <-tick.C {
			take()
		}
	})
	return func() {
		end()
		taking.Wait()
		_ = f.Close()
		_ = os.Remove(ballast)
	}
}
