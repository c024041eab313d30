package main

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"dossier/domain/code"
	"dossier/internal/config"
)

func (a *app) configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "show the settings in force, secrets masked",
		Flags: []cli.Flag{dataFlag(), formatFlag()},
		Action: func(_ context.Context, cmd *cli.Command) error {
			cfg, err := a.settings(cmd)
			if err != nil {
				return err
			}
			return a.showConfig(cmd, cfg.Masked())
		},
	}
}

// settings are those of the environment, or of the development stack that runs.
func (a *app) settings(cmd *cli.Command) (config.Config, error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return cfg, usageError{err}
	}
	if cfg.Database.URL == "" {
		folder, err := a.folder(cmd)
		if err != nil {
			return cfg, err
		}
		if dev, ok := runningDev(folder); ok {
			cfg = dev
		}
	}
	return cfg, nil
}

func (a *app) showConfig(cmd *cli.Command, c config.Config) error {
	if cmd.String("output") == "json" {
		return printJSON(a.stdout, c)
	}
	t := &table{columns: []string{"setting", "value", "environment"}}
	add := func(name, value, env string) {
		t.add(map[string]string{"setting": name, "value": value, "environment": env}, name, value, env)
	}
	add("source", c.Source, "")
	add("database.url", c.Database.URL, "DATABASE_URL")
	add("database.migrate_url", c.Database.MigrateURL, "MIGRATE_DATABASE_URL")
	add("database.admin_url", c.Database.AdminURL, "(development only)")
	add("files.blob_url", c.Files.BlobURL, "BLOB_URL")
	add("files.clamd", c.Files.Clamd, "CLAMD_ADDR")
	add("files.most_mb", strconv.Itoa(c.Files.MostMB), "FILE_LIMIT_MB")
	add("kafka.brokers", strings.Join(c.Kafka.Brokers, ","), "KAFKA_BROKERS")
	add("kafka.topic", c.Kafka.Topic, "KAFKA_TOPIC")
	add("kafka.sasl_mechanism", c.Kafka.SASLMechanism, "KAFKA_SASL_MECHANISM")
	add("kafka.sasl_username", c.Kafka.SASLUsername, "KAFKA_SASL_USERNAME")
	add("kafka.sasl_password", c.Kafka.SASLPassword, "KAFKA_SASL_PASSWORD")
	add("http.addr", c.HTTP.Addr, "HTTP_ADDR")
	add("http.public_url", c.HTTP.PublicURL, "PUBLIC_URL")
	add("payment.url", c.Payment.URL, "PAYMENT_URL")
	add("payment.key", c.Payment.Key, "PAYMENT_KEY")
	add("invoice.url", c.Invoice.URL, "INVOICE_URL")
	add("invoice.key", c.Invoice.Key, "INVOICE_KEY")
	add("invoice.spool", c.Invoice.Spool, "INVOICE_SPOOL")
	add("registry.url", c.Registry.URL, "REGISTRY_URL")
	add("registry.key", c.Registry.Key, "REGISTRY_KEY")
	add("signing.url", c.Signing.URL, "SIGNER_URL")
	add("signing.token", c.Signing.Token, "SIGNER_TOKEN")
	add("signing.roots", c.Signing.Roots, "SIGN_ROOTS")
	add("signing.local_ca", c.Signing.LocalCA, "(development only)")
	add("command_key", c.CommandKey, "COMMAND_KEY")
	add("vault_key", c.VaultKey, "VAULT_KEY")
	add("kms.token", c.KMS.Token, "KMS_TOKEN")
	add("kms.roots", c.KMS.Roots, "KMS_ROOTS")
	add("erasure_list", c.ErasureList, "ERASURE_LIST_URL")
	add("archive_dir", c.ArchiveDir, "ARCHIVE_DIR")
	add("codes", cmp.Or(c.Codes, code.DefaultRules), "DOSSIER_CODES")
	add("timers", cmp.Or(c.Timers, "those that ship"), "DOSSIER_TIMERS")
	add("zone", c.Zone, "DOSSIER_ZONE")
	add("log.level", c.Log.Level, "LOG_LEVEL")
	add("log.format", c.Log.Format, "LOG_FORMAT")
	return t.print(a.stdout, cmd)
}
