// Package config is the one place where environment variables become settings; a secret can also be read from a file named
// by NAME_FILE, and is masked whenever settings are shown.
package config

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Config is what `dossier` runs with. The zero value of a field means: not set.
type Config struct {
	Database struct {
		URL        string `json:"url,omitempty"`         // the application's role
		AdminURL   string `json:"admin_url,omitempty"`   // dev only: the superuser, for the caller's own psql
		MigrateURL string `json:"migrate_url,omitempty"` // the owner's role
	} `json:"database"`
	Kafka struct {
		Brokers       []string `json:"brokers,omitempty"`
		Topic         string   `json:"topic,omitempty"`
		Partitions    int      `json:"partitions,omitempty"` // of a topic that the relay has to make; divides 64
		Replication   int      `json:"replication,omitempty"`
		TLS           bool     `json:"tls,omitempty"`
		SASLMechanism string   `json:"sasl_mechanism,omitempty"`
		SASLUsername  string   `json:"sasl_username,omitempty"`
		SASLPassword  string   `json:"sasl_password,omitempty"`
	} `json:"kafka"`
	HTTP struct {
		Addr          string   `json:"addr,omitempty"`
		PublicURL     string   `json:"public_url,omitempty"`
		Proxies       []string `json:"proxies,omitempty"`         // whose X-Forwarded-For is believed
		RateOfOne     int      `json:"rate_of_one,omitempty"`     // requests a minute of one account
		RateOfAddress int      `json:"rate_of_address,omitempty"` // and of one address
	} `json:"http"`
	OIDC struct {
		Issuer       string `json:"issuer,omitempty"`        // URL of who says who people are; empty: nobody signs in
		Name         string `json:"name,omitempty"`          // dev only: what subjects are kept under, for the URL changes with each start
		ClientID     string `json:"client_id,omitempty"`     // by which it knows us
		ClientSecret string `json:"client_secret,omitempty"` // likewise
		AccountClaim string `json:"account_claim,omitempty"` // names the account of the organisation; empty: subjects are linked one by one
		LevelClaim   string `json:"level_claim,omitempty"`   // how sure it is of who somebody is
		KindClaim    string `json:"kind_claim,omitempty"`    // "organisation", or else a citizen
		Applicants   bool   `json:"applicants,omitempty"`    // whom nobody linked may file; else it is refused
	} `json:"oidc"`
	Session struct {
		IdleMinutes int `json:"idle_minutes,omitempty"`
		Hours       int `json:"hours,omitempty"`
	} `json:"session"`
	Payment struct {
		URL string `json:"url,omitempty"` // of the payment provider; empty: nothing is paid online
		Key string `json:"key,omitempty"` // under which it signs its callbacks
	} `json:"payment"`
	Invoice struct {
		URL   string `json:"url,omitempty"`   // of the service for electronic invoices; empty: none is sent
		Key   string `json:"key,omitempty"`   // sent as a bearer token
		Spool string `json:"spool,omitempty"` // the folder that knows which were sent
	} `json:"invoice"`
	Registry struct {
		URL string `json:"url,omitempty"` // of the registers in which parts of a dossier are looked up; empty: none is
		Key string `json:"key,omitempty"` // sent as a bearer token
	} `json:"registry"`
	Signing struct {
		URL     string `json:"url,omitempty"`      // of the signing service; empty: results are signed on paper
		Token   string `json:"token,omitempty"`    // by which it knows us
		Roots   string `json:"roots,omitempty"`    // a PEM file: whose signatures are taken; empty: nobody's
		LocalCA string `json:"local_ca,omitempty"` // dev only: the folder of a test CA that signs for everybody
	} `json:"signing"`
	CommandKey string `json:"command_key,omitempty"`
	KMS        struct {
		Token string `json:"token,omitempty"` // by which a key management service in VAULT_KEY knows us
		Roots string `json:"roots,omitempty"` // a PEM file of who signed its certificate
	} `json:"kms"`
	ErasureList string `json:"erasure_list,omitempty"` // file:///… outside the database, to which erasures are written
	VaultKey    string `json:"vault_key,omitempty"`    // wraps the keys of persons and dossiers; the newest first, separated by commas
	Files       struct {
		BlobURL string `json:"blob_url,omitempty"` // file:///folder or s3://KEY:SECRET@host:port/bucket
		Clamd   string `json:"clamd,omitempty"`    // host:port, or the path of its socket; none: uploads are refused
		MostMB  int    `json:"most_mb,omitempty"`  // of one file
	} `json:"files"`
	ArchiveDir string `json:"archive_dir,omitempty"` // folder of the files that old partitions were moved to
	Codes      string `json:"codes,omitempty"`       // how dossiers are numbered
	Timers     string `json:"timers,omitempty"`      // a file: who is told at which share of a limit
	Zone       string `json:"zone"`
	Log        struct {
		Level  string `json:"level"`
		Format string `json:"format,omitempty"`
	} `json:"log"`
	Source string `json:"source"` // "environment" or the dev folder it was read from
	PID    int    `json:"pid,omitempty"`
}

// FromEnv reads the settings; getenv is os.Getenv outside tests.
func FromEnv(getenv func(string) string) (Config, error) {
	env := reader{getenv: getenv}
	c := Config{Source: "environment"}
	c.Database.URL = env.secret("DATABASE_URL")
	if c.Database.URL == "" && getenv("PGHOST") != "" {
		c.Database.URL = "postgres://" // libpq's own variables fill in the rest
	}
	c.Database.MigrateURL = env.secret("MIGRATE_DATABASE_URL")
	c.Kafka.Brokers = list(getenv("KAFKA_BROKERS"))
	c.Kafka.Topic = or(getenv("KAFKA_TOPIC"), "dossier.events.v1")
	c.Kafka.Partitions = env.number("KAFKA_PARTITIONS", 0)   // 0: 64, as many as there are lanes
	c.Kafka.Replication = env.number("KAFKA_REPLICATION", 0) // 0: as the brokers do by default
	c.Kafka.TLS = env.truth("KAFKA_TLS")
	c.Kafka.SASLMechanism = getenv("KAFKA_SASL_MECHANISM")
	c.Kafka.SASLUsername = getenv("KAFKA_SASL_USERNAME")
	c.Kafka.SASLPassword = env.secret("KAFKA_SASL_PASSWORD")
	c.HTTP.Addr = or(getenv("HTTP_ADDR"), "127.0.0.1:8080")
	c.HTTP.PublicURL = getenv("PUBLIC_URL")
	c.HTTP.Proxies = list(getenv("TRUSTED_PROXIES"))
	c.HTTP.RateOfOne, c.HTTP.RateOfAddress = env.number("RATE_PER_ACCOUNT", 6000), env.number("RATE_PER_ADDRESS", 30000)
	c.OIDC.Issuer, c.OIDC.ClientID, c.OIDC.ClientSecret = getenv("OIDC_ISSUER_URL"), getenv("OIDC_CLIENT_ID"), env.secret("OIDC_CLIENT_SECRET")
	c.OIDC.AccountClaim, c.OIDC.LevelClaim, c.OIDC.KindClaim = getenv("OIDC_ACCOUNT_CLAIM"), or(getenv("OIDC_LEVEL_CLAIM"), "acr"), getenv("OIDC_KIND_CLAIM")
	c.OIDC.Applicants = env.truth("OIDC_APPLICANTS")
	c.Session.IdleMinutes, c.Session.Hours = env.number("SESSION_IDLE_MINUTES", 30), env.number("SESSION_HOURS", 12)
	c.Payment.URL, c.Payment.Key = getenv("PAYMENT_URL"), env.secret("PAYMENT_KEY")
	c.Invoice.URL, c.Invoice.Key, c.Invoice.Spool = getenv("INVOICE_URL"), env.secret("INVOICE_KEY"), getenv("INVOICE_SPOOL")
	c.Registry.URL, c.Registry.Key = getenv("REGISTRY_URL"), env.secret("REGISTRY_KEY")
	c.Signing.URL, c.Signing.Token, c.Signing.Roots = getenv("SIGNER_URL"), env.secret("SIGNER_TOKEN"), getenv("SIGN_ROOTS")
	c.CommandKey = env.secret("COMMAND_KEY")
	c.KMS.Token, c.KMS.Roots = env.secret("KMS_TOKEN"), getenv("KMS_ROOTS")
	c.ErasureList = getenv("ERASURE_LIST_URL")
	c.VaultKey = env.secret("VAULT_KEY")
	c.Files.BlobURL = env.secret("BLOB_URL")
	c.Files.Clamd = getenv("CLAMD_ADDR")
	c.Files.MostMB = env.number("FILE_LIMIT_MB", 200)
	c.ArchiveDir = getenv("ARCHIVE_DIR")
	c.Codes = getenv("DOSSIER_CODES")
	c.Timers = getenv("DOSSIER_TIMERS")
	c.Zone = or(getenv("DOSSIER_ZONE"), "Asia/Ho_Chi_Minh")
	c.Log.Level = or(getenv("LOG_LEVEL"), "info")
	c.Log.Format = getenv("LOG_FORMAT")
	return c, env.err
}

// Masked is the same with every secret replaced, fit for a screen or a log.
func (c Config) Masked() Config {
	c.Database.URL = maskURL(c.Database.URL)
	c.Database.AdminURL = maskURL(c.Database.AdminURL)
	c.Database.MigrateURL = maskURL(c.Database.MigrateURL)
	c.Kafka.SASLPassword = mask(c.Kafka.SASLPassword)
	c.CommandKey = mask(c.CommandKey)
	c.VaultKey = mask(c.VaultKey)
	c.OIDC.ClientSecret = mask(c.OIDC.ClientSecret)
	c.Payment.Key = mask(c.Payment.Key)
	c.Invoice.Key = mask(c.Invoice.Key)
	c.Registry.Key = mask(c.Registry.Key)
	c.KMS.Token = mask(c.KMS.Token)
	c.Signing.Token = mask(c.Signing.Token)
	c.Files.BlobURL = maskURL(c.Files.BlobURL)
	return c
}

// TLS returns what a Kafka client needs, or nil for a plain connection.
func (c Config) TLS() *tls.Config {
	if !c.Kafka.TLS {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// Save writes the settings where other commands of the same user find them.
func (c Config) Save(file string) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// Load is the inverse of Save.
func Load(file string) (Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	var c Config
	if err := json.Unmarshal(b, &c); err != nil {
		return Config{}, fmt.Errorf("read settings %s: %w", file, err)
	}
	return c, nil
}

// reader collects the first thing that is wrong, so that FromEnv reads as a list.
type reader struct {
	getenv func(string) string
	err    error
}

func (r *reader) secret(name string) string {
	if v := r.getenv(name); v != "" {
		return v
	}
	file := r.getenv(name + "_FILE")
	if file == "" {
		return ""
	}
	b, err := os.ReadFile(file)
	if err != nil {
		r.fail("%s_FILE: %v", name, err)
	}
	return strings.TrimSpace(string(b))
}

func (r *reader) truth(name string) bool {
	switch v := r.getenv(name); v {
	case "", "0", "false", "no":
		return false
	case "1", "true", "yes":
		return true
	default:
		r.fail("%s is %q: say true or false", name, v)
		return false
	}
}

func (r *reader) number(name string, otherwise int) int {
	v := r.getenv(name)
	if v == "" {
		return otherwise
	}
	var n int
	if _, err := fmt.Sscanf(v, "%d", &n); err != nil || n < 1 {
		r.fail("%s is %q: say a number from 1 up", name, v)
	}
	return n
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func list(s string) (parts []string) {
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func mask(s string) string {
	if s == "" {
		return ""
	}
	return "********"
}

func maskURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return mask(s)
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "********")
	}
	q := u.Query()
	if q.Has("password") {
		q.Set("password", "********")
		u.RawQuery = q.Encode()
	}
	return u.String()
}
