# METADATA
# title: Kubernetes Dashboard is exposed
# description: >-
#   The dashboard shows and changes the cluster. Exposed beyond it, its login is all that stands between the internet and the
#   API server, and a token that someone pastes there, often a powerful one, is what an attacker waits for.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/access-application-cluster/web-ui-dashboard/
#     description: Deploy and access the Kubernetes Dashboard
# custom:
#   id: KM1054
#   name: DashboardExposed
#   severity: high
#   scope: object
#   kinds: [Service, Ingress]
#   remediation: >-
#     Set the Service's type to ClusterIP, delete the Ingress, and reach the dashboard through kubectl port-forward; or
#     remove it.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1133]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.workload.dashboard

violations contains violation if {
	input.object.kind == "Service"
	input.object.spec.type in {"LoadBalancer", "NodePort"}
	of_dashboard
	violation := {
		"path": "spec.type",
		"message": sprintf("Service %s of the dashboard is of type %s", [input.object.metadata.name, input.object.spec.type]),
	}
}

violations contains violation if {
	input.object.kind == "Service"
	count(input.object.spec.externalIPs) > 0
	of_dashboard
	violation := {
		"path": "spec.externalIPs",
		"message": sprintf("Service %s of the dashboard has external addresses", [input.object.metadata.name]),
		"key": "externalIPs",
	}
}

violations contains violation if {
	input.object.kind == "Ingress"
	some service in backends
	service in services
	violation := {
		"path": "spec",
		"message": sprintf("Ingress %s leads to Service %s of the dashboard", [input.object.metadata.name, service]),
		"key": service,
	}
}

# The dashboard is told by what the Service selects. Its chart puts a proxy before it, by the name of kong.
of_dashboard if input.object.spec.selector["k8s-app"] == "kubernetes-dashboard"

of_dashboard if input.object.spec.selector["app.kubernetes.io/name"] == "kubernetes-dashboard"

of_dashboard if input.object.spec.selector["app.kubernetes.io/part-of"] == "kubernetes-dashboard"

of_dashboard if {
	input.object.spec.selector["app.kubernetes.io/name"] == "kong"
	input.object.spec.selector["app.kubernetes.io/instance"] == "kubernetes-dashboard"
}

backends contains input.object.spec.defaultBackend.service.name

backends contains path.backend.service.name if {
	some rule in input.object.spec.rules
	some path in rule.http.paths
}

# As the project's manifests and chart name them.
services := {"kubernetes-dashboard", "kubernetes-dashboard-kong-proxy", "kubernetes-dashboard-web"}
