package kubemuster.checks.workload.dashboard_test

import data.kubemuster.checks.workload.dashboard

test_fails_for_an_exposed_service if {
	every type in ["LoadBalancer", "NodePort"] {
		dashboard.violations == {{
			"path": "spec.type",
			"message": sprintf("Service dash of the dashboard is of type %s", [type]),
		}} with input as service({"type": type, "selector": {"k8s-app": "kubernetes-dashboard"}})
	}
}

test_fails_for_external_addresses if {
	dashboard.violations == {{
		"path": "spec.externalIPs",
		"message": "Service dash of the dashboard has external addresses",
		"key": "externalIPs",
	}} with input as service({
		"type": "ClusterIP",
		"externalIPs": ["198.51.100.7"],
		"selector": {"k8s-app": "kubernetes-dashboard"},
	})
}

test_knows_the_selectors_of_manifests_and_chart if {
	every selector in [
		{"app.kubernetes.io/name": "kubernetes-dashboard"},
		{"app.kubernetes.io/part-of": "kubernetes-dashboard"},
		{"app.kubernetes.io/name": "kong", "app.kubernetes.io/instance": "kubernetes-dashboard"},
	] {
		count(dashboard.violations) == 1 with input as service({"type": "NodePort", "selector": selector})
	}
}

test_fails_for_an_ingress if {
	dashboard.violations == {{
		"path": "spec",
		"message": "Ingress dash leads to Service kubernetes-dashboard of the dashboard",
		"key": "kubernetes-dashboard",
	}} with input as ingress({"rules": [{"http": {"paths": [
		{"backend": {"service": {"name": "web"}}},
		{"backend": {"service": {"name": "kubernetes-dashboard"}}},
	]}}]})
	dashboard.violations == {{
		"path": "spec",
		"message": "Ingress dash leads to Service kubernetes-dashboard-kong-proxy of the dashboard",
		"key": "kubernetes-dashboard-kong-proxy",
	}} with input as ingress({"defaultBackend": {"service": {"name": "kubernetes-dashboard-kong-proxy"}}})
}

test_passes_inside_the_cluster if {
	dashboard.violations == set() with input as service({
		"type": "ClusterIP",
		"selector": {"k8s-app": "kubernetes-dashboard"},
	})
}

test_passes_for_other_services if {
	dashboard.violations == set() with input as service({"type": "LoadBalancer", "selector": {"app": "web"}})
	dashboard.violations == set() with input as ingress({"rules": [{"http": {"paths": [{"backend": {"service": {"name": "web"}}}]}}]})
}

test_passes_for_absent_fields if {
	dashboard.violations == set() with input as service({})
	dashboard.violations == set() with input as ingress({})
}

service(spec) := {"object": {"kind": "Service", "metadata": {"name": "dash"}, "spec": spec}}

ingress(spec) := {"object": {"kind": "Ingress", "metadata": {"name": "dash"}, "spec": spec}}
