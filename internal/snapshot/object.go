package snapshot

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is one object of a cluster or of a manifest.
type Object struct {
	Kind Kind
	// Value points to a Go value of Kind.Type.
	Value metav1.Object
	// Line finds the line of a JSON path in File. Both are empty for live clusters.
	Line func(path string) int
	File string
}

// Gap is something that exists and could not be read.
type Gap struct {
	Kind      string    `json:"kind"`                // as Kind.Name
	Namespace string    `json:"namespace,omitempty"` // the namespace that was asked for; empty for all
	Name      string    `json:"name,omitempty"`      // of the one object or file that could not be read; empty for a list
	Reason    GapReason `json:"reason"`
	Message   string    `json:"message"`        // one sentence, no secret
	Read      int       `json:"read,omitempty"` // objects read before it broke off
}

// Manifest is the kind of a gap in manifests: a file that could not be read, or a part of one. Its Name is the file, as findings have
// it, and its Message says which it is as the user wrote it.
const Manifest = "Manifest"

// GapReason says why something could not be read.
type GapReason string

// The reasons for a gap.
const (
	Forbidden   GapReason = "forbidden"
	TimedOut    GapReason = "timed out"
	Interrupted GapReason = "interrupted"
	Failed      GapReason = "failed"
)

// String returns the gap as one phrase.
func (g Gap) String() string {
	where := ""
	if g.Name != "" && g.Kind != Manifest {
		where = " of " + g.Name
	}
	if g.Namespace != "" {
		where += " in namespace " + g.Namespace
	}
	return fmt.Sprintf("%s%s: %s: %s", g.Kind, where, g.Reason, g.Message)
}

// PodSpec returns the spec of the pods that the object runs, or nil.
func (o Object) PodSpec() *corev1.PodSpec {
	spec, _ := o.pod()
	return spec
}

// PodMeta returns the metadata of the pods that the object runs, or nil.
func (o Object) PodMeta() *metav1.ObjectMeta {
	_, meta := o.pod()
	return meta
}

// StaticPod returns the name that a static pod's manifest gives it, without its node's; it is empty for everything else.
func (o Object) StaticPod() string {
	pod, ok := o.Value.(*corev1.Pod)
	if !ok || !isMirror(pod, metav1.GetControllerOfNoCopy(pod)) {
		return ""
	}
	return strings.TrimSuffix(pod.Name, "-"+pod.Spec.NodeName)
}

func (o Object) pod() (*corev1.PodSpec, *metav1.ObjectMeta) {
	var t *corev1.PodTemplateSpec
	switch v := o.Value.(type) {
	case *corev1.Pod:
		return &v.Spec, &v.ObjectMeta
	case *appsv1.Deployment:
		t = &v.Spec.Template
	case *appsv1.StatefulSet:
		t = &v.Spec.Template
	case *appsv1.DaemonSet:
		t = &v.Spec.Template
	case *appsv1.ReplicaSet:
		t = &v.Spec.Template
	case *corev1.ReplicationController:
		t = v.Spec.Template
	case *batchv1.Job:
		t = &v.Spec.Template
	case *batchv1.CronJob:
		t = &v.Spec.JobTemplate.Spec.Template
	}
	if t == nil {
		return nil, nil
	}
	return &t.Spec, &t.ObjectMeta
}
