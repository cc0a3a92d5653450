package finding_test

import (
	"slices"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
)

func TestSplitPath(t *testing.T) {
	tests := []struct {
		path string
		want []string
	}{
		{"", nil},
		{"spec", []string{"spec"}},
		{"spec.template.spec", []string{"spec", "template", "spec"}},
		{"spec.containers[0].image", []string{"spec", "containers", "0", "image"}},
		{"spec.containers[10]", []string{"spec", "containers", "10"}},
		{"a[0][1].b", []string{"a", "0", "1", "b"}},
		{"metadata.labels[pod-security.kubernetes.io/enforce]", []string{"metadata", "labels", "pod-security.kubernetes.io/enforce"}},
		{`metadata.labels["pod-security.kubernetes.io/enforce"]`, []string{"metadata", "labels", "pod-security.kubernetes.io/enforce"}},
		{`metadata.annotations["a]b"].c`, []string{"metadata", "annotations", "a]b", "c"}},
		{`metadata.annotations["a[0].b"]`, []string{"metadata", "annotations", "a[0].b"}},
		{`[""]`, []string{""}},
		{"[0]", []string{"0"}},
		// What a check has written carelessly still leads as far as it makes sense.
		{".spec..containers", []string{"spec", "containers"}},
		{"spec.containers[0", []string{"spec", "containers", "0"}},
		{`metadata.labels["a`, []string{"metadata", "labels", "a"}},
		{"spec.", []string{"spec"}},
	}
	for _, tt := range tests {
		if got := finding.SplitPath(tt.path); !slices.Equal(got, tt.want) {
			t.Errorf("%q is cut into %q, want %q", tt.path, got, tt.want)
		}
	}
}

// Paths come from packs that others write.
func FuzzSplitPath(f *testing.F) {
	for _, seed := range []string{"spec.containers[0].image", `a["b.c"]`, "[", `["`, "].", "..["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		total := 0
		for _, part := range finding.SplitPath(path) {
			total += len(part)
		}
		if total > len(path) {
			t.Errorf("%q is cut into more than it holds", path)
		}
	})
}

// A finding's identity outlives what may change between scans, and nothing else shares it.
func TestFingerprint(t *testing.T) {
	base := func() finding.Finding {
		return finding.Finding{
			Check: "KM1005", Severity: finding.High, Verdict: finding.Fail, Sub: "containers/web", Key: "k", Path: "spec.containers[0]", Message: "it runs",
			Object: finding.Object{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web"},
		}
	}
	id := base().Fingerprint("cluster")
	tests := []struct {
		name   string
		change func(*finding.Finding)
		same   bool
	}{
		{"severity", func(f *finding.Finding) { f.Severity = finding.Low }, true},
		{"message", func(f *finding.Finding) { f.Message = "it still runs" }, true},
		{"path", func(f *finding.Finding) { f.Path = "spec.containers[1]" }, true},
		{"API version", func(f *finding.Finding) { f.Object.Version = "v2" }, true},
		{"line", func(f *finding.Finding) { f.Line = 7 }, true},
		{"manifest file", func(f *finding.Finding) { f.File, f.Line = "a.yaml", 7 }, false},
		{"managed by", func(f *finding.Finding) { f.ManagedBy = "provider" }, true},
		{"check", func(f *finding.Finding) { f.Check = "KM1006" }, false},
		{"group", func(f *finding.Finding) { f.Object.Group = "" }, false},
		{"kind", func(f *finding.Finding) { f.Object.Kind = "DaemonSet" }, false},
		{"namespace", func(f *finding.Finding) { f.Object.Namespace = "" }, false},
		{"name", func(f *finding.Finding) { f.Object.Name = "api" }, false},
		{"container", func(f *finding.Finding) { f.Sub = "containers/api" }, false},
		{"key", func(f *finding.Finding) { f.Key = "" }, false},
		{"the same letters, cut elsewhere", func(f *finding.Finding) { f.Object.Namespace, f.Object.Name = "shopw", "eb" }, false},
	}
	for _, tt := range tests {
		f := base()
		tt.change(&f)
		if same := f.Fingerprint("cluster") == id; same != tt.same {
			t.Errorf("with another %s the identity is the same: %t, want %t", tt.name, same, tt.same)
		}
	}
	if base().Fingerprint("another") == id {
		t.Error("two clusters share a finding")
	}
	// Baselines hold identities: this one may never change.
	if want := "58340bc52947ae3fcef7663c4a110831bb35ca8e525db1dc3136e9ee9f086f87"; id != want {
		t.Errorf("the identity is %s, want %s", id, want)
	}
}

func TestSeverities(t *testing.T) {
	for _, s := range finding.Severities {
		if got, err := finding.ParseSeverity(s.String()); err != nil || got != s {
			t.Errorf("%s is read as %v, %v", s, got, err)
		}
	}
	if _, err := finding.ParseSeverity("hihg"); err == nil {
		t.Error("no error")
	}
}

func TestDomain(t *testing.T) {
	for id, want := range map[string]string{
		"KM1005": "workload", "KM2001": "rbac", "KM3001": "identity", "KM4001": "network", "KM5001": "admission", "KM6001": "node", "KM8101": "cloud", "KM9001": "custom", "": "",
	} {
		if got := (finding.Check{ID: id}).Domain(); got != want {
			t.Errorf("%s is of the domain %q, want %q", id, got, want)
		}
	}
}
