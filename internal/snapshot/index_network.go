package snapshot

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// InventoryService is a Service. Of those that nothing outside the cluster reaches only the name is kept.
type InventoryService struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Type is NodePort or LoadBalancer; ClusterIP where external IPs lead to it; empty otherwise.
	Type         string            `json:"type,omitempty"`
	Class        string            `json:"class,omitempty"` // of the load balancer
	Annotations  map[string]string `json:"annotations,omitempty"`
	SourceRanges []string          `json:"sourceRanges,omitempty"`
	Addresses    []string          `json:"addresses,omitempty"` // IPs that the load balancer has
	ExternalIPs  []string          `json:"externalIPs,omitempty"`
	// Ingresses are those that lead to it and ask nobody who one is, sorted.
	Ingresses []string `json:"ingresses,omitempty"`
	// HTTPRoutes are those of its namespace that lead to it and have no extension, which may ask who one is, sorted.
	HTTPRoutes []string           `json:"httpRoutes,omitempty"`
	Backends   []InventoryBackend `json:"backends,omitempty"`
}

type serviceIndex struct {
	all       []InventoryService
	targets   []target // by the place in all
	ingresses leading
	routes    leading
}

// leading are the names of what leads to a service.
type leading map[types.NamespacedName][]string

func (l *leading) add(namespace, service, name string) {
	if *l == nil {
		*l = leading{}
	}
	to := types.NamespacedName{Namespace: namespace, Name: service}
	if !slices.Contains((*l)[to], name) {
		(*l)[to] = append((*l)[to], name)
	}
}

func (l leading) to(s *InventoryService) []string {
	return slices.Sorted(slices.Values(l[types.NamespacedName{Namespace: s.Namespace, Name: s.Name}]))
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
	}
	x.all, x.targets = append(x.all, s), append(x.targets, target{v.Spec.Selector, v.Spec.Ports})
}

// logins are annotations of Ingresses by which their controllers ask who one is: of ingress-nginx, HAProxy, and AWS. Others that
// begin so only shape that.
var logins = []string{"auth-secret", "auth-signin", "auth-tls-secret", "auth-type", "auth-url"}

// login tells of a middleware of Traefik, by its name, that it asks who one is. Most do something else.
var login = regexp.MustCompile(`(?i)auth|oidc|login|sso|forward`)

// ingress takes in where an Ingress leads, unless its controller asks who one is, as annotations tell it.
func (x *serviceIndex) ingress(v *networkingv1.Ingress) {
	for key, value := range v.Annotations {
		_, name, _ := strings.Cut(key, "/")
		asks := slices.Contains(logins, name) || strings.HasPrefix(name, "basic-auth") || strings.HasPrefix(name, "oauth") ||
			name == "router.middlewares" && login.MatchString(value)
		if off := []string{"", "none", "false", "off", "disabled"}; asks && !slices.Contains(off, strings.ToLower(strings.TrimSpace(value))) {
			return
		}
	}
	backends := []*networkingv1.IngressBackend{v.Spec.DefaultBackend}
	for _, rule := range v.Spec.Rules {
		if rule.HTTP != nil {
			for i := range rule.HTTP.Paths {
				backends = append(backends, &rule.HTTP.Paths[i].Backend)
			}
		}
	}
	for _, b := range backends {
		if b == nil || b.Service == nil {
			continue
		}
		x.ingresses.add(v.Namespace, b.Service.Name, v.Name)
	}
}

// route takes in where an HTTPRoute of a Gateway leads, unless all its Gateways refused it. To services of another namespace it
// leads where a Gateway says that its references are resolved: others ask for a ReferenceGrant.
// https://gateway-api.sigs.k8s.io/api-types/httproute/
func (x *serviceIndex) route(v *unstructured.Unstructured) {
	spec, _ := v.Object["spec"].(map[string]any)
	if !slices.ContainsFunc(list(spec, "parentRefs"), ofGateway) {
		return
	}
	resolved, open := answers(v)
	if !open {
		return
	}
	for _, rule := range list(spec, "rules") {
		r, _ := rule.(map[string]any)
		if extended(r) {
			continue
		}
		for _, ref := range list(r, "backendRefs") {
			b, _ := ref.(map[string]any)
			name, _ := b["name"].(string)
			kind, group := b["kind"], b["group"]
			if (kind != nil && kind != "Service") || (group != nil && group != "") || extended(b) {
				continue
			}
			switch namespace, _ := b["namespace"].(string); {
			case namespace == "" || namespace == v.GetNamespace():
				x.routes.add(v.GetNamespace(), name, v.GetName())
			case resolved:
				x.routes.add(namespace, name, v.GetNamespace()+"/"+v.GetName())
			}
		}
	}
}

// ofGateway reports whether a parent is a Gateway, and not the Service of a mesh inside the cluster.
func ofGateway(p any) bool {
	parent, _ := p.(map[string]any)
	kind, group := parent["kind"], parent["group"]
	return (kind == nil || kind == "Gateway") && (group == nil || group == "gateway.networking.k8s.io")
}

// answers is what Gateways say of a route: whether one has all its references resolved, and whether one took it or has not
// said yet.
func answers(route *unstructured.Unstructured) (resolved, open bool) {
	status, _ := route.Object["status"].(map[string]any)
	parents := slices.DeleteFunc(slices.Clone(list(status, "parents")), func(p any) bool {
		parent, _ := p.(map[string]any)
		return !ofGateway(parent["parentRef"])
	})
	open = len(parents) == 0
	for _, p := range parents {
		says := map[any]any{}
		parent, _ := p.(map[string]any)
		for _, c := range list(parent, "conditions") {
			condition, _ := c.(map[string]any)
			says[condition["type"]] = condition["status"]
		}
		if says["Accepted"] != "False" {
			open = true
			resolved = resolved || says["ResolvedRefs"] == "True"
		}
	}
	return resolved, open
}

// extended reports whether a rule or a backend of a route has a filter that may ask who one is.
func extended(of map[string]any) bool {
	return slices.ContainsFunc(list(of, "filters"), func(f any) bool {
		filter, _ := f.(map[string]any)
		return filter["type"] == "ExtensionRef" || filter["type"] == "ExternalAuth"
	})
}

func (x *serviceIndex) list(workloads *workloadIndex) []InventoryService {
	out := slices.Clone(x.all)
	for i := range out {
		s := &out[i]
		s.Ingresses, s.HTTPRoutes = x.ingresses.to(s), x.routes.to(s)
		if s.Type != "" || s.Ingresses != nil || s.HTTPRoutes != nil {
			s.Backends = workloads.backends(s.Namespace, x.targets[i])
		}
	}
	slices.SortFunc(out, func(a, b InventoryService) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}
