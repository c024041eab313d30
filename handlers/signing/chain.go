package signing

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"dossier/domain"
)

// Chains proves signatures by certificates that lead to trusted roots, and asks the issuers' lists of revoked ones.
type Chains struct {
	roots *x509.CertPool
	lists *http.Client

	keep  time.Duration // how long a list is believed without asking again
	mu    sync.Mutex
	known map[string]kept // by address
}

type kept struct {
	list *x509.RevocationList
	at   time.Time
}

// NewChains trusts these roots. Lists are fetched by the client; only addresses that a trusted authority wrote into a certificate are asked.
func NewChains(roots []*x509.Certificate, lists *http.Client) *Chains {
	c := &Chains{roots: x509.NewCertPool(), lists: lists, known: map[string]kept{}}
	for _, r := range roots {
		c.roots.AddCert(r)
	}
	if c.lists == nil {
		c.lists = &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return c
}

// Keep believes a list for a while before it is asked for again, never longer than it says of itself.
func (c *Chains) Keep(d time.Duration) *Chains {
	c.keep = d
	return c
}

// ahead is how far the clocks of signers may be ahead of ours.
const ahead = time.Minute

// Longest is how long a signature with its chain and its stamp may be.
const Longest = 64 << 10

// Verify proves a signature over a content: that it holds, by whom, since when, and that the certificate was good then. What only the signer
// says of the time is believed as long as the certificate is good now.
func (c *Chains) Verify(ctx context.Context, signature string, d Digest, now time.Time) (Evidence, error) {
	s, err := read(signature)
	if err != nil {
		return Evidence{}, err
	}
	if err := s.holds(d); err != nil {
		return Evidence{}, err
	}
	if _, err := c.leads(s.chain, s.chain[0].NotBefore.Add(time.Second), x509.ExtKeyUsageAny); err != nil { // whose it is before when it was
		return Evidence{}, err
	}
	at, by := time.Unix(s.protected.At, 0).UTC(), Claimed
	switch {
	case s.Header.Stamp != "":
		if at, err = c.stamped(ctx, s, now); err != nil {
			return Evidence{}, err
		}
		by = Stamped
	case s.protected.At == 0:
		return Evidence{}, refuse(WithoutTime)
	}
	if at.After(now.Add(ahead)) {
		return Evidence{}, refuse(TimeAhead)
	}
	moments := []time.Time{at}
	if by == Claimed {
		moments = append(moments, now)
	}
	var chain []*x509.Certificate
	for _, moment := range moments {
		if chain, err = c.leads(s.chain, moment, x509.ExtKeyUsageAny); err != nil {
			return Evidence{}, err
		}
	}
	if err := c.standing(ctx, chain, slices.MaxFunc(moments, time.Time.Compare), now); err != nil {
		return Evidence{}, err
	}
	e := s.evidence(chain)
	e.SignedAt, e.Time, e.Revocation, e.AskedAt = at, by, Good, now.UTC()
	return e, nil
}

// Recheck holds a signature that was proved once against a content and against what was recorded of it, asking nobody.
func Recheck(signature string, d Digest, algorithm, serial, issuer string, chain []string, signedAt time.Time) error {
	s, err := read(signature)
	if err != nil {
		return err
	}
	if err := s.holds(d); err != nil {
		return err
	}
	at := time.Unix(s.protected.At, 0).UTC()
	if s.Header.Stamp != "" {
		st, err := readStamp(s.Header.Stamp)
		if err != nil || st.Over != over(s.Signature) {
			return refuse(StampAltered)
		}
		at = st.Time
	}
	e := s.evidence(s.chain)
	switch {
	case !at.UTC().Truncate(time.Microsecond).Equal(signedAt.UTC().Truncate(time.Microsecond)):
		return fmt.Errorf("it was signed at %s, recorded is %s", at.Format(time.RFC3339), signedAt.Format(time.RFC3339))
	case e.Algorithm != algorithm || serial != "" && e.Serial != serial || e.Issuer != issuer:
		return fmt.Errorf("it is of certificate %s of issuer %s, recorded is another", e.Serial, e.Issuer)
	case len(s.chain) > 1 && !slices.Contains(chain, fingerprint(s.chain[1])):
		return errors.New("its chain of certificates is not the one recorded")
	}
	return nil
}

// parsed is a signature that could be read.
type parsed struct {
	flattened
	protected protected
	chain     []*x509.Certificate // as sent, the signer's first
}

func read(signature string) (s parsed, err error) {
	if len(signature) > Longest || json.Unmarshal([]byte(signature), &s.flattened) != nil || s.Signature == "" || strings.Contains(s.Protected+s.Signature, ".") {
		return s, refuse(Malformed)
	}
	header, err := base64.RawURLEncoding.DecodeString(s.Protected)
	if err != nil || json.Unmarshal(header, &s.protected) != nil || len(s.protected.X5C) == 0 {
		return s, refuse(Malformed)
	}
	if !slices.Contains(algorithms, jose.SignatureAlgorithm(s.protected.Alg)) {
		return s, refuse(Algorithm)
	}
	if s.chain, err = certificates(s.protected.X5C); err != nil {
		return s, refuse(Malformed)
	}
	return s, nil
}

func certificates(x5c []string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for _, one := range x5c {
		der, err := base64.StdEncoding.DecodeString(one)
		if err != nil {
			return nil, err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 || len(chain) > 8 {
		return nil, errors.New("no chain of certificates")
	}
	return chain, nil
}

// holds says whether the signature is the certificate's over that content.
func (s parsed) holds(d Digest) error {
	if k, is := s.chain[0].PublicKey.(*rsa.PublicKey); is && k.N.BitLen() < 2048 {
		return refuse(Algorithm)
	}
	payload := d.payload()
	signed, err := jose.ParseDetached(s.Protected+".."+s.Signature, payload, algorithms)
	if err != nil {
		return refuse(Malformed)
	}
	if err := signed.DetachedVerify(payload, s.chain[0].PublicKey); err != nil {
		return refuse(Altered)
	}
	return nil
}

// stamped is the time that a time-stamp authority gives, if it is trusted and stands.
func (c *Chains) stamped(ctx context.Context, s parsed, now time.Time) (time.Time, error) {
	st, err := readStamp(s.Header.Stamp)
	if err != nil || st.Over != over(s.Signature) || st.Time.IsZero() {
		return time.Time{}, refuse(StampAltered)
	}
	chain, err := c.leads(st.chain, st.Time, x509.ExtKeyUsageTimeStamping)
	if err != nil || !slices.Contains(chain[0].ExtKeyUsage, x509.ExtKeyUsageTimeStamping) { // a certificate without any use named would do for all
		return time.Time{}, refuse(StampAltered)
	}
	if err := c.standing(ctx, chain, st.Time, now); err != nil {
		if Refuses(err) {
			return time.Time{}, refuse(StampAltered)
		}
		return time.Time{}, err
	}
	return st.Time.UTC(), nil
}

// readStamp proves a time-stamp by the certificate that comes with it, and no more.
func readStamp(compact string) (st struct {
	stamp
	chain []*x509.Certificate
}, err error) {
	signed, err := jose.ParseSignedCompact(compact, algorithms)
	if err != nil {
		return st, err
	}
	header, _, _ := strings.Cut(compact, ".")
	var p protected
	b, err := base64.RawURLEncoding.DecodeString(header)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err == nil {
		st.chain, err = certificates(p.X5C)
	}
	if err != nil {
		return st, err
	}
	body, err := signed.Verify(st.chain[0].PublicKey)
	if err != nil {
		return st, err
	}
	return st, json.Unmarshal(body, &st.stamp)
}

// leads finds the way from a certificate to a trusted root at a moment.
func (c *Chains) leads(sent []*x509.Certificate, at time.Time, use x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	leaf, between := sent[0], x509.NewCertPool()
	for _, cert := range sent[1:] {
		between.AddCert(cert)
	}
	o := x509.VerifyOptions{Roots: c.roots, Intermediates: between, CurrentTime: leaf.NotBefore.Add(time.Second), KeyUsages: []x509.ExtKeyUsage{use}}
	if _, err := leaf.Verify(o); err != nil { // of all that may be wrong, the date is asked last
		var wrong x509.CertificateInvalidError
		if errors.As(err, &wrong) && wrong.Reason == x509.IncompatibleUsage {
			return nil, refuse(WrongUse)
		}
		return nil, refuse(UnknownChain)
	}
	switch {
	case at.Before(leaf.NotBefore):
		return nil, refuse(NotYetValid)
	case at.After(leaf.NotAfter):
		return nil, refuse(Expired)
	case leaf.IsCA, leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return nil, refuse(WrongUse)
	}
	o.CurrentTime = at
	chains, err := leaf.Verify(o)
	if err != nil {
		return nil, refuse(Expired) // of an authority above it
	}
	return chains[0], nil
}

// standing asks each issuer whether it had revoked the certificate below by then.
func (c *Chains) standing(ctx context.Context, chain []*x509.Certificate, at, now time.Time) error {
	for i, cert := range chain[:len(chain)-1] {
		list, err := c.list(ctx, cert, chain[i+1], now)
		if err != nil {
			return fmt.Errorf("%w: %v", ErrRevocationUnknown, err)
		}
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 && !entry.RevocationTime.After(at) {
				return refuse(Revoked)
			}
		}
	}
	return nil
}

// list is the issuer's own list of revoked certificates, if it is not stale.
func (c *Chains) list(ctx context.Context, cert, issuer *x509.Certificate, now time.Time) (*x509.RevocationList, error) {
	err := errors.New("the certificate names no list")
	for _, address := range cert.CRLDistributionPoints {
		var list *x509.RevocationList
		if list, err = c.recent(ctx, address, now); err != nil {
			continue
		}
		switch err = list.CheckSignatureFrom(issuer); {
		case err != nil:
		case now.After(list.NextUpdate):
			err = fmt.Errorf("the list of %s ended on %s", address, list.NextUpdate.Format(time.RFC3339))
		default:
			return list, nil
		}
	}
	return nil, err
}

// recent is a list that was fetched a short while ago, else the one that is there now.
func (c *Chains) recent(ctx context.Context, address string, now time.Time) (*x509.RevocationList, error) {
	c.mu.Lock()
	had, known := c.known[address]
	c.mu.Unlock()
	if known && now.Sub(had.at).Abs() < c.keep && now.Before(had.list.NextUpdate) {
		return had.list, nil
	}
	list, err := c.fetch(ctx, address)
	if err == nil && c.keep > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.known[address] = kept{list, now}
	}
	return list, err
}

func (c *Chains) fetch(ctx context.Context, address string) (*x509.RevocationList, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	answer, err := c.lists.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask for a list: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask %s: %s", address, answer.Status)
	}
	der, err := io.ReadAll(io.LimitReader(answer.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	return x509.ParseRevocationList(der)
}

func (s parsed) evidence(chain []*x509.Certificate) Evidence {
	leaf := s.chain[0]
	e := Evidence{Algorithm: strings.ToLower(s.protected.Alg), Subject: leaf.Subject.CommonName, Serial: leaf.SerialNumber.Text(16), Issuer: hex.EncodeToString(leaf.AuthorityKeyId)}
	if _, is := leaf.PublicKey.(ed25519.PublicKey); is {
		e.Algorithm = "eddsa"
	}
	for _, cert := range chain {
		e.Chain = append(e.Chain, fingerprint(cert))
	}
	return e
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// Off is the Verifier of a system that trusts nobody yet.
type Off struct{}

// Verify says how to mend that.
func (Off) Verify(context.Context, string, Digest, time.Time) (Evidence, error) {
	return Evidence{}, &domain.Refusal{Code: "no_verifier", Field: "signature",
		VI: "Hệ thống chưa biết tin tổ chức chứng thực nào: quản trị hệ thống cần đặt SIGN_ROOTS. Gửi tệp không kèm chữ ký số, hoặc báo quản trị hệ thống.",
		EN: "No certification authority is trusted here yet: the administrator must set SIGN_ROOTS. Send the file without a signature, or tell the administrator."}
}
