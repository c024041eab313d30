package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"

	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/inspect"
	"dossier/internal/config"
)

// openFiles opens where files are kept, nil where BLOB_URL or VAULT_KEY is not set.
func openFiles(ctx context.Context, pool *pgxpool.Pool, cfg config.Config, keys *vault.Vault) (*blobs.Files, error) {
	if cfg.Files.BlobURL == "" || keys == nil {
		return nil, nil
	}
	store, err := blobs.OpenStore(ctx, cfg.Files.BlobURL)
	if err != nil {
		return nil, err
	}
	return blobs.NewFiles(pool, store, keys), nil
}

// filesOf are the files of an executor, nil where there is no store.
func filesOf(cfg config.Config, x *handlers.Executor, store *blobs.Files, log *slog.Logger) (*handlers.Files, error) {
	if store == nil {
		return nil, nil
	}
	o := handlers.FilesOptions{Store: store, Most: int64(cfg.Files.MostMB) << 20, Log: log}
	if cfg.Files.Clamd != "" {
		var err error
		if o.Scanner, err = inspect.NewScanner(cfg.Files.Clamd); err != nil {
			return nil, usageError{err}
		}
	}
	return handlers.NewFiles(x, o), nil
}

func (a *app) fileCommand() *cli.Command {
	return group(&cli.Command{
		Name: "file", Usage: "attachments of dossiers: encrypted, scanned, checked against their hash",
		Commands: []*cli.Command{
			{Name: "add", Usage: "upload a file and attach it; with the same --key again it goes on where it was cut", ArgsUsage: "ID|CODE FILE",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "component", Usage: "code of the part that it stands for"},
					&cli.StringFlag{Name: "kind", Usage: "scan or result, of the authority", DefaultText: "what the applicant gives"},
					&cli.StringFlag{Name: "signature", Usage: "its detached signature, proved before it is attached", TakesFile: true},
					&cli.StringFlag{Name: "key", Usage: "names this upload", DefaultText: "made"},
					asFlag("reception"), dataFlag(), formatFlag(),
				}, Action: a.addFile},
			{Name: "get", Usage: "write a file's content; a file that was altered never arrives whole", ArgsUsage: "FILE-ID",
				Flags: []cli.Flag{&cli.StringFlag{Name: "out", Usage: "where to write", DefaultText: "stdout", TakesFile: true}, asFlag("reception"), dataFlag()}, Action: a.getFile},
			{Name: "list", Usage: "the files of a dossier with their names", ArgsUsage: "ID|CODE", Flags: []cli.Flag{asFlag("reception"), dataFlag(), formatFlag()}, Action: a.listFiles},
		},
	})
}

func (a *app) addFile(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 2 {
		return usageError{fmt.Errorf("%s ID|CODE FILE", cmd.FullName())}
	}
	f, err := os.Open(cmd.Args().Get(1))
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read file: %w", err)
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
	n := handlers.NewFile{Name: filepath.Base(f.Name()), Size: info.Size(), Component: cmd.String("component"), Kind: cmd.String("kind"), Signature: signature}
	progress, done := a.progress("upload")
	line, err := d.addFile(ctx, cmd.Args().First(), or(cmd.String("key"), handlers.NewKey()), n, f, progress)
	done()
	if err != nil {
		return err
	}
	return printFiles(a, cmd, []handlers.FileLine{line})
}

// told tells a progress bar of what is read.
type told struct {
	r      io.Reader
	at, of int64
	tell   func(done, total int64)
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.at += int64(n); t.tell != nil {
		t.tell(t.at, t.of)
	}
	return n, err
}

func (a *app) getFile(ctx context.Context, cmd *cli.Command) error {
	id, err := uuid.Parse(cmd.Args().First())
	if err != nil || cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("%s FILE-ID: 'dossier file list' shows the ids", cmd.FullName())}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	return d.readFile(ctx, id, func(copyTo func(io.Writer) error) error { return writeContent(a, cmd.String("out"), copyTo) })
}

// writeContent puts a file beside its place and moves it there once it is whole.
func writeContent(a *app, out string, copyTo func(io.Writer) error) error {
	if out == "" {
		return copyTo(a.stdout)
	}
	temp, err := os.CreateTemp(filepath.Dir(out), ".coming-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	if err := copyTo(temp); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), out)
}

func (a *app) listFiles(ctx context.Context, cmd *cli.Command) error {
	return over(a, cmd, func(d desk, target string) ([]handlers.FileLine, error) { return d.files(ctx, target) }, func(lines []handlers.FileLine) error { return printFiles(a, cmd, lines) })
}

func printFiles(a *app, cmd *cli.Command, lines []handlers.FileLine) error {
	t := &table{columns: []string{"id", "name", "media", "size", "state", "component", "kind", "signed by"}}
	for _, n := range lines {
		t.add(n, n.ID.String(), n.Name, n.Media, fmt.Sprint(n.Size), string(n.State), string(n.Component), n.Kind, strings.Join(n.SignedBy, " "))
	}
	return t.print(a.stdout, cmd)
}

// verifyFiles reads every clean file and holds it against its hash and the event that names it.
func (a *app) verifyFiles(ctx context.Context, s *system) error {
	said, err := attachedFiles(ctx, s)
	if err != nil {
		return err
	}
	if s.store == nil {
		if len(said) > 0 {
			return checkError{fmt.Errorf("%d events name files, but BLOB_URL or VAULT_KEY is not set: they cannot be proved", len(said))}
		}
		return nil
	}
	progress, done := a.progress("files")
	r, err := s.store.Verify(ctx, said, func(n int64) {
		if progress != nil {
			progress(n, int64(len(said)))
		}
	})
	done()
	if err != nil {
		return fmt.Errorf("verify files: %w", err)
	}
	fmt.Fprintf(a.stdout, "files        %d read and hashed, named by %d events; erased with their key: %d, altered: %d, missing: %d\n", r.Files, len(said), r.Erased, len(r.Altered), len(r.Missing))
	if len(r.Altered)+len(r.Missing) > 0 {
		return checkError{fmt.Errorf("files that are not what was taken in: altered %s, missing %s; bring them back from a backup of the blob store", ids(r.Altered), ids(r.Missing))}
	}
	return nil
}

func ids(list []uuid.UUID) string {
	if len(list) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, id := range list {
		if i == 20 {
			fmt.Fprintf(&b, " and %d more", len(list)-i)
			break
		}
		b.WriteString(" " + id.String())
	}
	return strings.TrimSpace(b.String())
}

// attachedFiles are those that events name, with the commitment each says.
func attachedFiles(ctx context.Context, s *system) (map[uuid.UUID]string, error) {
	said := map[uuid.UUID]string{}
	head, err := s.journal.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read head: %w", err)
	}
	for after := int64(0); after < head; {
		events, err := s.journal.Page(ctx, after, 2000)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			after = e.Position
			if e.Type != "dossier.file-attached" {
				continue
			}
			var f struct {
				File       uuid.UUID `json:"file"`
				Commitment string    `json:"commitment"`
			}
			if json.Unmarshal(e.Data, &f) == nil { // an import may name a file of another system: no id of ours
				said[f.File] = f.Commitment
			}
		}
	}
	return said, nil
}
