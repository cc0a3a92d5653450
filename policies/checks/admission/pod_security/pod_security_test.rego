package kubemuster.checks.admission.pod_security_test

import data.kubemuster.checks.admission.pod_security

test_fails_for_absent_labels if {
	pod_security.violations == {unlabelled} with input.object as {"metadata": {"name": "shop"}}
}

test_fails_where_a_standard_only_warns if {
	pod_security.violations == {unlabelled} with input.object as labelled("shop", {"pod-security.kubernetes.io/warn": "restricted"})
}

test_fails_for_the_privileged_standard if {
	pod_security.violations == {{
		"path": "metadata.labels[pod-security.kubernetes.io/enforce]",
		"message": "namespace shop enforces the privileged standard, which forbids nothing",
	}} with input.object as labelled("shop", {"pod-security.kubernetes.io/enforce": "privileged"})
}

test_passes_for_an_enforced_standard if {
	every level in ["baseline", "restricted", "unknown"] {
		pod_security.violations == set() with input.object as labelled("shop", {"pod-security.kubernetes.io/enforce": level})
	}
}

test_passes_for_namespaces_of_the_system if {
	every name in ["kube-system", "kube-public", "kube-node-lease"] {
		pod_security.violations == set() with input.object as {"metadata": {"name": name}}
		pod_security.violations == set() with input.object as labelled(name, {"pod-security.kubernetes.io/enforce": "privileged"})
	}
}

unlabelled := {"path": "metadata.labels", "message": "namespace shop enforces no Pod Security Standard"}

labelled(name, labels) := {"metadata": {"name": name, "labels": labels}}
