package devstack

import (
	"os"
	"os/exec"
	"syscall"
)

func (id identity) attr() *syscall.SysProcAttr {
	switch id.mode {
	case inUserNS:
		return &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: id.uid, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: id.gid, HostID: os.Getegid(), Size: 1}},
		}
	case asAnother:
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}}
	default:
		return &syscall.SysProcAttr{}
	}
}

// works tries the identity on a harmless call: user namespaces are forbidden in many containers and in a chroot.
func (id identity) works(bin binaries) bool {
	cmd := exec.Command(bin.tool("postgres"), "--version")
	cmd.Dir, cmd.SysProcAttr = "/", id.attr()
	return cmd.Run() == nil
}

// dieWithParent: a fast shutdown, which leaves the data clean.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGINT }
