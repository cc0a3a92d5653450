package kubemuster.checks.admission.no_policy_control_test

import data.kubemuster.checks.admission.no_policy_control

test_fails_without_any_control if {
	no_policy_control.violations == {found} with input.inventory as {"namespaces": [
		{"name": "shop", "workloads": 1},
		{"name": "bank", "workloads": 1, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
		{"name": "kube-system", "workloads": 1, "labels": {"pod-security.kubernetes.io/enforce": "baseline"}},
	]}
}

test_fails_for_what_controls_no_pods if {
	no_policy_control.violations == {found} with input.inventory as {
		"namespaces": [{"name": "shop", "workloads": 1}],
		"admissionPolicies": [
			{"kind": "ValidatingAdmissionPolicy", "name": "warns", "bindings": 1, "pods": true},
			{"kind": "ValidatingAdmissionPolicy", "name": "others", "bindings": 1, "denies": true},
			{"kind": "MutatingAdmissionPolicy", "name": "mutates", "bindings": 1, "pods": true},
		],
		"webhooks": [
			{"kind": "MutatingWebhookConfiguration", "configuration": "inject", "pods": true},
			{"kind": "ValidatingWebhookConfiguration", "configuration": "cert-manager"},
			{"kind": "ValidatingWebhookConfiguration", "configuration": "vpc-resource-validating-webhook", "pods": true},
		],
	}
}

test_passes_for_each_control if {
	every more in [
		{"namespaces": [{"name": "shop", "workloads": 1, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}]},
		{"admissionPolicies": [{"kind": "ValidatingAdmissionPolicy", "name": "p", "bindings": 1, "denies": true, "pods": true}]},
		{"webhooks": [{"kind": "ValidatingWebhookConfiguration", "configuration": "kyverno", "pods": true}]},
	] {
		no_policy_control.violations == set() with input.inventory as object.union(
			{"namespaces": [{"name": "shop", "workloads": 1}]},
			more,
		)
	}
}

test_passes_for_a_cluster_that_runs_nothing if {
	no_policy_control.violations == set() with input.inventory as {"namespaces": [
		{"name": "default", "workloads": 0},
		{"name": "kube-system", "workloads": 9},
	]}
	no_policy_control.violations == set() with input.inventory as {}
}

found := {
	"object": {"kind": "Cluster", "namespace": "", "name": "cluster"},
	"path": "",
	"key": "policy",
	"message": "no Pod Security Standard, admission policy or webhook controls which pods are created",
}
