package kubemuster.checks.network.sensitive_interface_test

import data.kubemuster.checks.network.sensitive_interface

test_fails_for_each_way_out if {
	sensitive_interface.violations == {
		found("node", "a port of every node"),
		found("lb", "an open load balancer"),
		found("ip", "external IPs"),
	} with input.inventory.services as [
		service("node", {"type": "NodePort"}),
		service("lb", {"type": "LoadBalancer", "annotations": {"team": "shop"}}),
		service("ip", {"type": "ClusterIP", "externalIPs": ["192.0.2.1"]}),
	]
}

test_fails_for_an_ingress if {
	sensitive_interface.violations == {object.union(found("inside", "Ingress watch"), {
		"key": "Prometheus/9090 watch",
		"severity": "medium",
	})} with input.inventory.services as [service("inside", {"ingresses": ["watch"]})]
	sensitive_interface.violations == {found("node", "a port of every node")} with input.inventory.services as [service("node", {
		"type": "NodePort",
		"ingresses": ["watch"],
	})]
}

test_fails_for_a_route if {
	sensitive_interface.violations == {
		object.union(found("inside", "HTTPRoute watch"), {"key": "Prometheus/9090 HTTPRoute watch", "severity": "medium"}),
		object.union(found("inside", "Ingress watch"), {"key": "Prometheus/9090 watch", "severity": "medium"}),
	} with input.inventory.services as [service("inside", {"ingresses": ["watch"], "httpRoutes": ["watch"]})]
}

test_passes_where_a_load_balancer_is_not_open if {
	sensitive_interface.violations == set() with input.inventory.services as [
		service("ranges", {"type": "LoadBalancer", "sourceRanges": ["192.0.2.0/24"]}),
		service("internal", {"type": "LoadBalancer", "annotations": {"networking.gke.io/load-balancer-type": "Internal"}}),
		service("class", {"type": "LoadBalancer", "class": "service.k8s.aws/nlb"}),
		service("private", {"type": "LoadBalancer", "addresses": ["10.0.0.1"]}),
	]
}

test_passes_for_another_port_or_image if {
	sensitive_interface.violations == set() with input.inventory.services as [
		service("port", {"type": "NodePort", "backends": [{"image": "prom/prometheus:v3", "port": 8080}]}),
		service("image", {"type": "NodePort", "backends": [{"image": "prom/prometheus-proxy:v3", "port": 9090}]}),
		service("none", {"type": "NodePort", "backends": []}),
	]
}

test_knows_images_in_any_registry if {
	every image in ["etcd", "registry.k8s.io/etcd:3.6.4-0", "registry.example:5000/x/etcd@sha256:00"] {
		count(sensitive_interface.violations) == 1 with input.inventory.services as [service("s", {
			"type": "NodePort",
			"backends": [{"image": image, "port": 2379}],
		})]
	}
}

test_passes_for_services_inside_and_absent_fields if {
	sensitive_interface.violations == set() with input.inventory.services as [{"namespace": "shop", "name": "web"}]
	sensitive_interface.violations == set() with input.inventory as {}
}

found(name, way) := {
	"object": {"kind": "Service", "namespace": "shop", "name": name},
	"path": "spec.type",
	"key": "Prometheus/9090",
	"message": concat("", [
		sprintf("service %s exposes Prometheus by %s: it ", [name, way]),
		"shows the whole cluster, and credentials in its targets' settings",
	]),
}

service(name, more) := object.union(
	{
		"namespace": "shop",
		"name": name,
		"backends": [{"kind": "Deployment", "name": "p", "image": "quay.io/prometheus/prometheus:v3.7.0", "port": 9090}],
	},
	more,
)
