package html_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/html"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

func write(t *testing.T, r *report.Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := report.WriteFile(path, html.Writer{}, r); err != nil {
		t.Fatal(err)
	}
	return path
}

// open shows the page in a real browser. What the page asks of the network, and what its script complains of, fails the test.
func open(t *testing.T, path, fragment string) context.Context {
	t.Helper()
	browser, err := exec.LookPath("chromium-headless-shell")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("chromium-headless-shell is not installed; .ci/run installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	address := (&url.URL{Scheme: "file", Path: path, Fragment: fragment}).String()
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file://"+path) {
				t.Errorf("the page asked for %s", e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("the script failed: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError {
				t.Errorf("the console: %v", e.Args)
			}
		case *page.EventJavascriptDialogOpening:
			t.Errorf("somebody's script ran: %s", e.Message)
		}
	})
	run(t, ctx, network.Enable(), chromedp.Navigate(address), chromedp.WaitVisible("#count"))
	return ctx
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](t *testing.T, ctx context.Context, js string) T {
	t.Helper()
	var v T
	run(t, ctx, chromedp.Evaluate(js, &v))
	return v
}

func count(t *testing.T, ctx context.Context) string {
	t.Helper()
	return eval[string](t, ctx, `document.getElementById("count").textContent`)
}

func TestOverview(t *testing.T) {
	ctx := open(t, write(t, reporttest.Compared()), "")
	if got := eval[string](t, ctx, `document.getElementById("headline").textContent`); got !=
		"5 critical and 3 high findings are open in 3 clusters. 1 cluster could not be scanned. 1 cluster could not be read wholly." {
		t.Errorf("headline %q", got)
	}
	clusters := eval[[]string](t, ctx, `[...document.querySelectorAll("#clusters tbody tr")].map((r) => [...r.cells].map((c) => c.innerText.split("\n")[0]).join(" | "))`)
	want := []string{"eks-prod | complete", "gke-stage | partial", "aks-edge | not scanned | unknown"}
	for i, row := range clusters {
		if !strings.HasPrefix(row, want[i]) {
			t.Errorf("cluster %q, want %q", row, want[i])
		}
	}
	coverage := eval[string](t, ctx, `document.getElementById("gaps").innerText`)
	for _, want := range []string{"aks-edge: not scanned", "Entra refused the client secret", "rolebindings", "matches no finding; take it out"} {
		if !strings.Contains(coverage, want) {
			t.Errorf("coverage lacks %q:\n%s", want, coverage)
		}
	}
	if got := eval[string](t, ctx, `document.querySelector(".framework .legend").textContent`); got != "2 failed, 0 passed, 0 not evaluated, 1 manual or not read of 3 controls" {
		t.Errorf("framework %q", got)
	}
}

func TestFilters(t *testing.T) {
	ctx := open(t, write(t, reporttest.Compared()), "")
	if got := count(t, ctx); got != "13 findings of 17" { // waived, managed and absent are there on demand
		t.Errorf("at first %q", got)
	}
	click := func(selector string) chromedp.Action { return chromedp.Click(selector, chromedp.ByQuery) }
	reset := chromedp.Evaluate(`document.getElementById("reset").click()`, nil) // at no place: the page may be scrolling
	for _, step := range []struct {
		name   string
		action chromedp.Action
		want   string
	}{
		{"severity", click(`#severities [data-value="critical"]`), "5 findings of 17"},
		{"cluster", chromedp.Evaluate(`cluster.value = "gke-stage"; cluster.dispatchEvent(new Event("change"))`, nil), "1 finding of 17"},
		{"reset", click("#reset"), "13 findings of 17"},
		{"waived", click(`#states [data-value="waived"]`), "14 findings of 17"},
		{"again", click("#reset"), "13 findings of 17"},
		{"not read again", click(`#states [data-value="not read again"]`), "14 findings of 17"},
		{"yet again", click("#reset"), "13 findings of 17"},
		{"check", chromedp.Evaluate(`check.value = "KM4001"; check.dispatchEvent(new Event("change"))`, nil), "2 findings of 17"},
		{"and again", click("#reset"), "13 findings of 17"},
		{"framework", chromedp.Evaluate(`framework.value = "nsa-cisa-1.2"; framework.dispatchEvent(new Event("change"))`, nil), "4 findings of 17"},
		{"and once more", click("#reset"), "13 findings of 17"},
		{"owner", chromedp.Evaluate(`owner.value = "storefront"; owner.dispatchEvent(new Event("change"))`, nil), "4 findings of 17"},
		{"reset again", click("#reset"), "13 findings of 17"},
		{"nobody's", chromedp.Evaluate(`owner.value = "(nobody)"; owner.dispatchEvent(new Event("change"))`, nil), "7 findings of 17"},
		{"reset once more", click("#reset"), "13 findings of 17"},
		{"an owner's bar", chromedp.Evaluate(`document.querySelector("#owners button").click()`, nil), "7 findings of 17"},
		{"and a last time", reset, "13 findings of 17"},
		{"namespace", chromedp.Evaluate(`namespace.value = "(whole cluster)"; namespace.dispatchEvent(new Event("change"))`, nil), "3 findings of 17"},
	} {
		run(t, ctx, step.action)
		if got := count(t, ctx); got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	run(t, ctx, reset, chromedp.SendKeys("#q", "kafka privileged"), chromedp.Poll(`document.getElementById("count").textContent === "1 finding of 17"`, nil))
}

func TestKeyboardAndDetail(t *testing.T) {
	ctx := open(t, write(t, reporttest.Compared()), "")
	run(t, ctx, chromedp.Focus("#list"), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	if got := eval[string](t, ctx, `document.activeElement.id`); got != "detail" {
		t.Errorf("Enter leads to %q", got)
	}
	if got := eval[int](t, ctx, `document.querySelectorAll('[aria-selected="true"]').length`); got != 1 {
		t.Errorf("%d rows are chosen", got)
	}
	if !eval[bool](t, ctx, `document.getElementById(list.getAttribute("aria-activedescendant")).getAttribute("aria-selected") === "true"`) {
		t.Error("the list does not tell a screen reader which row is chosen")
	}
	detail := eval[string](t, ctx, `document.getElementById("detail").innerText`)
	for _, want := range []string{"Why it matters", "How to fix it", "check: KM1005", "owner: \"ops\"", "reason: # why it is accepted"} {
		if !strings.Contains(detail, want) {
			t.Errorf("detail lacks %q:\n%s", want, detail)
		}
	}
	run(t, ctx, chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("/"))
	if got := eval[string](t, ctx, `document.activeElement.id`); got != "q" {
		t.Errorf("/ leads to %q", got)
	}
}

// A view has an address that shows it again.
func TestDeepLink(t *testing.T) {
	path := write(t, reporttest.Compared())
	ctx := open(t, path, "")
	run(t, ctx, chromedp.Click(`#severities [data-value="high"]`, chromedp.ByQuery), chromedp.Click("#row-1", chromedp.ByQuery))
	fragment := strings.TrimPrefix(eval[string](t, ctx, `location.hash`), "#")
	title := eval[string](t, ctx, `document.querySelector("#detail h3").textContent`)
	fragment, err := url.QueryUnescape(fragment)
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, path, fragment)
	if got := count(t, again); got != "3 findings of 17" {
		t.Errorf("%q with %s", got, fragment)
	}
	if got := eval[string](t, again, `document.querySelector("#detail h3").textContent`); got != title {
		t.Errorf("detail %q, want %q", got, title)
	}
}

// Whoever may create objects chooses their names and much of the messages.
func TestHostileNames(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--`
	r := reporttest.Compared()
	for i := range r.Clusters[0].Findings {
		f := &r.Clusters[0].Findings[i]
		f.Message, f.Object.Name, f.Object.Namespace, f.Sub, f.Path, f.Owner = evil, evil, evil, evil, evil, evil
		f.Waiver = &finding.Waiver{Owner: evil, Reason: evil, Expires: evil}
	}
	r.Clusters[0].Alias, r.Clusters[0].Account = evil, evil
	r.Checks[0].References = []string{"javascript:alert(3)"}
	ctx := open(t, write(t, r), "state=waived")
	run(t, ctx, chromedp.Click("#row-0", chromedp.ByQuery))
	if got := eval[string](t, ctx, `document.querySelector("#detail p").textContent`); got != evil {
		t.Errorf("the message reads %q", got)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("img, a[href^=javascript], script[src]").length`); n != 0 {
		t.Errorf("%d elements were made of names", n)
	}
}

// Fifty thousand findings: the list draws what is in view, and a filter answers before the browser counts a long task as a
// stall.
func TestLarge(t *testing.T) {
	ctx := open(t, write(t, reporttest.Large(50_000)), "")
	if got := count(t, ctx); got != "50,000 findings of 50,000" {
		t.Errorf("at first %q", got)
	}
	if n := eval[int](t, ctx, `document.querySelectorAll("#list .row").length`); n < 5 || n > 60 {
		t.Errorf("%d rows are drawn", n)
	}
	run(t, ctx, chromedp.SendKeys("#q", "service-49999"), chromedp.Poll(`document.getElementById("count").textContent === "1 finding of 50,000"`, nil))
	run(t, ctx, chromedp.Click("#reset", chromedp.ByQuery), chromedp.Focus("#list"), chromedp.KeyEvent(kb.End))
	if got := eval[string](t, ctx, `document.querySelector('[aria-selected="true"]').getAttribute("aria-posinset")`); got != "50000" {
		t.Errorf("End leads to %s", got)
	}
}

func TestDarkAndPrint(t *testing.T) {
	ctx := open(t, write(t, reporttest.Compared()), "")
	background := `getComputedStyle(document.body).backgroundColor`
	light := eval[string](t, ctx, background)
	run(t, ctx, chromedp.Click("#theme", chromedp.ByQuery))
	if dark := eval[string](t, ctx, background); dark == light {
		t.Errorf("dark is as light: %s", dark)
	}
	var pdf []byte
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().Do(ctx)
		return err
	}))
	if !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Error("no print")
	}
}

// On a phone nothing is wider than the screen, and a finding that is chosen comes into view.
func TestNarrow(t *testing.T) {
	r := reporttest.Compared()
	r.Clusters[0].Alias = "eks-" + strings.Repeat("production-", 8)
	r.Checks[0].Title = strings.Repeat("a long title ", 10)
	r.Frameworks[0].Name = strings.Repeat("A Long Name ", 8)
	ctx := open(t, write(t, r), "")
	run(t, ctx, chromedp.EmulateViewport(390, 844))
	if wide := eval[[]string](t, ctx, `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, #list, .skip")).map((e) => e.tagName + "#" + e.id + "." + e.className)`); len(wide) > 0 {
		t.Errorf("wider than the screen: %v", wide)
	}
	run(t, ctx, chromedp.Evaluate(`document.getElementById("row-1").click()`, nil),
		chromedp.Poll(`(() => { const top = document.getElementById("detail").getBoundingClientRect().top; return top >= 0 && top < innerHeight / 2; })()`, nil))
}

// TestScreenshots writes pictures for people to look at, where SCREENSHOTS names a folder.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder")
	}
	ctx := open(t, write(t, reporttest.Compared()), "")
	for i, actions := range [][]chromedp.Action{
		{},
		{chromedp.Click("#row-1", chromedp.ByQuery)},
		{chromedp.Click("#theme", chromedp.ByQuery)},
	} {
		var png []byte
		run(t, ctx, append(actions, chromedp.FullScreenshot(&png, 100))...)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("html-%d.png", i)), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	full := errors.New("no space left on device")
	if err := (html.Writer{}).Write(failing{full}, reporttest.Large(5000)); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
