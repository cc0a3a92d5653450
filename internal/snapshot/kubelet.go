package snapshot

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// KubeletConfiguration is what is kept of a kubelet's configuration, under the name of its node: the settings that checks
// judge and nothing else of it. A setting that is not there has its default, as the kubelet leaves out what is off.
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
type KubeletConfiguration struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Authentication                 KubeletAuthentication `json:"authentication"`
	Authorization                  KubeletAuthorization  `json:"authorization"`
	ReadOnlyPort                   int32                 `json:"readOnlyPort,omitempty"`
	StreamingConnectionIdleTimeout *metav1.Duration      `json:"streamingConnectionIdleTimeout,omitempty"`
	MakeIPTablesUtilChains         *bool                 `json:"makeIPTablesUtilChains,omitempty"`
	EventRecordQPS                 *int32                `json:"eventRecordQPS,omitempty"`
	RotateCertificates             bool                  `json:"rotateCertificates,omitempty"`
	ServerTLSBootstrap             bool                  `json:"serverTLSBootstrap,omitempty"`
	TLSCertFile                    string                `json:"tlsCertFile,omitempty"`
	FeatureGates                   KubeletFeatureGates   `json:"featureGates"`
}

// KubeletAuthentication says how a kubelet learns who asks it.
type KubeletAuthentication struct {
	Anonymous struct {
		Enabled *bool `json:"enabled,omitempty"`
	} `json:"anonymous"`
	X509 struct {
		ClientCAFile string `json:"clientCAFile,omitempty"`
	} `json:"x509"`
}

// KubeletAuthorization says how a kubelet decides on what it is asked: by AlwaysAllow or Webhook.
type KubeletAuthorization struct {
	Mode string `json:"mode,omitempty"`
}

// KubeletFeatureGates are those of a kubelet's feature gates that checks judge.
type KubeletFeatureGates struct {
	RotateKubeletServerCertificate *bool `json:"RotateKubeletServerCertificate,omitempty"`
}

// DeepCopyObject implements runtime.Object.
func (c *KubeletConfiguration) DeepCopyObject() runtime.Object {
	out := *c // what its pointers point to is never changed
	c.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

// kubelet is no object of the API server: each node's kubelet tells its own, under nodes/NAME/proxy/configz. Kubelets may be
// slow or out of reach, and are asked last.
var kubelet = Kind{
	Name: "KubeletConfiguration", Group: "kubelet.config.k8s.io", Version: "v1beta1", Resource: "kubeletconfigurations",
	Type: reflect.TypeFor[KubeletConfiguration](), Wave: 2, OptIn: "kubelet-config",
}

// Subject returns the kind that findings on the object stand at, under the object's name, and what leads from there to a path
// in the object. The configuration that a kubelet tells belongs to its Node; kubeletconfig is its name in the answer.
func (o Object) Subject() (kind Kind, prefix string) {
	if o.Kind.Name == kubelet.Name && o.File == "" {
		kind, _ = KindNamed("Node")
		return kind, "kubeletconfig."
	}
	return o.Kind, ""
}
