package web

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// window is a real browser on the pages, signed in.
type window struct {
	t    *testing.T
	ctx  context.Context
	site string

	mu     sync.Mutex
	faults []string // what the browser complained of: broken policy, script errors
}

// openWindow starts a browser of its own; without one on the machine the test is skipped and says how to get it.
func openWindow(t *testing.T, s *stack, account string) *window {
	t.Helper()
	path := browser()
	if path == "" {
		t.Skip("no chromium on this machine, so no browser test: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	base, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	allocator, closeAllocator := chromedp.NewExecAllocator(base, options...)
	t.Cleanup(closeAllocator)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b := &window{t: t, ctx: ctx, site: s.site.URL}
	b.must(chromedp.Do(ctx, chromedp.EmulateViewport(1366, 650)))
	_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: handlers.LoginCookie, Value: account, URL: b.site})
	b.must(err)
	said := chromedp.Console(ctx)
	go func() {
		for m, err := range said {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.faults = append(b.faults, string(m.Type)+": "+m.Text)
			b.mu.Unlock()
		}
	}()
	return b
}

func browser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *window) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *window) open(path string) {
	b.t.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.Navigate(b.site+path)))
}

func (b *window) text(script string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script))
	b.must(err)
	return strings.ReplaceAll(text, nb, " ")
}

// until waits for a script to say something that holds a text. The pages' policy forbids what chromedp's own polling does.
func (b *window) until(script, want string) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last := ""
	for !strings.Contains(last, want) {
		select {
		case <-b.ctx.Done():
			b.t.Fatalf("%s never said %q; it says %q", script, want, last)
		case <-tick.C:
			if text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script)); err == nil {
				last = strings.ReplaceAll(text, nb, " ")
			}
		}
	}
}

// clean fails when the browser complained: a broken policy is a bug of the page.
func (b *window) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		b.t.Errorf("the browser says %s", fault)
	}
}

func TestAListFollowsWhatHappensAndTheSliderReplaysIt(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.submit(renew, "applicant-1")
	second := s.submit(renew, "applicant-2")
	s.seen(second)
	b := openWindow(t, s, "lead")
	row := `document.querySelector('tr[data-id="` + first.ID.String() + `"]').innerText`
	order := `[...document.querySelectorAll('tr[data-id]')].map(r => r.dataset.id).join()`

	b.open("/dossiers")
	b.until(row, "Chờ tiếp nhận")
	before := b.text(order)
	first = s.do("reception", first, dossier.AcceptDossier{})
	b.until(row, "Đã tiếp nhận")
	b.until(row, "vừa đổi")
	s.submit(renew, "applicant-2")
	b.until(`document.querySelector('#news').innerText`, "1 hồ sơ mới")
	if after := b.text(order); after != before {
		t.Errorf("rows moved under the reader: %s, then %s", before, after)
	}

	b.text(`const q = document.querySelector('#q'); q.value = 'không có hồ sơ nào như thế'; q.form.requestSubmit(); ''`)
	b.until(`document.querySelector('.empty') ? document.querySelector('.empty').innerText : ''`, "Không hồ sơ nào khớp")
	b.until(`location.search`, "q=")

	b.open(dossierURL(first))
	b.until(`String(document.querySelector('#slider').hidden)`, "false")
	b.must(chromedp.Do(b.ctx, chromedp.Focus(chromedp.CSS("#slider")), chromedp.KeyEvent(kb.ArrowLeft)))
	b.until(`location.search + ' ' + document.querySelector('.band.past')?.innerText.trim()`, "version=1 Như đã biết lúc")
	b.until(`document.querySelector('h1').innerText`, "Chờ tiếp nhận")
	b.until(`document.activeElement.id`, "slider") // whoever slides goes on sliding
	b.clean()
}
