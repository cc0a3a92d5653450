package policy_test

import (
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// A cluster that is reached by a kubeconfig is its provider's all the same: on GKE every Google account is authenticated.
func TestProviderByVersion(t *testing.T) {
	engine := newEngine(t)
	kind, _ := snapshot.KindNamed("ClusterRoleBinding")
	binding := snapshot.Object{Kind: kind, Value: &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "everyone"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "view"},
		Subjects: []rbacv1.Subject{{Kind: "Group", Name: "system:authenticated"}},
	}}
	for _, tt := range []struct {
		provider, version string
		want              finding.Severity
	}{
		{"gke", "v1.35.1", finding.Critical},
		{"kubeconfig", "v1.35.1-gke.1396000", finding.Critical},
		{"kubeconfig", "v1.35.1-gke.1800", finding.High}, // on premises
		{"kubeconfig", "v1.35.1", finding.High},
		{"kubeconfig", "v1.35.1-eks-1a2b3c4", finding.High},
		{"", "", finding.High},
	} {
		about := policy.Cluster{Provider: tt.provider, Version: tt.version}
		var index snapshot.Index
		index.Add(binding)
		found := engine.Cluster(t.Context(), index.Inventory(), about, func(c finding.Check) bool { return c.ID != "KM2023" }).Findings
		if len(found) != 1 || found[0].Check != "KM2023" || found[0].Severity != tt.want {
			t.Errorf("%+v: got %+v", about, found)
		}
	}
}

// Distributions of a provider's make, which it does not run, are supported for as long as the project supports the version.
func TestSupportByVersion(t *testing.T) {
	engine := newEngine(t)
	for version, want := range map[string]int{
		"v1.32.4-eks-1a2b3c4": 0, // Amazon EKS: extended support
		"v1.32.4-eks-1-32-9":  1, // EKS Distro
		"v1.32.4":             1,
	} {
		about := policy.Cluster{Provider: "kubeconfig", Version: version, Time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
		found := engine.Cluster(t.Context(), snapshot.Inventory{}, about, func(c finding.Check) bool { return c.ID != "KM6002" }).Findings
		if len(found) != want {
			t.Errorf("%s: got %+v", version, found)
		}
	}
}
