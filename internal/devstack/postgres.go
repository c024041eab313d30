package devstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the role that owns a private Postgres.
const Superuser = "postgres"

// PostgresOptions says where a private Postgres lives and how careful it is.
type PostgresOptions struct {
	Dir            string       // everything of this Postgres: data, lock, log. Empty: a temporary folder, gone after Stop
	Durable        bool         // fsync on. Off: a power cut may lose the folder; a killed process never does
	Bin            string       // folder that holds initdb and postgres; empty: $DOSSIER_POSTGRES_BIN, then found or fetched
	MaxConnections int          // default 700: a bench compares with 512 clients of its own
	Settings       []string     // more of the server's, "name=value"; they win over ours
	Log            *slog.Logger // progress and troubles; nil: silent

	as mode // how root gives up its rights; tests choose
}

// Postgres is a private server: a child process that listens on a Unix socket in a folder of its own, and on nothing else.
type Postgres struct {
	AdminURL string // superuser over the socket, database postgres

	folder  *folder
	bin     binaries
	options PostgresOptions
	log     *slog.Logger

	stop    context.CancelFunc
	stopped context.Context // over when Stop was called
	starts  sync.Mutex      // one launch at a time, and none while stopping
	mu      sync.Mutex
	child   *child
	cleaner *cleaner
}

// StartPostgres finds or fetches the binaries, makes the data folder if there is none, starts the server and waits until
// it answers. A folder that another run uses is refused; a folder of another major version is refused, never wiped.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	p := &Postgres{options: o, log: logOr(o.Log)}
	p.stopped, p.stop = context.WithCancel(context.Background())
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	if err := p.launch(ctx); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

func (p *Postgres) prepare(ctx context.Context) (err error) {
	if p.folder, err = openFolder(ctx, p.options.Dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			p.folder.close()
			p.cleaner.close()
		}
	}()
	if p.folder.temporary {
		if p.cleaner, err = startCleaner(p.folder); err != nil {
			return err
		}
	}
	want, err := p.folder.version()
	if err != nil {
		return err
	}
	if p.bin, err = findBinaries(ctx, p.options.Bin, want, p.log); err != nil {
		return err
	}
	who, err := unprivileged(p.bin, p.options.as)
	if err != nil {
		return err
	}
	if err = p.folder.prepare(ctx, p.bin, who, p.log); err != nil {
		return err
	}
	p.AdminURL = socketURL(p.folder.socket, Superuser, "postgres")
	return nil
}

func (p *Postgres) launch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // recovery after a crash may replay much
	defer cancel()
	p.folder.forgetTheDead()
	c, err := p.startServer()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.child = c
	p.mu.Unlock()
	if err := p.ready(ctx, c); err != nil {
		c.end(syscall.SIGQUIT, 5*time.Second)
		return err
	}
	return nil
}

func (p *Postgres) startServer() (*child, error) {
	log, err := openLog(p.folder.logPath())
	if err != nil {
		return nil, fmt.Errorf("open postgres' log: %w", err)
	}
	defer log.Close()
	c, err := startChild(p.command(log))
	if err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return c, nil
}

func (p *Postgres) ready(ctx context.Context, c *child) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx, p.AdminURL)
		if err == nil {
			return nil
		}
		select {
		case <-c.done:
			return fmt.Errorf("postgres ended while starting (%w); its last words, from %s:\n%s",
				c.err, p.folder.logPath(), p.folder.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer (%w); its log is %s", errors.Join(ctx.Err(), err), p.folder.logPath())
		case <-tick.C:
		}
	}
}

func ping(ctx context.Context, adminURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

// URL returns the address for a role and a database of this server.
func (p *Postgres) URL(user, database string) string {
	if p.folder == nil {
		return foreignURL(p.AdminURL, user, database)
	}
	return socketURL(p.folder.socket, user, database)
}

func socketURL(dir, user, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database}
	u.RawQuery = "host=" + url.QueryEscape(dir) + "&port=5432"
	return u.String()
}

// foreignURL changes role and database of a server that is not ours. Its password stays with the role it belongs to.
func foreignURL(admin, user, database string) string {
	u, err := url.Parse(admin)
	if err != nil {
		return admin
	}
	if u.User.Username() != user {
		u.User = url.User(user)
	}
	u.Path = "/" + database
	return u.String()
}

// PID returns the server's process id, 0 when it is not ours or not running. To end it use Kill: a signal to process 0 goes to
// all of one's own group.
func (p *Postgres) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil || p.child.ended() {
		return 0
	}
	return p.child.pid()
}

// Done is closed when the running server ends, for whatever reason. After a restart ask again.
func (p *Postgres) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return nil
	}
	return p.child.done
}

// Kill ends the server at once, as kill -9 does. The next start recovers what was committed.
func (p *Postgres) Kill() {
	p.mu.Lock()
	c := p.child
	p.mu.Unlock()
	if c != nil {
		c.end(syscall.SIGKILL, 10*time.Second)
	}
}

// Stop ends the server: open transactions are rolled back, the data folder is left clean and free for the next run.
// Stopping twice is harmless; a server that was given by its URL is left alone.
func (p *Postgres) Stop() {
	if p.folder == nil || p.stopped.Err() != nil {
		return
	}
	p.stop()
	p.starts.Lock()
	defer p.starts.Unlock()
	if p.child != nil {
		p.child.end(syscall.SIGINT, 30*time.Second)
	}
	p.folder.close()
	p.cleaner.close()
}

// Supervise starts the server again, under the same address, whenever it ends without being asked to. It returns when ctx
// ends or Stop was called. Clients see broken connections and reconnect.
func (p *Postgres) Supervise(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.stopped, cancel)()
	const first, most = 100 * time.Millisecond, 5 * time.Second
	for wait := first; ; {
		select {
		case <-ctx.Done():
			return
		case <-p.Done():
		}
		p.log.Warn("private postgres ended by itself and is started again", "log", p.folder.logPath())
		if err := p.relaunch(ctx); err == nil {
			p.log.Info("private postgres is back", "pid", p.PID())
			wait = first
			continue
		} else if ctx.Err() == nil {
			p.log.Error("private postgres does not start", "err", err, "retry_in", wait)
		}
		if !pause(ctx, wait) {
			return
		}
		wait = min(2*wait, most)
	}
}

func (p *Postgres) relaunch(ctx context.Context) error {
	p.starts.Lock()
	defer p.starts.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.folder.retake(ctx); err != nil {
		return err
	}
	return p.launch(ctx)
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
