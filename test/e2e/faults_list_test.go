package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/test/e2e/fault"
)

// nodes breaks the list of nodes, each time that it is asked for.
func nodes(f func(*fault.Request) bool) fault.Fault {
	return func(r *fault.Request) bool { return r.Resource == "nodes" && f(r) }
}

// once breaks the first answer of each list.
func once(f func(*fault.Request) bool) fault.Fault {
	return func(r *fault.Request) bool { return r.Method == http.MethodGet && r.N == 1 && f(r) }
}

// What passes costs a scan nothing but time: it is read whole, and nothing is judged twice.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	throttle, expire := &throttled{}, &compacted{}
	cases := []struct {
		name  string
		fault fault.Fault
		old   bool // without HTTP/2
	}{
		{"429 with Retry-After", throttle.fault, false},
		{"500 now and then", func(r *fault.Request) bool {
			return r.Method == http.MethodGet && r.N <= 2 && r.Status(500, "InternalError", "etcd is unwell", "")
		}, false},
		{"reset before the answer", nodes(once((*fault.Request).Reset)), false},
		{"reset before the answer, HTTP/1.1", once((*fault.Request).Reset), true},
		{"reset within the answer", nodes(once(func(r *fault.Request) bool { r.Half(); return r.Reset() })), false},
		{"reset within the answer, HTTP/1.1", once(func(r *fault.Request) bool { r.Half(); return r.Reset() }), true},
		{"stream reset", once((*fault.Request).Abort), false},
		{"connections are closed behind each answer", func(r *fault.Request) bool { r.W.Header().Set("Connection", "close"); return false }, false},
		{"slow body", nodes(func(r *fault.Request) bool { return r.Drip(20, 50*time.Millisecond) }), false},
		{"a page too large", nodes(func(r *fault.Request) bool {
			return r.URL.Query().Get("limit") != "20" && r.Endless("application/json", `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"`, 70<<20)
		}), false},
		{"410 on a continue token", expire.fault, false},
	}
	var targets []string
	for _, c := range cases {
		targets = append(targets, rogueAt("behaves", breaking(t, c.fault, c.old).URL()))
	}
	s := scanBroken(t, append(targets, "--concurrency", "5")...)
	s.checkComplete(t)
	if len(s.runs) != len(cases) {
		t.Fatalf("the report has %d runs\n%s", len(s.runs), s.tail())
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found := s.runs[i].findings(t)
			checkHolds(t, found, prodFindings)
			checkOnce(t, found)
		})
	}
	throttle.check(t)
	expire.check(t, s.runs[len(cases)-1])
}

// throttled is a server that means its Retry-After.
type throttled struct {
	mu    sync.Mutex
	until time.Time
	came  int
	early bool
}

func (s *throttled) fault(r *fault.Request) bool {
	if r.Resource != "nodes" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.came++; s.came == 1 {
		s.until = time.Now().Add(time.Second)
		return r.Later(1)
	}
	s.early = s.early || time.Now().Before(s.until)
	return false
}

func (s *throttled) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.came != 2 || s.early {
		t.Errorf("the list that was throttled for a second was asked for %d times, before its time: %v", s.came, s.early)
	}
}

// compacted answers 410 to a continue token as the API server does when its history is gone, with a token that goes on at
// the same key in what is there now. The server itself answers that one.
type compacted struct {
	mu      sync.Mutex
	expired string          // the token that was refused
	went    []string        // continue tokens in the order that they came
	starts  map[string]bool // keys that pages began at
}

const compactedPage = "19"

func (s *compacted) fault(r *fault.Request) bool {
	if r.Resource != "clusterrolebindings" {
		return false
	}
	query := r.URL.Query()
	query.Set("limit", compactedPage)
	r.URL.RawQuery = query.Encode()
	s.mu.Lock()
	defer s.mu.Unlock()
	token := query.Get("continue")
	s.went = append(s.went, token)
	if token == "" || s.expired != "" {
		return false
	}
	s.expired = token
	return r.Status(http.StatusGone, "Expired", "The provided continue parameter is too old to display a consistent list result.", inconsistent(token))
}

// inconsistent makes of a continue token the one that goes on from the same key at whatever revision there is.
func inconsistent(token string) string {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		panic(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		panic(err)
	}
	fields["rv"] = -1
	if data, err = json.Marshal(fields); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func (s *compacted) check(t *testing.T, r sarifRun) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.went) < 4 || s.went[1] != s.expired || s.went[2] != inconsistent(s.expired) {
		t.Errorf("the scan went on with %q behind the refusal of %q", s.went, s.expired)
	}
	client, err := kubernetes.NewForConfig(world.prod.Admin)
	if err != nil {
		t.Fatal(err)
	}
	bindings, err := client.RbacV1().ClusterRoleBindings().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Properties.Objects["ClusterRoleBinding"]; n != len(bindings.Items) {
		t.Errorf("the scan read %d ClusterRoleBindings of %d", n, len(bindings.Items))
	}
}

// What lasts is a gap with its reason. The checks that need what is missing give no verdict, the others do, and the exit
// code is 3.
func TestFaultsThatLast(t *testing.T) {
	t.Parallel()
	elsewhere := &visited{}
	other := world.ca.Serve(elsewhere)
	t.Cleanup(other.Close)
	text := func(contentType, body string) fault.Fault {
		return nodes(func(r *fault.Request) bool { return r.Text(contentType, body) })
	}
	const protobuf = "application/vnd.kubernetes.protobuf"
	deep := strings.Repeat(`{"items":[`, 1<<20)
	cases := []struct {
		name         string
		fault        fault.Fault
		reason, says string
		old          bool
	}{
		{"403", nodes(func(r *fault.Request) bool { return r.Status(403, "Forbidden", "no", "") }), "forbidden", "the identity may not list nodes; grant it the ClusterRole kubemuster-reader", false},
		{"401", nodes(func(r *fault.Request) bool { return r.Status(401, "Unauthorized", "no", "") }), "failed", "did not accept the credential any more when nodes were listed", false},
		{"404", nodes(func(r *fault.Request) bool { return r.Status(404, "NotFound", "no", "") }), "failed", "the server does not know nodes", false},
		{"429", nodes(func(r *fault.Request) bool { return r.Later(0) }), "failed", "too many requests", false},
		{"500", nodes(func(r *fault.Request) bool { return r.Status(500, "InternalError", "etcd is unwell", "") }), "failed", "etcd is unwell", false},
		{"503 without a word", nodes(func(r *fault.Request) bool { r.W.WriteHeader(503); return true }), "failed", "listing nodes failed: ", false},
		{"stream reset", nodes((*fault.Request).Abort), "failed", "listing nodes failed: ", false},
		{"reset, HTTP/1.1", nodes((*fault.Request).Reset), "failed", "connection reset by peer", true},
		{"reset within the answer, HTTP/1.1", nodes(func(r *fault.Request) bool { r.Half(); return r.Reset() }), "failed", "listing nodes failed: ", true},
		{"410 without a token", nodes(func(r *fault.Request) bool { return r.Status(410, "Expired", "the list is too old", "") }), "failed", "the list is too old", false},
		{"410 for ever", nodes(func(r *fault.Request) bool { return r.Status(410, "Expired", "the list is too old", "again") }), "failed", "the list is too old", false},
		{"the same page for ever", text("application/json", `{"kind":"NodeList","apiVersion":"v1","metadata":{"continue":"again"},"items":[]}`), "failed", "the same page again and again", false},
		{"redirect to another host", nodes(func(r *fault.Request) bool {
			http.Redirect(r.W, r.Request, other.URL+"/api/v1/nodes", http.StatusTemporaryRedirect)
			return true
		}), "failed", "redirects to another host, which is not followed", false},
		{"redirect in a circle", nodes(func(r *fault.Request) bool {
			http.Redirect(r.W, r.Request, "/api/v1/nodes", http.StatusFound)
			return true
		}), "failed", "stopped after 10 redirects", false},
		{"deep JSON", text("application/json", deep), "failed", "listing nodes failed: ", false},
		{"deep JSON in a list", text("application/json", `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":`+strings.Repeat(`[`, 1<<20)), "failed", "listing nodes failed: ", false},
		{"a login page", text("text/html", "<html>\n<body>please log in"), "failed", "listing nodes failed: ", false},
		{"HTML that says it is JSON", text("application/json", "<html>\n<body>please log in"), "failed", "listing nodes failed: ", false},
		{"garbage that says it is protobuf", text(protobuf, strings.Repeat("garbage \xff\x00", 1000)), "failed", "listing nodes failed: ", false},
		{"protobuf with impossible lengths", text(protobuf, "k8s\x00\x0a\x0e\x0a\x02v1\x12\x08NodeList\x12\xff\xff\xff\xff\x7f\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "failed", "listing nodes failed: ", false},
		{"no body", text(protobuf, ""), "failed", "listing nodes failed: ", false},
		{"JSON that says nothing", text("application/json", `{}`), "failed", "listing nodes failed: ", false},
		{"a list of another kind", text("application/json", `{"kind":"ServiceList","apiVersion":"v1","items":[]}`), "failed", "list of another kind", false},
		{"packed garbage", nodes(func(r *fault.Request) bool {
			r.W.Header().Set("Content-Encoding", "gzip")
			return r.Text(protobuf, "this is not gzip")
		}), "failed", "listing nodes failed: ", false},
	}
	var targets []string
	for _, c := range cases {
		targets = append(targets, rogueAt("behaves", breaking(t, c.fault, c.old).URL()))
	}
	s := scanBroken(t, append(targets, "--concurrency", "6")...)
	if s.code != exitIncomplete || len(s.runs) != len(cases) {
		t.Fatalf("the exit code is %d, with %d runs\n%s", s.code, len(s.runs), s.tail())
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { s.runs[i].checkGap(t, c.reason, "Node", c.says) })
	}
	elsewhere.check(t)
}

// visited is a server that nobody should come to.
type visited struct {
	mu   sync.Mutex
	came []string
}

// ServeHTTP implements http.Handler.
func (v *visited) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.came = append(v.came, r.Method+" "+r.URL.Path)
}

func (v *visited) check(t *testing.T) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.came) > 0 {
		t.Errorf("requests went to another host: %v", v.came)
	}
}

// What never ends costs its target's time and no more: what was read by then is judged, the rest is a gap.
func TestFaultsThatHang(t *testing.T) {
	t.Parallel()
	pods := func(f func(*fault.Request) bool) fault.Fault {
		return func(r *fault.Request) bool { return r.Resource == "pods" && f(r) }
	}
	cases := []struct {
		name  string
		fault fault.Fault
	}{
		{"no answer", pods((*fault.Request).Stall)},
		{"half an answer", pods(func(r *fault.Request) bool { r.Half(); return r.Stall() })},
		{"a drip", pods(func(r *fault.Request) bool { return r.Drip(1<<20, 300*time.Millisecond) })},
		{"come back tomorrow", pods(func(r *fault.Request) bool { return r.Later(86_400) })},
		{"come back in a second, for ever", pods(func(r *fault.Request) bool { return r.Later(1) })},
	}
	var targets []string
	for _, c := range cases {
		targets = append(targets, rogueAt("behaves", broken(t, c.fault)))
	}
	s := scanBroken(t, append(targets, "--concurrency", "5", "--timeout", "20s")...)
	if s.code != exitIncomplete || len(s.runs) != len(cases) {
		t.Fatalf("the exit code is %d, with %d runs\n%s", s.code, len(s.runs), s.tail())
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.runs[i].checkGap(t, "timed-out", "Pod", "the target's time ran out; give it longer with --timeout")
		})
	}
}

// A server that cannot be connected to, or that is another one, is said to be so; nothing is taken for clean.
func TestFaultsOfTheConnection(t *testing.T) {
	t.Parallel()
	stranger := cloudfake.NewCA("not the cluster's")
	elsewhere := &visited{}
	other := world.ca.Serve(elsewhere)
	t.Cleanup(other.Close)
	review := func(f func(*fault.Request) bool) fault.Fault {
		return func(r *fault.Request) bool { return r.Resource == "selfsubjectreviews" && f(r) }
	}
	served := func(s *httptest.Server) string { t.Cleanup(s.Close); return s.URL }
	cases := []struct{ name, server, says string }{
		{"wrong CA", served(stranger.Serve(elsewhere)), "is not signed by the cluster's authority"},
		{"certificate of another host", fault.ServeFor(t, world.ca, "elsewhere.example", elsewhere), "is for another host"},
		{"closed during the handshake", fault.Listen(t, fault.CloseAtHello), "closes the connection"},
		{"reset during the handshake", fault.Listen(t, fault.ResetAtHello), "connection reset by peer"},
		{"garbage in place of a handshake", fault.Listen(t, fault.Garbage), "does not speak TLS"},
		{"closed at once", fault.Listen(t, fault.CloseAtOnce), "the API server"},
		{"nobody listens", fault.Nobody(t), "connection refused"},
		{"redirect to another host", broken(t, review(func(r *fault.Request) bool {
			http.Redirect(r.W, r.Request, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		})), "redirects to another host, which is not followed"},
		{"a login page", broken(t, review(func(r *fault.Request) bool { return r.Text("text/html", "<html>\n<body>please log in") })), "check that the endpoint is that of a Kubernetes API server"},
		{"500", broken(t, func(r *fault.Request) bool { return r.Status(500, "InternalError", "etcd is unwell", "") }), "fails: 500"},
		{"reset", broken(t, (*fault.Request).Reset), "the API server"},
		{"garbage for a version", broken(t, func(r *fault.Request) bool { return r.Resource == "version" && r.Text("application/json", "[[[[") }), "it does not tell its version"},
	}
	var targets []string
	for _, c := range cases {
		targets = append(targets, rogueAt("behaves", c.server))
	}
	s := scanBroken(t, append(targets, "--concurrency", "12")...)
	if s.code != exitIncomplete || len(s.runs) != len(cases) {
		t.Fatalf("the exit code is %d, with %d runs\n%s", s.code, len(s.runs), s.tail())
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { s.runs[i].checkNotScanned(t, "connect", c.says) })
	}
	elsewhere.check(t)
	if !strings.Contains(s.stderr, "x509: certificate signed by unknown authority") {
		t.Errorf("with -v, standard error does not tell what stands behind a failure:\n%s", s.tail())
	}
}

// A server that never gets done with the handshake, or with the first answer, costs its target's time.
func TestFaultsBeforeTheFirstAnswer(t *testing.T) {
	t.Parallel()
	s := scanBroken(t, rogueAt("behaves", fault.Listen(t, fault.Mute)), rogueAt("behaves", broken(t, (*fault.Request).Stall)), "--timeout", "5s")
	if s.code != exitIncomplete || len(s.runs) != 2 {
		t.Fatalf("the exit code is %d, with %d runs\n%s", s.code, len(s.runs), s.tail())
	}
	for _, r := range s.runs {
		r.checkNotScanned(t, "connect", "the target's time ran out; give it longer with --timeout")
	}
}

// However much a server sends, the scanner's memory stays bounded.
func TestFaultsOfSize(t *testing.T) {
	const gigabyte, bound = 1 << 30, 600 << 20
	const beginning = `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n","annotations":{"a":"`
	packed := packedZeroes(gigabyte)
	page := func(token string) string {
		return `{"kind":"NodeList","apiVersion":"v1","metadata":{"continue":"` + token + `"},"items":[]}`
	}
	for _, c := range []struct {
		name, reason, says string
		fault              func(*fault.Request) bool
		flags              []string
	}{
		{"an object of a gigabyte", "failed", "is too large to be read", func(r *fault.Request) bool { return r.Endless("application/json", beginning, gigabyte) }, nil},
		{"a gigabyte when unpacked", "failed", "is too large to be read", func(r *fault.Request) bool {
			r.W.Header().Set("Content-Encoding", "gzip")
			return r.Text("application/json", packed)
		}, nil},
		{"an error of a gigabyte", "failed", "listing nodes failed: ", func(r *fault.Request) bool {
			r.W.WriteHeader(500)
			return r.Endless("application/json", beginning, gigabyte)
		}, nil},
		{"pages without end", "timed-out", "the target's time ran out", func(r *fault.Request) bool {
			return r.Text("application/json", page(strings.Repeat("t", 100)+time.Now().Format(time.RFC3339Nano)))
		}, []string{"--timeout", "4s", "--qps", "100000"}},
		{"a page of millions of empty items", "failed", "is too large to be read", func(r *fault.Request) bool {
			return r.Text("application/json", `{"kind":"NodeList","apiVersion":"v1","items":[{}`+strings.Repeat(`,{}`, 20<<20)+`]}`)
		}, nil},
		{"a page of millions of empty items as protobuf", "failed", "is too large to be read", func(r *fault.Request) bool {
			items := strings.Repeat("\x12\x00", 30<<20)
			return r.Text("application/vnd.kubernetes.protobuf", "k8s\x00\x0a\x0e\x0a\x02v1\x12\x08NodeList\x12"+string(binary.AppendUvarint(nil, uint64(len(items))))+items)
		}, nil},
		{"an item of millions of empty parts", "failed", "is too large to be read", func(r *fault.Request) bool {
			return r.Text("application/json", `{"kind":"NodeList","apiVersion":"v1","items":[{"status":{"images":[{}`+strings.Repeat(`,{}`, 20<<20)+`]}}]}`)
		}, nil},
		{"a continue token of megabytes", "failed", "a continue token", func(r *fault.Request) bool {
			return r.Text("application/json", page(strings.Repeat("t", 30<<20)))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, peak := scanMeasured(t, append(c.flags, rogueAt("behaves", broken(t, nodes(c.fault))))...)
			t.Logf("peak memory: %d MiB", peak>>20)
			if peak == 0 {
				t.Error("the scanner's memory was never seen")
			}
			if peak > bound {
				t.Errorf("the scanner took %d MiB", peak>>20)
			}
			if s.code != exitIncomplete {
				t.Errorf("the exit code is %d\n%s", s.code, s.tail())
			}
			r := s.only(t)
			if c.reason == "failed" {
				r.checkGap(t, c.reason, "Node", c.says)
				return
			}
			// The lists of later waves were not begun.
			if told := r.told(); r.Properties.Status != "partial" || !slices.Contains(told, "read/"+c.reason+" Node") || !slices.Contains(told, "check/not-evaluated KM6001") {
				t.Errorf("the scan is %q: %v", r.Properties.Status, told)
			}
		})
	}
}

// packedZeroes is gzip of so many bytes.
func packedZeroes(n int64) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	block := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(block)) {
		_, _ = z.Write(block)
	}
	_ = z.Close()
	return out.String()
}
