package identity_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dossier/handlers/localissuer"
)

// A real browser holds the pages to their policies and the cookies to their attributes.
func TestABrowserGoesToTheIssuerAndComesBackSignedIn(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine, so no browser test: apt-get install chromium")
	}
	h := newHouse(t, localissuer.Options{})
	base, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	allocator, closeAllocator := chromedp.NewExecAllocator(base, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))...)
	defer closeAllocator()
	ctx, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	for _, step := range []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(h.url + "/account"), // leads to the log-in page
		chromedp.Click("main a.primary"),
		chromedp.WaitVisible("#login"),
		chromedp.SendKeys("#login", "none-such\r"),
		chromedp.WaitVisible(".wrong"),
		chromedp.SendKeys("#login", h.issuer.OneTime(staff("clerk"))+"\r"),
		chromedp.WaitVisible("dl.facts"),
	} {
		if err := chromedp.Do(ctx, step); err != nil {
			t.Fatal(err)
		}
	}
	if at, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.pathname + location.search + document.querySelector('dl.facts dd').textContent")); err != nil || at != "/accountclerk" {
		t.Errorf("arrived at %q, %v", at, err)
	}
	if seen, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.cookie")); err != nil || seen != "" {
		t.Errorf("a script sees %q, %v", seen, err)
	}
}
