package localca

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"time"
)

// ServeHTTP gives out the lists of revoked certificates.
func (c *CA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var list []byte
	err := c.change(func() (err error) {
		switch r.URL.Path {
		case "/root.crl":
			list, err = c.list(c.state.Root)
		case "/issuing.crl":
			list, err = c.list(c.state.Issuing)
		default:
			http.NotFound(w, r)
		}
		return err
	})
	switch {
	case err != nil:
		http.Error(w, "the list cannot be made", http.StatusInternalServerError)
	case list != nil:
		w.Header().Set("Content-Type", "application/pkix-crl")
		_, _ = w.Write(list)
	}
}

func (c *CA) list(of identity) ([]byte, error) {
	cert, key, err := of.open()
	if err != nil {
		return nil, err
	}
	now := c.now()
	l := &x509.RevocationList{Number: big.NewInt(now.UnixMilli()), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
	for _, r := range c.state.Revoked {
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok {
			return nil, errors.New("a revoked serial number is not hexadecimal")
		}
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.At})
	}
	return x509.CreateRevocationList(rand.Reader, l, cert, key)
}

// Client reaches the authority's lists, which are on no network.
func (c *CA) Client() *http.Client { return &http.Client{Transport: inside{c}} }

// GoAway lets nobody reach the lists, or lets them again.
func (c *CA) GoAway(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// inside carries a request to the authority without a network.
type inside struct{ ca *CA }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	i.ca.mu.Lock()
	away := i.ca.away
	i.ca.mu.Unlock()
	if r.URL.Host != host || away {
		return nil, errors.New("nobody answers at " + r.URL.Host)
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	i.ca.ServeHTTP(w, r)
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r}, nil
}

type answer struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(status int)      { a.status = status }
