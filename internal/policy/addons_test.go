package policy_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// requiring is a pack of one check with these lines in its metadata.
func requiring(metadata string) policy.Pack {
	const rego = `# METADATA
# title: A
# description: b
# custom:
#   id: XX4001
#   name: Check
#   severity: low
#   METADATA
#   remediation: c
package kubemuster.checks.network.a

violations contains {"path": "spec", "message": "m"} if input.cluster.provider == "x"
`
	text := strings.ReplaceAll(rego, "METADATA\n#   remediation", strings.ReplaceAll(metadata, "; ", "\n#   ")+"\n#   remediation")
	return policy.Pack{Name: "p", FS: fstest.MapFS{"checks/network/a/a.rego": {Data: []byte(text)}}}
}

// A kind that is read is one that a check sees: the add-ons that our own checks know stand in the inventory, those of a pack do not.
func TestRequiredAddOns(t *testing.T) {
	for _, tt := range []struct{ metadata, wantErr string }{
		{"scope: cluster; kinds: [Pod]; requires: [Pod, cilium.io/v2/CiliumNetworkPolicy]", ""},
		{"scope: cluster; kinds: [Pod]; requires: [Pod, projectcalico.org/v3/NetworkPolicy]", ""},
		{"scope: cluster; kinds: [Pod]; requires: [Pod, crd.projectcalico.org/v1/NetworkPolicy]", ""},
		{"scope: cluster; kinds: [Pod]; requires: [AnyNetworkPolicy]", ""},
		{"scope: object; kinds: [gateway.networking.k8s.io/v1/Gateway]", ""},
		{"scope: object; kinds: [example.com/v1/Widget]; requires: [example.com/v1/Widget]", ""},
		{
			"scope: cluster; kinds: [Pod]; requires: [Pod, example.com/v1/Widget]",
			"p/checks/network/a/a.rego:10: custom.requires: no check sees Widget.example.com but one that names it in custom.kinds, where it is required already; leave it out",
		},
		{
			"scope: object; kinds: [Pod]; requires: [example.com/v1/Widget]",
			"p/checks/network/a/a.rego:10: custom.requires: no check sees Widget.example.com but one that names it in custom.kinds, where it is required already; leave it out",
		},
		{
			"scope: cluster; kinds: [example.com/v1/Widget]; requires: [Pod]",
			"p/checks/network/a/a.rego:8: custom.kinds: custom resources are judged one at a time; custom.scope must be object",
		},
		{
			"scope: object; kinds: [cilium.io/v2alpha1/CiliumNetworkPolicy]",
			`p/checks/network/a/a.rego:9: custom.kinds: "cilium.io/v2alpha1/CiliumNetworkPolicy" is read as cilium.io/v2/CiliumNetworkPolicy; write that`,
		},
	} {
		engine, err := policy.New(t.Context(), requiring(tt.metadata))
		if got := message(err); got != tt.wantErr {
			t.Errorf("%s: got %q, want %q", tt.metadata, got, tt.wantErr)
		}
		if err != nil {
			continue
		}
		// All that is required is read, each once.
		var read []string
		for _, k := range engine.Kinds() {
			read = append(read, k.Name)
		}
		required := engine.Checks()[0].Requires
		slices.Sort(read)
		slices.Sort(required)
		if !slices.Equal(read, slices.Compact(required)) {
			t.Errorf("%s: requires %q, and %q are read", tt.metadata, required, read)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The name AnyNetworkPolicy stands for what the index understands.
func TestAnyNetworkPolicy(t *testing.T) {
	var got []string
	for _, k := range snapshot.Kinds {
		if k.NetworkPolicy() {
			got = append(got, k.Name)
		}
	}
	want := []string{
		"NetworkPolicy", "CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io", "NetworkPolicy.projectcalico.org",
		"GlobalNetworkPolicy.projectcalico.org", "AdminNetworkPolicy.policy.networking.k8s.io", "BaselineAdminNetworkPolicy.policy.networking.k8s.io",
		"ClusterNetworkPolicy.policy.networking.k8s.io",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
