package kubemuster.checks.admission.unbound_policy_test

import data.kubemuster.checks.admission.unbound_policy

test_fails_for_a_policy_without_binding if {
	unbound_policy.violations == {{
		"object": {"kind": "MutatingAdmissionPolicy", "namespace": "", "name": "pods"},
		"path": "metadata.name",
		"message": "no binding puts policy pods into force",
	}} with input.inventory.admissionPolicies as [
		{"kind": "MutatingAdmissionPolicy", "name": "pods", "bindings": 0},
		{"kind": "ValidatingAdmissionPolicy", "name": "pods", "bindings": 1},
	]
}

test_passes_for_an_empty_inventory if {
	unbound_policy.violations == set() with input.inventory as {}
}
