package scan

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// ownership says who answers for an object: people, as labels name them, and no controller. The object's own label wins over
// its namespace's; of several, the first of the list.
type ownership struct {
	labels []string
	named  map[finding.Object]string
}

// label is the owner that the object names itself, or empty.
func (w *ownership) label(o snapshot.Object) string {
	all := o.Value.GetLabels()
	for _, name := range w.labels {
		if value := all[name]; value != "" {
			return value
		}
	}
	return ""
}

// see takes note of what findings may stand at and who it names: of no pod, ReplicaSet or Job that a controller made.
func (w *ownership) see(o snapshot.Object) {
	if o.Kind.Wave > 0 && metav1.GetControllerOfNoCopy(o.Value) != nil {
		return
	}
	if owner := w.label(o); owner != "" {
		w.named[identity(o)] = owner
	}
}

// tell gives each finding its owner, once all namespaces have been seen. One that was judged at an object which is not
// noted has that object's already.
func (w *ownership) tell(findings []finding.Finding) {
	namespaces := map[string]string{}
	for o, owner := range w.named {
		if o.Kind == "Namespace" && o.Group == "" {
			namespaces[o.Name] = owner
		}
	}
	for i := range findings {
		f := &findings[i]
		if f.Owner == "" {
			f.Owner = w.named[f.Object]
		}
		if f.Owner == "" && f.Object.Namespace != "" {
			f.Owner = namespaces[f.Object.Namespace]
		}
	}
}
