//go:build unix && !linux

package devstack

import "syscall"

func (id identity) attr() *syscall.SysProcAttr {
	if id.mode == asAnother {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}}
	}
	return &syscall.SysProcAttr{}
}

func (id identity) works(binaries) bool { return id.mode != inUserNS }

// dieWithParent can do nothing here: there is no such signal. The next start ends an orphan, and so does the cleaner.
func dieWithParent(*syscall.SysProcAttr) {}
