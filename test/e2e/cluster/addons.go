package cluster

import (
	"bytes"
	"fmt"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Definitions are CustomResourceDefinitions of these kinds, in every version that is read: what an add-on installs, without
// its schema.
func Definitions(kinds ...snapshot.Kind) []byte {
	var out bytes.Buffer
	seen := map[string]int{}
	versions := map[string][]string{}
	var order []snapshot.Kind
	add := func(k snapshot.Kind) {
		name := k.Resource + "." + k.Group
		if seen[name]++; seen[name] == 1 {
			order = append(order, k)
		}
		versions[name] = append(versions[name], k.Version)
	}
	for _, k := range kinds {
		add(k)
		if k.Also != "" {
			add(k.In(k.Also))
		}
	}
	for _, k := range order {
		scope := "Cluster"
		if k.Namespaced {
			scope = "Namespaced"
		}
		name := k.Resource + "." + k.Group
		// Groups of Kubernetes' own take no definition without this.
		fmt.Fprintf(&out, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: %s
  annotations: {api-approved.kubernetes.io: "unapproved, for tests"}
spec:
  group: %s
  scope: %s
  names: {kind: %s, plural: %s}
  versions:
`, name, k.Group, scope, k.Kind(), k.Resource)
		for i, v := range versions[name] {
			fmt.Fprintf(&out, "    - {name: %s, served: true, storage: %t, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}\n", v, i == 0)
		}
	}
	return out.Bytes()
}
