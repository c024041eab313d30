package vault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/core/registry"
)

// KMS is how the key management services in VAULT_KEY are reached: hcvault://host/transit/keys/NAME is a key of the transit engine of
// HashiCorp Vault or OpenBao. Each secret that is opened is one question to it.
type KMS struct {
	Token string // by which it knows us
	Roots string // a PEM file of who signed its certificate; empty: the system's
}

// Register makes the services known that the keys name.
func (k KMS) Register(keys string) error {
	for _, one := range strings.Split(keys, ",") {
		if one = strings.TrimSpace(one); !strings.HasPrefix(one, "hcvault://") {
			continue
		}
		if k.Token == "" {
			return errors.New("KMS_TOKEN is not set: VAULT_KEY names a key management service")
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if k.Roots != "" {
			pem, err := os.ReadFile(k.Roots)
			if err != nil {
				return fmt.Errorf("read KMS_ROOTS: %w", err)
			}
			if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
				return fmt.Errorf("KMS_ROOTS %s holds no certificate", k.Roots)
			}
		}
		client, err := hcvault.NewClient(one, config, k.Token)
		if err != nil {
			return fmt.Errorf("reach the key management service: %w", err)
		}
		registry.RegisterKMSClient(client)
	}
	return nil
}
