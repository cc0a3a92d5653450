package snapshot_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The ClusterRole that users apply grants reading of the kinds that a scan reads: of all of them, or a scan has gaps, and
// of no other, or the scanner may read what it has no use for.
func TestClusterRoleGrantsExactlyTheKinds(t *testing.T) {
	var role rbacv1.ClusterRole
	var binding rbacv1.ClusterRoleBinding
	decode(t, "../../deploy/kubernetes/clusterrole.yaml", &role, &binding)

	got := map[string]bool{}
	for _, rule := range role.Rules {
		if !slices.Equal(rule.Verbs, []string{"get", "list"}) {
			t.Errorf("a rule on %v has the verbs %v, not get and list", rule.Resources, rule.Verbs)
		}
		if len(rule.APIGroups) != 1 || len(rule.ResourceNames)+len(rule.NonResourceURLs) > 0 {
			t.Errorf("a rule on %v is not of one group and all names", rule.Resources)
		}
		for _, resource := range rule.Resources {
			got[rule.APIGroups[0]+"/"+resource] = true
		}
	}
	want := map[string]bool{}
	for _, k := range snapshot.Kinds {
		want[k.Group+"/"+k.Resource] = true
		if k.Also != "" {
			want[k.In(k.Also).Group+"/"+k.Resource] = true
		}
	}
	compare(t, got, want)

	if binding.RoleRef.Kind != "ClusterRole" || binding.RoleRef.Name != role.Name {
		t.Errorf("the binding is to %s %s, not to the ClusterRole %s", binding.RoleRef.Kind, binding.RoleRef.Name, role.Name)
	}
	reader := rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "kubemuster:readers"}
	if !slices.Equal(binding.Subjects, []rbacv1.Subject{reader}) {
		t.Errorf("the binding's subjects are %v, not the group %s alone", binding.Subjects, reader.Name)
	}
}

// Azure RBAC takes the ClusterRole's place in clusters that use it. Azure knows no data action for some kinds of
// admissionregistration.k8s.io and refuses a role that names one, so there the whole group is granted. It has one for all custom
// resources, which a role of its own takes, so that a condition can narrow it down to those that are read.
func TestAzureRoleGrantsExactlyTheKinds(t *testing.T) {
	const admission, provider = "admissionregistration.k8s.io", "Microsoft.ContainerService/managedClusters/"
	data, err := os.ReadFile("../../deploy/iam/aks/cluster-reader.json")
	if err != nil {
		t.Fatal(err)
	}
	got := azureDataActions(t, data)
	want := map[string]bool{}
	for _, k := range snapshot.Kinds {
		switch {
		case k.Custom():
		case k.Group == "":
			want[provider+k.Resource+"/read"] = true
		case k.Group == admission:
			want[provider+admission+"/*/read"] = true
		default:
			want[provider+k.Group+"/"+k.Resource+"/read"] = true
		}
	}
	compare(t, got, want)

	if data, err = os.ReadFile("../../deploy/iam/aks/custom-resources.json"); err != nil {
		t.Fatal(err)
	}
	compare(t, azureDataActions(t, data), map[string]bool{provider + "customresources/read": true})
	condition, err := os.ReadFile("../../deploy/iam/aks/custom-resources.condition")
	if err != nil {
		t.Fatal(err)
	}
	got, want = map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`customResources:group\] StringEqualsIgnoreCase '([^']*)'\s+AND\s+@Request\[\S+customResources:kind\] StringEqualsIgnoreCase '([^']*)'`).FindAllStringSubmatch(string(condition), -1) {
		got[m[1]+"/"+m[2]] = true
	}
	for _, k := range snapshot.Kinds {
		if k.Custom() {
			want[k.Group+"/"+k.Resource] = true
			if k.Also != "" {
				want[k.In(k.Also).Group+"/"+k.Resource] = true
			}
		}
	}
	compare(t, got, want)
}

func azureDataActions(t *testing.T, data []byte) map[string]bool {
	t.Helper()
	var role struct{ Actions, DataActions []string }
	if err := json.Unmarshal(data, &role); err != nil {
		t.Fatal(err)
	}
	if len(role.Actions) > 0 {
		t.Errorf("the role permits the actions %v; it is for reading in the cluster alone", role.Actions)
	}
	got := map[string]bool{}
	for _, a := range role.DataActions {
		got[a] = true
	}
	return got
}

func decode(t *testing.T, path string, documents ...any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := bytes.Split(data, []byte("\n---\n"))
	if len(parts) != len(documents) {
		t.Fatalf("%s holds %d documents, not %d", path, len(parts), len(documents))
	}
	for i, part := range parts {
		if err := yaml.UnmarshalStrict(part, documents[i]); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

func compare(t *testing.T, got, want map[string]bool) {
	t.Helper()
	for _, g := range slices.Sorted(maps.Keys(got)) {
		if !want[g] {
			t.Errorf("granted, and not read by a scan: %s", g)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(want)) {
		if !got[w] {
			t.Errorf("read by a scan, and not granted: %s", w)
		}
	}
}
