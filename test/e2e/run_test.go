package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/internal/report/sarif/sariftest"
)

// The scanner's exit codes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitFindings    = 10
	exitInterrupted = 130
)

// outcome is what a command left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// tail is the end of standard error, for messages.
func (o outcome) tail() string { return o.stderr[max(0, len(o.stderr)-4000):] }

// command prepares the scanner with nothing in its environment but env and what every process needs.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), world.command, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"HOME=" + cmd.Dir, "TMPDIR=" + os.TempDir(), "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return cmd
}

// finish waits for a command to end and checks what holds for every one.
func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{cmd.ProcessState.ExitCode(), cmd.Stdout.(*bytes.Buffer).String(), cmd.Stderr.(*bytes.Buffer).String()}
	if strings.Contains(o.stderr, "DATA RACE") {
		t.Errorf("the race detector reports:\n%s", o.stderr)
	}
	return o
}

func runCommand(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	cmd := command(t, env, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return finish(t, cmd)
}

// credentials matches tokens of every cloud and the secrets of the tests.
var credentials = regexp.MustCompile(`k8s-aws-v1\.|ya29\.|eyJ[A-Za-z0-9_-]{16}|BEGIN [A-Z ]*PRIVATE KEY|` +
	regexp.QuoteMeta(awsSecret) + `|` + regexp.QuoteMeta(azureSecret) + `|` + rogueToken + `|` + shopToken)

func checkSecrets(t *testing.T, where, text string) {
	t.Helper()
	if at := credentials.FindStringIndex(text); at != nil {
		t.Errorf("%s shows a credential: …%s", where, text[max(0, at[0]-80):at[1]])
	}
}

// scanned is the outcome of a scan.
type scanned struct {
	outcome
	runs  []sarifRun
	sarif []byte // the report
}

// The parts of a SARIF report that are looked at.
type (
	sarifRun struct {
		AutomationDetails struct{ ID string }
		Tool              struct {
			Driver     struct{ Rules []struct{ ID string } }
			Extensions []struct{ Name string }
		}
		Invocations []struct {
			ExecutionSuccessful                                        bool
			ExitCode                                                   int
			ToolConfigurationNotifications, ToolExecutionNotifications []sarifNotification
		}
		Results []struct {
			RuleID    string
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
				}
			}
			Fingerprints map[string]string
		}
		Properties struct {
			Target, Cluster, Provider, Name, ServerVersion, Status string
			Objects                                                map[string]int
		}
	}
	sarifNotification struct {
		Level      string
		Message    struct{ Text string }
		Descriptor struct{ ID string }
	}
)

// scan scans with the clouds' plugins, and returns once the report conforms and shows no secret. The scanner logs all it can:
// its plugins' indiscretions would be there.
func scan(t *testing.T, env []string, args ...string) scanned {
	t.Helper()
	return scanWith(t, world.plugins, env, args...)
}

func scanWith(t *testing.T, plugins string, env []string, args ...string) scanned {
	t.Helper()
	return scanBy(t, world.command, plugins, env, args...)
}

// scanRaced scans with the clouds' plugins as scan does, under the eyes of the race detector: for what happens at once.
func scanRaced(t *testing.T, env []string, args ...string) scanned {
	t.Helper()
	return scanBy(t, world.raced.command, world.raced.plugins, env, args...)
}

func scanBy(t *testing.T, scanner, plugins string, env []string, args ...string) scanned {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.sarif")
	cmd := command(t, env, append([]string{"scan", "--plugin-dir", plugins, "-o", "sarif=" + report, "-o", "table", "-v"}, args...)...)
	cmd.Path = scanner
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return scannedTo(t, report, finish(t, cmd))
}

// scannedTo reads the report that a scan has written, once it conforms and shows no secret.
func scannedTo(t *testing.T, report string, o outcome) scanned {
	t.Helper()
	s := scanned{outcome: o}
	checkSecrets(t, "standard output", s.stdout)
	checkSecrets(t, "standard error", s.stderr)
	data, err := os.ReadFile(report)
	if errors.Is(err, os.ErrNotExist) && s.code == exitUsage {
		return s
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, s.tail())
	}
	checkSecrets(t, "the report", string(data))
	sariftest.Check(t, data)
	var file struct{ Runs []sarifRun }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	s.runs, s.sarif = file.Runs, data
	return s
}

// only returns the run of a scan of one target.
func (s scanned) only(t *testing.T) sarifRun {
	t.Helper()
	if len(s.runs) != 1 {
		t.Fatalf("the report has %d runs, not one\n%s", len(s.runs), s.tail())
	}
	return s.runs[0]
}

// findings are a run's results as "<rule> <namespace>/<resource>/<name>", where cluster-scoped objects have _cluster for a
// namespace.
func (r sarifRun) findings(t *testing.T) []string {
	t.Helper()
	alias := strings.TrimSuffix(strings.TrimPrefix(r.AutomationDetails.ID, "kubemuster/"), "/")
	var list []string
	for _, result := range r.Results {
		object, ok := strings.CutPrefix(result.Locations[0].PhysicalLocation.ArtifactLocation.URI, "clusters/"+alias+"/")
		if !ok {
			t.Errorf("a result of %s is of another cluster: %s", alias, result.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		}
		list = append(list, result.RuleID+" "+strings.TrimSuffix(object, ".yaml"))
	}
	slices.Sort(list)
	return list
}

// notifications are a run's, of both kinds, but for what every scan of a cloud's cluster says.
func (r sarifRun) notifications() []sarifNotification {
	i := r.Invocations[0]
	return slices.DeleteFunc(slices.Concat(i.ToolConfigurationNotifications, i.ToolExecutionNotifications), func(n sarifNotification) bool { return n.Descriptor.ID == rbacOnly })
}

// rbacOnly is that clouds grant rights beside RBAC, which are not read.
const rbacOnly = "scan/rbac-only"

// checkNotScanned checks that a scan of one target ends in exit code 3 and says why.
func (s scanned) checkNotScanned(t *testing.T, stage string, says ...string) {
	t.Helper()
	r := s.only(t)
	if s.code != exitIncomplete || r.Invocations[0].ExitCode != exitIncomplete {
		t.Errorf("the exit code is %d, and %d in the report, not %d\n%s", s.code, r.Invocations[0].ExitCode, exitIncomplete, s.tail())
	}
	if !strings.Contains(s.stderr, "1 of 1 targets were not scanned") {
		t.Errorf("standard error does not say that the target was not scanned:\n%s", s.tail())
	}
	r.checkNotScanned(t, stage, says...)
}

// checkNotScanned checks that a run says of its target that it was not scanned, and why; and that it is not taken for a
// clean one.
func (r sarifRun) checkNotScanned(t *testing.T, stage string, says ...string) {
	t.Helper()
	if r.Invocations[0].ExecutionSuccessful || r.Properties.Status != "not scanned" || len(r.Results) > 0 {
		t.Errorf("the report takes %s for scanned: successful %v, status %q, %d results",
			r.Properties.Target, r.Invocations[0].ExecutionSuccessful, r.Properties.Status, len(r.Results))
	}
	// Beside the reason there may be a gap for each kind.
	list := slices.DeleteFunc(r.notifications(), func(n sarifNotification) bool { return strings.HasPrefix(n.Descriptor.ID, "read/") })
	if len(list) != 1 || list[0].Descriptor.ID != "scan/"+stage || list[0].Level != "error" {
		t.Fatalf("the notifications on %s are %+v, not one scan/%s", r.Properties.Target, list, stage)
	}
	for _, want := range says {
		if text := list[0].Message.Text; !strings.Contains(text, want) {
			t.Errorf("the notification on %s says %q, without %q", r.Properties.Target, text, want)
		}
	}
}

// checkComplete checks that every target was scanned whole.
func (s scanned) checkComplete(t *testing.T) {
	t.Helper()
	if s.code != exitOK {
		t.Errorf("the exit code is %d, not %d\n%s", s.code, exitOK, s.tail())
	}
	for _, r := range s.runs {
		if !r.Invocations[0].ExecutionSuccessful || r.Properties.Status != "complete" || len(r.notifications()) > 0 {
			t.Errorf("the scan of %s is %q: %+v\n%s", r.Properties.Target, r.Properties.Status, r.notifications(), s.tail())
		}
	}
}

// gate stands before an API server: before sees each request before it goes on and may hold or change it, after sees it
// before its answer goes back. Either may be nil. It returns the gate's host:port.
func gate(t *testing.T, s *server, before, after func(*http.Request)) string {
	t.Helper()
	to, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{TLSClientConfig: tlsConfig(), ForceAttemptHTTP2: true},
		ErrorLog:  log.New(io.Discard, "", 0), // some scans are ended in the middle
		ModifyResponse: func(r *http.Response) error {
			if after != nil {
				after(r.Request)
			}
			return nil
		},
	}
	front := world.ca.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil {
			before(r)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
	})
	return front.Listener.Addr().String()
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// status asks the server itself something with a token, and returns the HTTP status.
func (s *server) status(t *testing.T, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/version", nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: tlsConfig(), DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); {
		if time.Now().After(deadline) {
			t.Errorf("waited a minute in vain: %s", what)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
