package handlers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"dossier/handlers"
)

// asking is a connection that has asked and reads by itself, with little room on its way.
func asking(t *testing.T, server *httptest.Server, room int) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	tcp := c.(*net.TCPConn)
	if err := tcp.SetReadBuffer(room); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(tcp, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	return tcp
}

func TestWhoStopsReadingIsCutOffAndWhoReadsSlowlyGetsAll(t *testing.T) {
	t.Parallel()
	const within, size = time.Second, 8 << 20
	ended := make(chan error, 2)
	server := httptest.NewServer(handlers.CutOffSlowReaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := w.Write(bytes.Repeat([]byte("x"), size))
		if err == nil && n != size {
			err = fmt.Errorf("%d bytes", n)
		}
		ended <- err
	}), within))
	defer server.Close()

	asking(t, server, 16<<10) // and reads nothing
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("who stopped reading: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("who stopped reading is waited for")
	}

	slow, read := asking(t, server, 256<<10), 0
	began := time.Now()
	for chunk := make([]byte, 256<<10); read < size; {
		n, err := io.ReadFull(slow, chunk)
		if read += n; err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("after %d bytes: %v", read, err)
		}
		time.Sleep(80 * time.Millisecond)
	}
	if err := <-ended; err != nil {
		t.Errorf("who read slowly: %v", err)
	}
	if took := time.Since(began); took < 2*within {
		t.Errorf("the answer took %s: too fast to show anything", took)
	}
}

func TestADeadlineOfAnAnswerDoesNotOutliveIt(t *testing.T) {
	t.Parallel()
	const within = 100 * time.Millisecond
	server := httptest.NewServer(handlers.CutOffSlowReaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }), within))
	defer server.Close()
	for range 3 { // on one connection, with a pause longer than the deadline
		answer, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusNoContent {
			t.Errorf("status %d", answer.StatusCode)
		}
		time.Sleep(2 * within)
	}
}
