package report_test

import (
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// A check that lacked something was blind for what its gaps hid, and for no more where they tell.
func TestSight(t *testing.T) {
	workloads, services := []string{"Pod", "Deployment"}, []string{"Service", "Ingress"}
	check := func(id string, scope finding.Scope, kinds, requires []string) finding.Check {
		return finding.Check{ID: id, Scope: scope, Kinds: kinds, Requires: requires}
	}
	checks := []finding.Check{
		check("workload", finding.ObjectScope, workloads, workloads),
		check("service", finding.ObjectScope, services, services),
		check("helped", finding.ObjectScope, services, []string{"Service", "Ingress", "Node"}),
		check("namespace", finding.ObjectScope, []string{"Namespace"}, []string{"Namespace"}),
		check("kubelet", finding.ObjectScope, []string{"KubeletConfiguration"}, []string{"KubeletConfiguration"}),
		check("policy", finding.ObjectScope, []string{"NetworkPolicy.projectcalico.org"}, []string{"NetworkPolicy.projectcalico.org"}),
		check("cluster", finding.ClusterScope, []string{"Namespace"}, []string{"Service"}),
		check("grant", finding.GrantScope, []string{"RoleBinding"}, []string{"Service"}),
	}
	sees := func(g snapshot.Gap, f finding.Finding, notes ...report.Notification) bool {
		c := report.Cluster{Status: report.Partial, Gaps: []snapshot.Gap{g}, Notifications: notes}
		for _, check := range checks {
			c.Tallies = append(c.Tallies, finding.Tally{Check: check.ID, Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}})
		}
		switch blind := c.Sight(checks)(f); blind {
		case "", report.Lacking:
			return blind == ""
		default:
			t.Fatal(blind)
			return false
		}
	}
	at := func(check, group, kind, namespace, name, file string) finding.Finding {
		return finding.Finding{Check: check, Object: finding.Object{Group: group, Kind: kind, Namespace: namespace, Name: name}, File: file}
	}
	gap := func(kind, namespace, name string) snapshot.Gap {
		return snapshot.Gap{Kind: kind, Namespace: namespace, Name: name, Reason: snapshot.Failed}
	}
	web := at("workload", "apps", "Deployment", "shop", "web", "")
	file := at("workload", "apps", "Deployment", "shop", "web", "a.yaml")
	for _, tt := range []struct {
		name string
		gap  snapshot.Gap
		f    finding.Finding
		sees bool
	}{
		{"the file", gap(snapshot.Manifest, "", "a.yaml"), file, false},
		{"another file", gap(snapshot.Manifest, "", "b.yaml"), file, true},
		{"some file, as earlier versions said", gap(snapshot.Manifest, "", ""), file, false},
		{"a file that a check of the whole cluster needs", gap(snapshot.Manifest, "", "b.yaml"), at("cluster", "", "Namespace", "", "shop", "a.yaml"), false},
		{"a file that a check of grants needs", gap(snapshot.Manifest, "", "b.yaml"), at("grant", "", "RoleBinding", "shop", "ops", "a.yaml"), false},
		{"its kind", gap("Service", "", ""), at("service", "", "Service", "shop", "web", ""), false},
		{"another kind", gap("Service", "", ""), at("service", "networking.k8s.io", "Ingress", "shop", "web", ""), true},
		{"its kind in its namespace", gap("Service", "shop", ""), at("service", "", "Service", "shop", "web", ""), false},
		{"its kind in another namespace", gap("Service", "billing", ""), at("service", "", "Service", "shop", "web", ""), true},
		{"something that is not judged", gap("Node", "", ""), at("helped", "", "Service", "shop", "web", ""), false},
		{"a file that may hold what is not judged", gap(snapshot.Manifest, "", "b.yaml"), at("helped", "", "Service", "shop", "web", "a.yaml"), false},
		{"what the check does not look at", gap("Node", "", ""), at("service", "", "Service", "shop", "web", ""), false}, // then nobody knows what it lacked
		{"pods, which may speak for it", gap("Pod", "", ""), web, false},
		{"pods in its namespace", gap("Pod", "shop", ""), web, false},
		{"pods in another namespace", gap("Pod", "billing", ""), web, true},
		{"the namespace", gap("Namespace", "shop", ""), at("namespace", "", "Namespace", "", "shop", ""), false},
		{"another namespace", gap("Namespace", "billing", ""), at("namespace", "", "Namespace", "", "shop", ""), true},
		{"its node's kubelet", gap("KubeletConfiguration", "", "n1"), at("kubelet", "kubelet.config.k8s.io", "KubeletConfiguration", "", "n1", ""), false},
		{"another node's kubelet", gap("KubeletConfiguration", "", "n1"), at("kubelet", "kubelet.config.k8s.io", "KubeletConfiguration", "", "n2", ""), true},
		{"its custom kind", gap("NetworkPolicy.projectcalico.org", "", ""), at("policy", "projectcalico.org", "NetworkPolicy", "shop", "web", ""), false},
		{"its custom kind, as older servers call its group", gap("NetworkPolicy.projectcalico.org", "", ""), at("policy", "crd.projectcalico.org", "NetworkPolicy", "shop", "web", ""), false},
	} {
		if got := sees(tt.gap, tt.f); got != tt.sees {
			t.Errorf("%s: sees it %t, want %t", tt.name, got, tt.sees)
		}
		if sees(tt.gap, tt.f, report.Notification{ID: report.EvaluationError, Check: tt.f.Check}) {
			t.Errorf("%s: the check failed on some objects, and it sees all", tt.name)
		}
	}
}
