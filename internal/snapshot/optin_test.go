package snapshot_test

import (
	"reflect"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The role for --secret-metadata grants listing of Secrets, and no more.
func TestSecretMetadataRole(t *testing.T) {
	var role rbacv1.ClusterRole
	var binding rbacv1.ClusterRoleBinding
	decode(t, "../../deploy/kubernetes/secret-metadata.yaml", &role, &binding)
	want := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}}
	if !reflect.DeepEqual(role.Rules, want) || binding.RoleRef.Name != role.Name {
		t.Errorf("got %v, bound to %s", role.Rules, binding.RoleRef.Name)
	}
	for _, k := range snapshot.OptIn {
		if k.Resource != "secrets" || !k.MetadataOnly() || k.OptIn == "" {
			t.Errorf("%+v", k)
		}
	}
	for _, k := range snapshot.Kinds {
		if k.OptIn != "" || k.MetadataOnly() {
			t.Errorf("%s is read by every scan", k.Name)
		}
	}
}
