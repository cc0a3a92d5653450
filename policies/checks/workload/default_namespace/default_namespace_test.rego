package kubemuster.checks.workload.default_namespace_test

import data.kubemuster.checks.workload.default_namespace

test_fails_in_the_default_namespace if {
	default_namespace.violations == {{
		"path": "metadata.namespace",
		"message": "the workload runs in the default namespace",
	}} with input as {"workload": {"namespace": "default"}}
}

test_passes_in_another if {
	default_namespace.violations == set() with input as {"workload": {"namespace": "shop"}}
}

test_passes_where_a_manifest_names_none if {
	default_namespace.violations == set() with input as {"workload": {"namespace": ""}}
	default_namespace.violations == set() with input as {"workload": {}}
}
