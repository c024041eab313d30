package devstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is whom a server runs as. Postgres refuses uid 0, and containers and CI usually are uid 0.
type identity struct {
	mode     mode
	name     string // of the account, for messages
	uid, gid int    // of the account
}

type mode int

const (
	asWeAre   mode = iota // we are nobody special already
	inUserNS              // root inside a user namespace, where it goes by another uid: files stay ours
	asAnother             // root gives up its rights for those of another account: files become that account's
)

// unprivileged finds out how root can start a server here.
func unprivileged(bin binaries, asked mode) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{mode: asWeAre, uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	who, err := account("postgres", "nobody")
	if err != nil {
		return identity{}, err
	}
	who.mode = inUserNS
	if asked != asAnother && who.works(bin) {
		return who, nil
	}
	who.mode = asAnother
	return who, nil
}

func account(names ...string) (identity, error) {
	for _, n := range names {
		u, err := user.Lookup(n)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if uid > 0 {
			return identity{name: n, uid: uid, gid: gid}, nil
		}
	}
	return identity{}, errors.New("postgres does not run as root, and this machine has no account postgres or nobody: add one, or start as another user")
}

// owner returns whose the files must be, as seen from outside.
func (id identity) owner() (uid, gid int) {
	if id.mode == asAnother {
		return id.uid, id.gid
	}
	return os.Geteuid(), os.Getegid()
}

// own gives a folder and all in it to the server, if it is not so already.
func (id identity) own(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := id.owner()
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if i, err := d.Info(); err == nil && ownerOf(i) == uid {
			return nil
		}
		return os.Lchown(path, uid, gid)
	})
}

// reaches refuses paths that the server could not enter: a home of mode 0700 is closed to the account that root becomes.
func (id identity) reaches(paths ...string) error {
	if id.mode != asAnother {
		return nil
	}
	for _, p := range paths {
		for dir := filepath.Dir(p); dir != "/"; dir = filepath.Dir(dir) {
			i, err := os.Stat(dir)
			if err != nil {
				return fmt.Errorf("look at %s: %w", dir, err)
			}
			if i.Mode()&0o001 == 0 && ownerOf(i) != id.uid {
				return fmt.Errorf("postgres runs as %s, who cannot enter %s (mode %04o), so not %s: give a folder outside, for example /var/tmp/dossier, or start as another user than root",
					id.name, dir, i.Mode().Perm(), p)
			}
		}
	}
	return nil
}

// onlyOurs refuses a socket folder that somebody else prepared.
func (id identity) onlyOurs(dir string) error {
	i, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	uid, _ := id.owner()
	if !i.IsDir() || ownerOf(i) != uid || i.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not a folder for this user alone (mode %s, owner %d): remove it", dir, i.Mode(), ownerOf(i))
	}
	return nil
}

func ownerOf(i fs.FileInfo) int {
	if s, ok := i.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
