package snapshot

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// InventoryService is a Service. Of those that nothing outside the cluster reaches only the name is kept.
type InventoryService struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Type is NodePort or LoadBalancer; ClusterIP where external IPs lead to it; empty otherwise.
	Type         string             `json:"type,omitempty"`
	Class        string             `json:"class,omitempty"` // of the load balancer
	Annotations  map[string]string  `json:"annotations,omitempty"`
	SourceRanges []string           `json:"sourceRanges,omitempty"`
	Addresses    []string           `json:"addresses,omitempty"` // IPs that the load balancer has
	ExternalIPs  []string           `json:"externalIPs,omitempty"`
	Backends     []InventoryBackend `json:"backends,omitempty"`
}

type serviceIndex struct {
	all     []InventoryService
	exposed map[int]target // by the place in all
}

// target is what a Service leads to.
type target struct {
	selector map[string]string
	ports    []corev1.ServicePort
}

func (x *serviceIndex) add(v *corev1.Service) {
	s := InventoryService{Namespace: v.Namespace, Name: v.Name}
	if v.Spec.Type == corev1.ServiceTypeNodePort || v.Spec.Type == corev1.ServiceTypeLoadBalancer || len(v.Spec.ExternalIPs) > 0 {
		s.Type, s.Annotations = string(v.Spec.Type), v.Annotations
		s.SourceRanges, s.ExternalIPs = v.Spec.LoadBalancerSourceRanges, v.Spec.ExternalIPs
		if s.Type == "" {
			s.Type = string(corev1.ServiceTypeClusterIP) // as the API server defaults it
		}
		if v.Spec.LoadBalancerClass != nil {
			s.Class = *v.Spec.LoadBalancerClass
		}
		for _, ingress := range v.Status.LoadBalancer.Ingress {
			if ingress.IP != "" {
				s.Addresses = append(s.Addresses, ingress.IP)
			}
		}
		if x.exposed == nil {
			x.exposed = map[int]target{}
		}
		x.exposed[len(x.all)] = target{v.Spec.Selector, v.Spec.Ports}
	}
	x.all = append(x.all, s)
}

func (x *serviceIndex) list(workloads *workloadIndex) []InventoryService {
	out := slices.Clone(x.all)
	for i, t := range x.exposed {
		out[i].Backends = workloads.backends(out[i].Namespace, t)
	}
	slices.SortFunc(out, func(a, b InventoryService) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}
