// Package signing says whose hand stands under a content, and since when: a detached signature is worth what its chain, its time and the
// state of its certificate at that time are worth.
//
// A signature is a flattened JWS without its payload (RFC 7515, Appendix F). The payload is the content's digest as RFC 9530 writes it,
// "sha-256=:…:", so that a large file is never held in memory and anybody can make one with openssl and any JWS library.
package signing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Digest is the SHA-256 of what is signed.
type Digest [sha256.Size]byte

// DigestOf hashes a content that is held in memory.
func DigestOf(content []byte) Digest { return sha256.Sum256(content) }

func (d Digest) payload() []byte {
	return []byte("sha-256=:" + base64.StdEncoding.EncodeToString(d[:]) + ":")
}

// A Signer puts an account's hand under a content. Keys stay where it is. What it returns a Verifier proves.
type Signer interface {
	Sign(ctx context.Context, account string, d Digest) (string, error)
}

// A Verifier proves a signature over a content; a *domain.Refusal says what is wrong with it, any other error that it cannot be told now.
type Verifier interface {
	Verify(ctx context.Context, signature string, d Digest, now time.Time) (Evidence, error)
}

// Evidence is what was found of a signature that holds. Subject and Serial tell who signed, so they may be personal.
type Evidence struct {
	Algorithm  string    `json:"algorithm"`
	Subject    string    `json:"subject"` // common name of the signer's certificate
	Serial     string    `json:"serial"`  // hexadecimal
	Issuer     string    `json:"issuer"`  // key id of the issuing CA, hexadecimal
	Chain      []string  `json:"chain"`   // SHA-256 of each certificate, hexadecimal, the signer's first, the root last
	SignedAt   time.Time `json:"signed_at"`
	Time       TimeBy    `json:"time"`
	Revocation string    `json:"revocation"` // "good": nothing else holds
	AskedAt    time.Time `json:"asked_at"`   // when that was asked
}

// TimeBy is who says when it was signed.
type TimeBy string

// A stamped time is proved by a time-stamp authority; a claimed one is said by the signer, so the certificate must be good now too.
const (
	Stamped TimeBy = "stamped"
	Claimed TimeBy = "claimed"
)

// Good is the one state of a certificate with which a signature holds.
const Good = "good"

// flattened is a signature as it travels (RFC 7515, 7.2.2), without its payload.
type flattened struct {
	Protected string `json:"protected"`
	Header    struct {
		Stamp string `json:"tst,omitempty"` // time-stamp: a compact JWS over the signature
	} `json:"header,omitzero"`
	Signature string `json:"signature"`
}

// protected is what we read of the protected header.
type protected struct {
	Alg string   `json:"alg"`
	At  int64    `json:"iat"` // the time that the signer claims, in seconds
	X5C []string `json:"x5c"` // the signer's certificate first, base64 of DER
}

// stamp is what a time-stamp authority signs.
type stamp struct {
	Over string    `json:"over"` // SHA-256 of the signature, base64url
	Time time.Time `json:"time"`
}

// algorithms are those with which a signature is taken: what issuing CAs of citizens use, and nothing that is broken or symmetric.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}

// Make signs with a key that is here: what local and test signers do. Of two times the stamp's counts; a nil stamper stamps nothing, a zero
// time claims none.
func Make(key jose.SigningKey, chain [][]byte, d Digest, claimed time.Time, stamper func(over string) (string, error)) (string, error) {
	o := (&jose.SignerOptions{}).WithHeader("x5c", encodeChain(chain))
	if !claimed.IsZero() {
		o = o.WithHeader("iat", claimed.Unix())
	}
	signer, err := jose.NewSigner(key, o)
	if err != nil {
		return "", fmt.Errorf("prepare to sign: %w", err)
	}
	signed, err := signer.Sign(d.payload())
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	compact, err := signed.DetachedCompactSerialize()
	if err != nil {
		return "", fmt.Errorf("write a signature: %w", err)
	}
	parts := strings.Split(compact, ".")
	f := flattened{Protected: parts[0], Signature: parts[2]}
	if stamper != nil {
		if f.Header.Stamp, err = stamper(over(f.Signature)); err != nil {
			return "", fmt.Errorf("stamp a signature with its time: %w", err)
		}
	}
	written, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("write a signature: %w", err)
	}
	return string(written), nil
}

// MakeStamp is a time-stamp over what Make gives to its stamper.
func MakeStamp(key jose.SigningKey, chain [][]byte, over string, at time.Time) (string, error) {
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithHeader("x5c", encodeChain(chain)))
	if err != nil {
		return "", fmt.Errorf("prepare a time-stamp: %w", err)
	}
	body, err := json.Marshal(stamp{over, at.UTC()})
	if err != nil {
		return "", fmt.Errorf("write a time-stamp: %w", err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("sign a time-stamp: %w", err)
	}
	return signed.CompactSerialize()
}

func over(signature string) string {
	sum := sha256.Sum256([]byte(signature))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func encodeChain(chain [][]byte) []string {
	all := make([]string, len(chain))
	for i, der := range chain {
		all[i] = base64.StdEncoding.EncodeToString(der)
	}
	return all
}
