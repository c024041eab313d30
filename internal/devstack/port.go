package devstack

import (
	"fmt"
	"net"
)

// PortFree returns nil when addr can be listened on, else an error that says who has it, if that can be known, and what to do.
func PortFree(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l.Close()
}
