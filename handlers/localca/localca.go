// Package localca is a certification authority that nobody should trust: it signs for every account of a development stack, so that what is
// built on signatures can be seen working.
//
// It has a root, an issuing authority under it, a time-stamp authority, lists of what it revoked, and one certificate per account whose
// subject is the account's id and nothing personal. Its keys lie in a folder, unprotected. Production never opens it.
package localca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/go-jose/go-jose/v4"

	"dossier/handlers/signing"
)

// CA is the authority. It is safe for concurrent use, also by several processes on one folder.
type CA struct {
	mu    sync.Mutex
	file  string
	now   func() time.Time
	state state
	away  bool
}

// state is what the authority keeps.
type state struct {
	Root    identity            `json:"root"`
	Issuing identity            `json:"issuing"`
	Stamps  identity            `json:"stamps"`
	Staff   map[string]identity `json:"staff"` // by account
	Revoked []revoked           `json:"revoked,omitempty"`
}

type identity struct {
	Certificate []byte `json:"certificate"` // DER
	Key         []byte `json:"key"`         // PKCS #8
}

type revoked struct {
	Serial string    `json:"serial"` // hexadecimal
	At     time.Time `json:"at"`
}

// Name is that of the root: production trusts no such root.
const Name = "dossier local test root"

// host is where its lists are said to be. Nobody is there: Client asks the authority itself.
const host = "localca.invalid"

// Open opens the authority of a folder, and makes it at the first time. An empty folder keeps it in memory.
func Open(folder string, now func() time.Time) (*CA, error) {
	if now == nil {
		now = time.Now
	}
	c := &CA{now: now}
	if folder != "" {
		c.file = filepath.Join(folder, File)
	}
	return c, c.change(func() error { return nil })
}

// File is where it keeps its keys, in its folder.
const File = "localca.json"

// change does something to the state while nobody else does.
func (c *CA) change(do func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != "" {
		lock, err := os.OpenFile(c.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return fmt.Errorf("lock the local CA: %w", err)
		}
		defer lock.Close()
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
			return fmt.Errorf("lock the local CA: %w", err)
		}
		b, err := os.ReadFile(c.file)
		if err == nil {
			c.state = state{}
			err = json.Unmarshal(b, &c.state)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("read the local CA %s: %w", c.file, err)
		}
	}
	if c.state.Staff == nil {
		if err := c.found(); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	if c.file == "" {
		return nil
	}
	b, err := json.MarshalIndent(c.state, "", " ")
	if err != nil {
		return fmt.Errorf("write the local CA: %w", err)
	}
	if err := os.WriteFile(c.file+".new", b, 0o600); err != nil {
		return fmt.Errorf("write the local CA: %w", err)
	}
	return os.Rename(c.file+".new", c.file)
}

// The authorities stand for any clock that a development stack may be put to.
var (
	founded = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	ends    = time.Date(2065, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (c *CA) found() (err error) {
	c.state = state{Staff: map[string]identity{}}
	authority := func(name string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"NOT FOR PRODUCTION"}}, NotBefore: founded, NotAfter: ends,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	}
	if c.state.Root, err = issue(authority(Name), nil, ""); err != nil {
		return err
	}
	if c.state.Issuing, err = issue(authority("dossier local test CA"), &c.state.Root, "root"); err != nil {
		return err
	}
	c.state.Stamps, err = issue(&x509.Certificate{Subject: pkix.Name{CommonName: "dossier local test time-stamps"}, NotBefore: founded, NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}, &c.state.Issuing, "issuing")
	return err
}

// issue makes a key and a certificate for it; without a parent it signs itself.
func issue(t *x509.Certificate, parent *identity, list string) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("make a key: %w", err)
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return identity{}, fmt.Errorf("make a serial number: %w", err)
	}
	above, signer := t, key
	if parent != nil {
		if above, signer, err = parent.open(); err != nil {
			return identity{}, err
		}
		t.CRLDistributionPoints = []string{"http://" + host + "/" + list + ".crl"}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, above, &key.PublicKey, signer)
	if err != nil {
		return identity{}, fmt.Errorf("issue a certificate: %w", err)
	}
	kept, err := x509.MarshalPKCS8PrivateKey(key)
	return identity{der, kept}, err
}

func (i identity) open() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	cert, err := x509.ParseCertificate(i.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("read a certificate of the local CA: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(i.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("read a key of the local CA: %w", err)
	}
	return cert, key.(*ecdsa.PrivateKey), nil
}

// years is how long a certificate of an account holds.
const years = 3

// Sign signs for an account; its certificate is issued when it first signs, and anew when it has expired.
func (c *CA) Sign(_ context.Context, account string, d signing.Digest) (signature string, err error) {
	now := c.now()
	err = c.change(func() error {
		i, known := c.state.Staff[account]
		if known {
			cert, _, err := i.open()
			known = err == nil && now.After(cert.NotBefore) && now.Before(cert.NotAfter)
		}
		if !known {
			if i, err = c.leaf(account, now.Add(-time.Hour), now.AddDate(years, 0, 0)); err != nil {
				return err
			}
			c.state.Staff[account] = i
		}
		signature, err = c.sign(i, d, now, true)
		return err
	})
	return signature, err
}

func (c *CA) leaf(subject string, from, until time.Time) (identity, error) {
	return issue(&x509.Certificate{Subject: pkix.Name{CommonName: subject}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment}, &c.state.Issuing, "issuing")
}

func (c *CA) sign(i identity, d signing.Digest, at time.Time, stamped bool) (string, error) {
	var stamper func(string) (string, error)
	if stamped {
		stamper = c.stamper(c.state.Stamps, at)
	}
	return c.signed(i, d, at, stamper)
}

func (c *CA) signed(i identity, d signing.Digest, at time.Time, stamper func(string) (string, error)) (string, error) {
	_, key, err := i.open()
	if err != nil {
		return "", err
	}
	return signing.Make(jose.SigningKey{Algorithm: jose.ES256, Key: key}, [][]byte{i.Certificate, c.state.Issuing.Certificate}, d, at, stamper)
}

// stamper stamps with a key and its certificate.
func (c *CA) stamper(with identity, at time.Time) func(over string) (string, error) {
	return func(over string) (string, error) {
		_, key, err := with.open()
		if err != nil {
			return "", err
		}
		return signing.MakeStamp(jose.SigningKey{Algorithm: jose.ES256, Key: key}, [][]byte{with.Certificate, c.state.Issuing.Certificate}, over, at)
	}
}

// Roots are what trusts it.
func (c *CA) Roots() []*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	root, _, err := c.state.Root.open()
	if err != nil {
		return nil
	}
	return []*x509.Certificate{root}
}

// Verifier proves what it signed, and nothing of anybody else.
func (c *CA) Verifier() *signing.Chains { return signing.NewChains(c.Roots(), c.Client()) }

// Revoke takes a certificate back from a moment on.
func (c *CA) Revoke(serial string, at time.Time) error {
	return c.change(func() error {
		c.state.Revoked = append(c.state.Revoked, revoked{serial, at.UTC()})
		return nil
	})
}
