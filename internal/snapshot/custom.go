package snapshot

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// addOns are the kinds that our own checks know and Kubernetes does not have by itself: a cluster serves what somebody has
// installed there. Of Calico's two groups the first is asked for, since reading the second needs rights on its tiers.
var addOns = []Kind{
	addOn("CiliumNetworkPolicy", "cilium.io", "v2", "ciliumnetworkpolicies").inNamespaces(),
	addOn("CiliumClusterwideNetworkPolicy", "cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
	addOn("NetworkPolicy", "projectcalico.org", "v3", "networkpolicies").inNamespaces().servedFirstAs("crd.projectcalico.org", "v1"),
	addOn("GlobalNetworkPolicy", "projectcalico.org", "v3", "globalnetworkpolicies").servedFirstAs("crd.projectcalico.org", "v1"),
	addOn("AdminNetworkPolicy", "policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies"),
	addOn("BaselineAdminNetworkPolicy", "policy.networking.k8s.io", "v1alpha1", "baselineadminnetworkpolicies"),
	addOn("ClusterNetworkPolicy", "policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies").servedFirstAs("policy.networking.k8s.io", "v1beta1"),
	addOn("Gateway", "gateway.networking.k8s.io", "v1beta1", "gateways").inNamespaces().servedFirstAs("gateway.networking.k8s.io", "v1"),
	addOn("HTTPRoute", "gateway.networking.k8s.io", "v1beta1", "httproutes").inNamespaces().servedFirstAs("gateway.networking.k8s.io", "v1"),
}

// Custom is the kind of a custom resource, whose objects have no Go type. Its Name is kind.group, as in
// Certificate.cert-manager.io, since a custom resource may be called as one of ours; Resource and Namespaced are likely ones, until
// a server's discovery tells.
func Custom(group, version, kind string) Kind {
	plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	return addOn(kind, group, version, plural.Resource).inNamespaces()
}

// KindOf returns the kind that objects of this apiVersion and kind are of, in that version.
func KindOf(apiVersion, kind string) (Kind, bool) {
	for _, k := range Kinds {
		if k.Kind() == kind && k.Is(apiVersion) {
			return k.In(apiVersion), true
		}
	}
	for _, k := range OptIn {
		if k.Kind() == kind && k.Is(apiVersion) {
			return k, true
		}
	}
	return Kind{}, false
}

// Custom reports whether the kind is that of a custom resource. Its objects are *unstructured.Unstructured.
func (k Kind) Custom() bool { return k.Type == reflect.TypeFor[unstructured.Unstructured]() }

// Kind returns the kind as manifests write it.
func (k Kind) Kind() string {
	kind, _, _ := strings.Cut(k.Name, ".")
	return kind
}

// Is reports whether objects of the apiVersion are of the kind, if their kind is called so.
func (k Kind) Is(apiVersion string) bool {
	return apiVersion == k.APIVersion() || k.Also != "" && apiVersion == k.Also
}

// In returns the kind as it is in one of the API versions that it Is; the other one is its Also then.
func (k Kind) In(apiVersion string) Kind {
	if apiVersion == k.Also && k.Also != "" {
		gv, _ := schema.ParseGroupVersion(k.Also)
		k.Group, k.Version, k.Also = gv.Group, gv.Version, k.APIVersion()
	}
	return k
}

func addOn(kind, group, version, resource string) Kind {
	return Kind{Name: kind + "." + group, Group: group, Version: version, Resource: resource, Type: reflect.TypeFor[unstructured.Unstructured]()}
}

func (k Kind) inNamespaces() Kind {
	k.Namespaced = true
	return k
}

// servedFirstAs names the API version that is asked for before the one that the kind has its name from.
func (k Kind) servedFirstAs(group, version string) Kind {
	k.Group, k.Version, k.Also = group, version, k.APIVersion()
	return k
}
