# METADATA
# title: Sensitive interface is exposed
# description: >-
#   The Service publishes, outside the cluster, an interface that asks for no password as it is shipped and that gives
#   away the cluster or much of it. Attackers search the internet for exactly these. By an Ingress or an HTTPRoute it weighs less:
#   where that is reached from is not seen, and one whose annotations or filters name a way to log in is left out. The node ports of internal load balancers
#   are not counted.
# related_resources:
#   - ref: https://attack.mitre.org/techniques/T1133/
#     description: External remote services
#   - ref: https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Exposed%20sensitive%20interfaces/
#     description: Exposed sensitive interfaces
# custom:
#   id: KM4011
#   name: SensitiveInterface
#   severity: high
#   severities:
#     medium: by an Ingress or an HTTPRoute
#   scope: cluster
#   kinds: [Service]
#   requires: [Service, Workload, Ingress, gateway.networking.k8s.io/v1/HTTPRoute]
#   remediation: >-
#     Set spec.type to ClusterIP and reach the interface by kubectl port-forward, or through an Ingress that asks who
#     one is.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1190, T1133]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.network.sensitive_interface

import data.kubemuster.lib.loadbalancer

violations contains violation if {
	some i, service in input.inventory.services
	some backend in service.backends
	some interface in interfaces
	backend.port in interface.ports
	regex.match(sprintf(`(^|/)(%s)(:|@|$)`, [interface.image]), backend.image)
	way := ways[i]
	violation := {
		"object": {"kind": "Service", "namespace": service.namespace, "name": service.name},
		"path": "spec.type",
		"key": sprintf("%s/%d", [interface.name, backend.port]),
		"message": sprintf("service %s exposes %s by %s: it %s", [service.name, interface.name, way, interface.gives]),
	}
}

ways[i] := "a port of every node" if {
	some i, service in input.inventory.services
	service.type == "NodePort"
}

ways[i] := "an open load balancer" if {
	some i, _ in input.inventory.services
	open_load_balancer(i)
}

open_load_balancer(i) if {
	service := input.inventory.services[i]
	service.type == "LoadBalancer"
	settings := {loadbalancer.setting(key, value) | some key, value in service.annotations}
	class := concat("", [c | c := service.class])
	ranges := {range | some range in service.sourceRanges}
	addresses := {address | some address in service.addresses}
	loadbalancer.open(settings, class, ranges, addresses)
}

ways[i] := "external IPs" if {
	some i, service in input.inventory.services
	service.externalIPs[0]
	service.type in {"ClusterIP", "LoadBalancer"}
	not open_load_balancer(i)
}

violations contains violation if {
	some i, service in input.inventory.services
	not ways[i]
	some backend in service.backends
	some interface in interfaces
	backend.port in interface.ports
	regex.match(sprintf(`(^|/)(%s)(:|@|$)`, [interface.image]), backend.image)
	some [route, key] in array.concat(
		[[sprintf("Ingress %s", [name]), name] | some name in service.ingresses],
		[[sprintf("HTTPRoute %s", [name]), sprintf("HTTPRoute %s", [name])] | some name in service.httpRoutes],
	)
	violation := {
		"object": {"kind": "Service", "namespace": service.namespace, "name": service.name},
		"path": "spec.type",
		"key": sprintf("%s/%d %s", [interface.name, backend.port, key]),
		"message": sprintf("service %s exposes %s by %s: it %s", [service.name, interface.name, route, interface.gives]),
		"severity": "medium",
	}
}

# An interface is told by image and port together: either alone says too little.
interfaces := [
	{
		"name": "Alertmanager",
		"image": "(prom|prometheus)/alertmanager",
		"ports": {9093},
		"gives": "silences alerts and shows what is watched",
	},
	{"name": "Argo Workflows", "image": "argoproj/argocli", "ports": {2746}, "gives": "runs containers"},
	{"name": "cAdvisor", "image": "cadvisor/cadvisor", "ports": {8080}, "gives": "shows every container and its settings"},
	{"name": "Consul", "image": "(hashicorp/)?consul", "ports": {8500}, "gives": "changes services and reads their settings"},
	{"name": "Docker", "image": "docker", "ports": {2375}, "gives": "runs privileged containers"},
	{"name": "etcd", "image": "etcd", "ports": {2379, 2380}, "gives": "holds all that is stored in it"},
	{"name": "Hubble UI", "image": "cilium/hubble-ui", "ports": {8081}, "gives": "shows who talks to whom"},
	{
		"name": "Jaeger",
		"image": "jaegertracing/(all-in-one|jaeger|jaeger-query)",
		"ports": {16686},
		"gives": "shows requests and what is in them",
	},
	{
		"name": "Kubeflow",
		"image": "(kubeflow|kubeflownotebookswg)/centraldashboard",
		"ports": {8082},
		"gives": "starts notebooks and pipelines, which run code",
	},
	{
		"name": "Kubernetes Dashboard",
		"image": "kubernetesui/dashboard(-[a-z]+)?|kubernetes-dashboard(-[a-z0-9]+)?",
		"ports": {8000, 8443, 9090},
		"gives": "steers the cluster with a token, or without one where login may be skipped",
	},
	{"name": "Longhorn UI", "image": "longhornio/longhorn-ui", "ports": {8000}, "gives": "reads and deletes volumes"},
	{"name": "MLflow", "image": "mlflow/mlflow", "ports": {5000}, "gives": "reads files and replaces models"},
	{
		"name": "Prometheus",
		"image": "(prom|prometheus)/prometheus",
		"ports": {9090},
		"gives": "shows the whole cluster, and credentials in its targets' settings",
	},
	{"name": "Ray Dashboard", "image": "rayproject/ray(-[a-z]+)?", "ports": {8265}, "gives": "runs code (CVE-2023-48022)"},
	{
		"name": "Selenium Grid",
		"image": "selenium/(hub|standalone-[a-z]+)",
		"ports": {4444},
		"gives": "runs browsers, and programs by their settings",
	},
	{"name": "Tekton Dashboard", "image": "tektoncd/dashboard/cmd/dashboard", "ports": {9097}, "gives": "runs containers"},
	{"name": "Weave Scope", "image": "weaveworks/scope", "ports": {4040}, "gives": "opens shells in containers"},
]
