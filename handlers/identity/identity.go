// Package identity says who calls: a program by a key, a person by a session that an issuer of OpenID Connect vouched for.
//
// Of each secret only a hash is kept. Whom a key or a session acts as is asked of the organisation at every act, so that a
// role that ended ends there too.
package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"net/http"

	"dossier/domain"
	"dossier/handlers"
)

// Any asks one after the other who a request comes from. The first that knows its credential decides, also when it refuses it.
type Any []handlers.Authenticator

// Authenticate returns the first answer other than handlers.ErrUnauthenticated.
func (all Any) Authenticate(r *http.Request) (domain.Actor, error) {
	for _, one := range all {
		if a, err := one.Authenticate(r); !errors.Is(err, handlers.ErrUnauthenticated) {
			return a, err
		}
	}
	return domain.Actor{}, handlers.ErrUnauthenticated
}

// secret is 32 random bytes, written for headers and cookies.
func secret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashed is what is kept of a secret. It is random and long, so a fast hash is enough.
func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// letters are those of prefixes: they can be read aloud.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func unauthorized(code, vi, en string) error {
	return &handlers.Failure{Status: http.StatusUnauthorized, Code: code, VI: vi, EN: en}
}

func forbidden(code, vi, en string) error {
	return &handlers.Failure{Status: http.StatusForbidden, Code: code, VI: vi, EN: en}
}
