// Package snapshot holds what is known of a cluster: the kinds that are read, the objects, the compact index across them,
// and the gaps where something could not be read.
package snapshot

import (
	"reflect"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kind is a kind of object that a scan reads.
type Kind struct {
	Name    string // Deployment
	Group   string // empty for the core group
	Version string
	// Also is another API version, group/version, under which the same objects may be served, with the fields that are looked
	// at; empty where there is none. A server is asked for the first of both that it serves.
	Also       string
	Resource   string // plural, lower case
	Namespaced bool
	// PodSpec is the path to the pod spec in kinds that run pods, as in spec.template.spec; empty for others.
	PodSpec string
	// Wave orders reading: a kind is read when all kinds of lower waves have been, so that owners are known before what they own.
	Wave int
	// Type is the Go type of an object.
	Type reflect.Type
	// OptIn is the flag that allows reading the kind, without its dashes; empty for those that every scan reads.
	OptIn string
	// Optional marks a kind of Kubernetes' own that a supported API server may not serve: an older one, or one where it is turned
	// off. All others but custom resources every API server has, so that one which does not know them is none, or is not whole.
	Optional bool
}

// MayBeAbsent reports whether a cluster may be without the kind: what every API server serves and this one does not is unread.
func (k Kind) MayBeAbsent() bool { return k.Optional || k.Custom() }

// APIVersion returns group/version as manifests write it.
func (k Kind) APIVersion() string {
	if k.Group == "" {
		return k.Version
	}
	return k.Group + "/" + k.Version
}

const template = "spec.template.spec"

// Kinds are all kinds that a scan reads.
var Kinds = slices.Concat(builtIn, addOns)

var builtIn = []Kind{
	cluster[corev1.Node]("", "v1", "nodes"),
	cluster[corev1.Namespace]("", "v1", "namespaces"),
	cluster[corev1.PersistentVolume]("", "v1", "persistentvolumes"),
	cluster[rbacv1.ClusterRole](rbacv1.GroupName, "v1", "clusterroles"),
	cluster[rbacv1.ClusterRoleBinding](rbacv1.GroupName, "v1", "clusterrolebindings"),
	cluster[admissionv1.ValidatingWebhookConfiguration](admissionv1.GroupName, "v1", "validatingwebhookconfigurations"),
	cluster[admissionv1.MutatingWebhookConfiguration](admissionv1.GroupName, "v1", "mutatingwebhookconfigurations"),
	cluster[admissionv1.ValidatingAdmissionPolicy](admissionv1.GroupName, "v1", "validatingadmissionpolicies").optional(),
	cluster[admissionv1.ValidatingAdmissionPolicyBinding](admissionv1.GroupName, "v1", "validatingadmissionpolicybindings").optional(),
	cluster[admissionv1.MutatingAdmissionPolicy](admissionv1.GroupName, "v1", "mutatingadmissionpolicies").optional(),
	cluster[admissionv1.MutatingAdmissionPolicyBinding](admissionv1.GroupName, "v1", "mutatingadmissionpolicybindings").optional(),
	namespaced[corev1.ServiceAccount]("", "v1", "serviceaccounts", ""),
	namespaced[rbacv1.Role](rbacv1.GroupName, "v1", "roles", ""),
	namespaced[rbacv1.RoleBinding](rbacv1.GroupName, "v1", "rolebindings", ""),
	namespaced[corev1.Service]("", "v1", "services", ""),
	namespaced[networkingv1.Ingress](networkingv1.GroupName, "v1", "ingresses", ""),
	namespaced[networkingv1.NetworkPolicy](networkingv1.GroupName, "v1", "networkpolicies", ""),
	namespaced[corev1.ResourceQuota]("", "v1", "resourcequotas", ""),
	namespaced[corev1.LimitRange]("", "v1", "limitranges", ""),
	namespaced[appsv1.Deployment](appsv1.GroupName, "v1", "deployments", template),
	namespaced[appsv1.StatefulSet](appsv1.GroupName, "v1", "statefulsets", template),
	namespaced[appsv1.DaemonSet](appsv1.GroupName, "v1", "daemonsets", template),
	namespaced[appsv1.ReplicaSet](appsv1.GroupName, "v1", "replicasets", template).inWave(1),
	namespaced[corev1.ReplicationController]("", "v1", "replicationcontrollers", template),
	namespaced[batchv1.CronJob](batchv1.GroupName, "v1", "cronjobs", "spec.jobTemplate.spec.template.spec"),
	namespaced[batchv1.Job](batchv1.GroupName, "v1", "jobs", template).inWave(1),
	namespaced[corev1.Pod]("", "v1", "pods", "spec").inWave(2),
}

// OptIn are kinds that a scan reads only where a flag allows it.
var OptIn = []Kind{secret, kubelet}

// secret is read as metadata alone: nothing here has a place for its data.
var secret = Kind{
	Name: "Secret", Version: "v1", Resource: "secrets", Namespaced: true, Type: reflect.TypeFor[metav1.PartialObjectMetadata](), OptIn: "secret-metadata",
}

// MetadataOnly reports whether objects of the kind are asked for without spec, data and status.
func (k Kind) MetadataOnly() bool { return k.Type == reflect.TypeFor[metav1.PartialObjectMetadata]() }

// KindNamed returns the kind with this name.
func KindNamed(name string) (Kind, bool) {
	k, ok := byName[name]
	return k, ok
}

var byName = func() map[string]Kind {
	m := make(map[string]Kind, len(Kinds))
	for _, k := range slices.Concat(Kinds, OptIn) {
		m[k.Name] = k
	}
	return m
}()

func cluster[T any](group, version, resource string) Kind {
	t := reflect.TypeFor[T]()
	return Kind{Name: t.Name(), Group: group, Version: version, Resource: resource, Type: t}
}

func (k Kind) inWave(n int) Kind {
	k.Wave = n
	return k
}

func (k Kind) optional() Kind {
	k.Optional = true
	return k
}

func namespaced[T any](group, version, resource, podSpec string) Kind {
	k := cluster[T](group, version, resource)
	k.Namespaced, k.PodSpec = true, podSpec
	return k
}
