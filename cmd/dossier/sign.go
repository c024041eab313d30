package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/handlers/localca"
	"dossier/handlers/signing"
	"dossier/internal/config"
)

// signingOf is who signs and who proves by the settings: the test CA of a development folder, else what production names; nil: nobody.
func signingOf(cfg config.Config, clock *simClock) (signing.Signer, signing.Verifier, error) {
	if cfg.Signing.LocalCA != "" {
		ca, err := localca.Open(cfg.Signing.LocalCA, clock.now())
		if err != nil {
			return nil, nil, err
		}
		return ca, ca.Verifier(), nil
	}
	if cfg.Signing.URL != "" && cfg.VaultKey == "" {
		return nil, nil, usageError{errors.New("SIGNER_URL is set, but VAULT_KEY is not: signatures name people and lie in the vault")}
	}
	if cfg.Signing.Roots == "" {
		if cfg.Signing.URL != "" {
			return nil, nil, usageError{errors.New("SIGNER_URL is set, but SIGN_ROOTS is not: nobody could prove what it signs; name a PEM file of the roots to trust")}
		}
		return nil, nil, nil
	}
	roots, err := readRoots(cfg.Signing.Roots)
	if err != nil {
		return nil, nil, usageError{err}
	}
	verifier := signing.NewChains(roots, nil).Keep(5 * time.Minute)
	if cfg.Signing.URL == "" {
		return nil, verifier, nil
	}
	return signing.NewRemote(cfg.Signing.URL, cfg.Signing.Token), verifier, nil
}

func readRoots(file string) (roots []*x509.Certificate, err error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("SIGN_ROOTS: %w", err)
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("SIGN_ROOTS %s: %w", file, err)
		}
		if cert.Subject.CommonName == localca.Name {
			return nil, fmt.Errorf("SIGN_ROOTS %s trusts the test CA of a development stack, whose keys lie open: take it out", file)
		}
		roots = append(roots, cert)
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("SIGN_ROOTS %s holds no certificate in PEM", file)
	}
	return roots, nil
}

func (a *app) signCommand() *cli.Command {
	return &cli.Command{
		Name: "sign", Usage: "sign a file of a dossier, its result, or a file on disk",
		ArgsUsage: "FILE-ID | result ID|CODE",
		UsageText: "dossier sign FILE-ID --as reception\n   dossier sign result ID|CODE --if-version N --as approver\n   dossier sign --disk paper.pdf --as citizen > paper.pdf.jws",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "signature", Usage: "bring a signature that was made elsewhere (FILE-ID)", TakesFile: true},
			&cli.StringFlag{Name: "means", Usage: "result: paper or digital", DefaultText: "digital where there is a signer"},
			&cli.StringFlag{Name: "result", Usage: "result: the file that is signed", DefaultText: "the last result attached, else the decision itself"},
			&cli.Int64Flag{Name: "if-version", Usage: "result: the version that was looked at"},
			&cli.StringFlag{Name: "disk", Usage: "sign this file, which is in no dossier, and print the signature", TakesFile: true},
			&cli.StringFlag{Name: "out", Usage: "disk: where to write the signature", DefaultText: "stdout", TakesFile: true},
			&cli.StringFlag{Name: "key", Usage: "idempotency key", DefaultText: "made", Sources: cli.EnvVars("DOSSIER_KEY")},
			asFlag("approver"), dataFlag(), formatFlag(),
		},
		Action: a.sign,
	}
}

func (a *app) sign(ctx context.Context, cmd *cli.Command) error {
	result := cmd.Args().First() == "result"
	switch n := cmd.Args().Len(); {
	case cmd.String("disk") != "" && n == 0:
		return a.signDisk(ctx, cmd)
	case result && n == 2, !result && n == 1:
	default:
		return usageError{fmt.Errorf("%s FILE-ID, or result ID|CODE, or --disk FILE", cmd.FullName())}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	key := or(cmd.String("key"), handlers.NewKey())
	if result {
		w, err := signingResult(cmd, key)
		if err != nil {
			return err
		}
		r, err := d.do(ctx, cmd.Args().Get(1), w)
		return a.printReceipt(cmd, r, err)
	}
	file, err := uuid.Parse(cmd.Args().First())
	if err != nil {
		return usageError{fmt.Errorf("%q is no FILE-ID: 'dossier file list' shows them", cmd.Args().First())}
	}
	signature, err := readSignature(cmd.String("signature"))
	if err != nil {
		return err
	}
	r, err := d.signFile(ctx, file, signature, key)
	return a.printReceipt(cmd, r, err)
}

// signingResult is the wish to sign a result.
func signingResult(cmd *cli.Command, key string) (w wish, err error) {
	c := dossier.SignResult{Means: dossier.Means(cmd.String("means")), File: dossier.Ref(cmd.String("result"))}
	w.command, w.name = c, "sign"
	w.envelope = handlers.Envelope{Key: key, Body: []byte(string(c.Means) + " " + string(c.File))}
	if cmd.IsSet("if-version") {
		v := cmd.Int64("if-version")
		w.envelope.Expected = &v
	}
	w.members, err = json.Marshal(c)
	return w, err
}

// signDisk signs what is in no dossier, for the account: what an applicant's own software does elsewhere.
func (a *app) signDisk(ctx context.Context, cmd *cli.Command) error {
	if cmd.String("server") != "" {
		return databaseOnly(cmd.FullName()+" --disk", "it stands for an applicant's own software; what a server signs is in a dossier")
	}
	d, err := digestOf(cmd.String("disk"))
	if err != nil {
		return err
	}
	s, actor, err := a.openAs(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	signer, _, err := signingOf(s.cfg, s.clock)
	if err != nil {
		return err
	}
	if signer == nil {
		return errors.New("there is no signing service here: set SIGNER_URL and SIGN_ROOTS")
	}
	signature, err := signer.Sign(ctx, actor.Account, d)
	if err != nil {
		return fmt.Errorf("sign %s: %w", cmd.String("disk"), err)
	}
	if out := cmd.String("out"); out != "" {
		if err := os.WriteFile(out, []byte(signature+"\n"), 0o644); err != nil {
			return fmt.Errorf("write signature: %w", err)
		}
		return nil
	}
	_, err = fmt.Fprintln(a.stdout, signature)
	return err
}

func digestOf(file string) (signing.Digest, error) {
	f, err := os.Open(file)
	if err != nil {
		return signing.Digest{}, usageError{fmt.Errorf("read file: %w", err)}
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return signing.Digest{}, fmt.Errorf("read file: %w", err)
	}
	return signing.Digest(sum.Sum(nil)), nil
}

// readSignature reads one from a file; no name is none.
func readSignature(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", usageError{fmt.Errorf("read signature: %w", err)}
	}
	return string(b), nil
}

func (a *app) signatureCommand() *cli.Command {
	return group(&cli.Command{
		Name: "signature", Usage: "who signed what, and whether it holds",
		Commands: []*cli.Command{
			{
				Name: "verify", Usage: "hold signatures against what they are under; exit code 3 when one does not hold",
				ArgsUsage: "FILE-ID | ID|CODE", UsageText: "dossier signature verify FILE-ID\n   dossier signature verify ID|CODE\n   dossier signature verify --file paper.pdf --signature paper.pdf.jws",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "file", Usage: "a file that is in no dossier", TakesFile: true},
					&cli.StringFlag{Name: "signature", Usage: "the signature of that file", TakesFile: true},
					asFlag("auditor"), dataFlag(), formatFlag(),
				},
				Action: a.verifySignature,
			},
		},
	})
}

func (a *app) verifySignature(ctx context.Context, cmd *cli.Command) error {
	outside := cmd.String("file") != ""
	if outside == (cmd.Args().Len() == 1) || outside != (cmd.String("signature") != "") {
		return usageError{fmt.Errorf("%s FILE-ID or ID|CODE, or --file FILE --signature FILE", cmd.FullName())}
	}
	if outside {
		return a.verifyOutside(ctx, cmd)
	}
	return atDesk(a, cmd, func(d desk) ([]handlers.SignatureLine, error) { return d.signatures(ctx, cmd.Args().First()) },
		func(lines []handlers.SignatureLine) error { return a.printSignatures(cmd, lines) })
}

func (a *app) printSignatures(cmd *cli.Command, lines []handlers.SignatureLine) error {
	t := &table{columns: []string{"version", "under", "means", "block", "signer", "signed", "time", "certificate", "state", "today"}}
	var wrong error
	for _, l := range lines {
		under, block, signed := string(l.File), l.Block, ""
		if l.Result {
			under = "result " + under
		}
		if l.For != "" {
			block = blockOf(l.Block, l.For)
		}
		if l.SignedAt != nil {
			signed = instant(*l.SignedAt)
		}
		t.add(l, fmt.Sprint(l.Version), under, string(l.Means), block, or(l.Subject, l.By.Account), signed, l.Time, l.Serial, l.State, l.Today)
		if l.State != handlers.SignatureHolds && l.State != handlers.SignaturePaper && l.State != handlers.SignatureErased {
			wrong = checkError{fmt.Errorf("the signature of version %d does not hold: %s", l.Version, l.State)}
		}
	}
	if err := t.print(a.stdout, cmd); err != nil {
		return err
	}
	return wrong
}

// blockOf is the signature block of who signs in another's place.
func blockOf(block, of string) string {
	if block == "" {
		return ""
	}
	return words("signature_block", block) + ", " + of
}

func (a *app) verifyOutside(ctx context.Context, cmd *cli.Command) error {
	sum, err := digestOf(cmd.String("file"))
	if err != nil {
		return err
	}
	signature, err := readSignature(cmd.String("signature"))
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	e, err := d.prove(ctx, signature, sum)
	if signing.Refuses(err) {
		return checkError{errors.New(explain(err))}
	}
	if err != nil {
		return err
	}
	t := &table{columns: []string{"signer", "signed", "time", "certificate", "issuer", "algorithm", "revocation"}}
	t.add(e, e.Subject, instant(e.SignedAt), string(e.Time), e.Serial, e.Issuer, e.Algorithm, e.Revocation+" "+instant(e.AskedAt))
	return t.print(a.stdout, cmd)
}

// verifySignatures holds every signature of the journal against what it is under.
func (a *app) verifySignatures(ctx context.Context, s *system) error {
	progress, done := a.progress("signatures")
	r, err := s.executor.CheckSignatures(ctx, progress)
	done()
	if err != nil {
		return fmt.Errorf("verify signatures: %w", err)
	}
	fmt.Fprintf(a.stdout, "signatures   %d digital held against what they are under, erased with their key: %d, on paper: %d, wrong: %d\n", r.Digital, r.Erased, r.Paper, r.Failed)
	if r.Failed > 0 {
		w := r.Wrong[0]
		return checkError{fmt.Errorf("%d signatures do not hold; the first: dossier %s, version %d: %s; 'dossier signature verify %s' tells more", r.Failed, r.Dossiers[0], w.Version, w.State, r.Dossiers[0])}
	}
	return nil
}
