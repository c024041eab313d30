package devstack

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

func TestATakenPortNamesItsHolderAndAnotherPort(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Logf("no %s here: %v", host, err)
			continue
		}
		defer l.Close()
		err = PortFree(l.Addr().String())
		got := fmt.Sprint(err)
		for _, want := range []string{l.Addr().String(), fmt.Sprintf("process %d (", os.Getpid()), "choose another address, such as " + host} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in: %s", want, got)
			}
		}
	}
}

func TestAFreePortIsFree(t *testing.T) {
	t.Parallel()
	if err := PortFree("127.0.0.1:0"); err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatCannotBeListenedOnSaysWhy(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.1:8080": "not an address of this machine", // reserved for documentation
		"nonsense":       "want HOST:PORT",
	} {
		if err := PortFree(addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
