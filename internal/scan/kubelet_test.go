package scan

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The kubelets of six nodes: n1's lets everyone in, those of n3 to n6 are out of reach, and only the verdict on theirs is not known.
// A recording of them is judged as they are.
func TestKubeletConfig(t *testing.T) {
	check := managedCheck("a", "XX6011", "object", `input.object.authentication.anonymous.enabled
	violation := {"path": "authentication.anonymous.enabled", "message": "anonymous"}`)
	check.Data = []byte(strings.ReplaceAll(string(check.Data), "[Pod]", "[KubeletConfiguration]"))
	engine, err := policy.New(t.Context(), policy.Pack{Name: "test", FS: fstest.MapFS{"checks/workload/a/a.rego": check}})
	if err != nil {
		t.Fatal(err)
	}
	var objects []metav1.Object
	for _, name := range []string{"n1", "n2", "n3", "n4", "n5", "n6"} {
		c := &snapshot.KubeletConfiguration{ObjectMeta: meta("", name, "", ""), Authorization: snapshot.KubeletAuthorization{Mode: "Webhook"}}
		c.Authentication.Anonymous.Enabled = new(name == "n1")
		objects = append(objects, &corev1.Node{ObjectMeta: meta("", name, "", "")}, c)
	}
	var asked atomic.Int32
	target := apiServer(t, "kubelets", objects, func(r request) bool {
		if r.resource != "configz" {
			return false
		}
		asked.Add(1)
		reachable := strings.Contains(r.URL.Path, "/n1/") || strings.Contains(r.URL.Path, "/n2/")
		return !reachable && r.fail(http.StatusServiceUnavailable, "ServiceUnavailable")
	})
	scanner := func(optIn ...string) *Scanner {
		return &Scanner{Engine: engine, Host: host, Opts: Options{OptIn: optIn, QPS: 10_000}}
	}
	judge := func(target Target, optIn ...string) report.Cluster {
		return scanner(optIn...).Run(t.Context(), []Target{target}).Clusters[0]
	}
	record := func(optIn ...string) Target {
		file := filepath.Join(t.TempDir(), "kubelets.snapshot")
		_, err := scanner(optIn...).Record(t.Context(), target, func(write func(io.Writer) error) error {
			f, err := os.Create(file)
			if err != nil {
				return err
			}
			defer f.Close()
			return write(f)
		})
		if err != nil {
			t.Fatal(err)
		}
		return Target{Raw: "snapshot://" + file}
	}

	without, withoutFile := judge(target), record()
	if asked.Load() > 0 {
		t.Errorf("%d kubelets were asked, and nobody has asked for that", asked.Load())
	}
	if without.Status != report.Complete || tallies(without)["XX6011"] != "not_applicable=1" ||
		reason(without, "XX6011") != "it is opt-in: --kubelet-config lets the scan read what it looks at" {
		t.Errorf("without: %+v", without)
	}

	node := finding.Object{Version: "v1", Kind: "Node", Resource: "nodes", Name: "n1"}
	want := []finding.Finding{{Check: "XX6011", Severity: finding.High, Verdict: finding.Fail, Object: node, Path: "kubeletconfig.authentication.anonymous.enabled", Message: "anonymous"}}
	for name, c := range map[string]report.Cluster{"live": judge(target, "kubelet-config"), "recorded": judge(record("kubelet-config"), "kubelet-config")} {
		if !reflect.DeepEqual(c.Findings, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, c.Findings, want)
		}
		if c.Status != report.Partial || tallies(c)["XX6011"] != "fail=1 not_evaluated=4 pass=1" || len(c.Gaps) != 4 || c.Objects["KubeletConfiguration"] != 2 {
			t.Errorf("%s: %s %v, gaps %v, objects %v", name, c.Status, tallies(c), c.Gaps, c.Objects)
		}
		if why := reason(c, "XX6011"); !strings.HasPrefix(why, "KubeletConfiguration of n3: failed: ") || !strings.Contains(why, "of n5") || !strings.HasSuffix(why, "; and 1 more") {
			t.Errorf("%s: %s", name, why)
		}
	}

	if c := judge(withoutFile, "kubelet-config"); len(c.Gaps) != 1 || !strings.HasSuffix(c.Gaps[0].Message, "record the cluster anew with --kubelet-config") {
		t.Errorf("recorded without: gaps %v", c.Gaps)
	}
}
