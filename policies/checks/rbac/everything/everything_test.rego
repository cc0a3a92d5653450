package kubemuster.checks.rbac.everything_test

import data.kubemuster.checks.rbac.everything

test_looks_for if {
	object.keys(everything.permissions) == {"core", "everything"}
}

test_is_critical_for_the_whole_cluster_and_kube_system if {
	everything.violations == {{
		"message": "all is allowed in the whole cluster",
		"severity": "critical",
	}} with input.grant as grant("", "in the whole cluster", ["everything", "core"])
	everything.violations == {{
		"message": "all is allowed in namespace kube-system",
		"severity": "critical",
	}} with input.grant as grant("kube-system", "in namespace kube-system", ["everything", "core"])
}

test_is_high_for_another_namespace if {
	everything.violations == {{
		"message": "all is allowed in namespace shop",
		"severity": "high",
	}} with input.grant as grant("shop", "in namespace shop", ["everything", "core"])
}

test_fails_for_the_core_group if {
	everything.violations == {{
		"message": "all of the core API group is allowed in the whole cluster",
		"severity": "critical",
	}} with input.grant as grant("", "in the whole cluster", ["core"])
}

test_passes_for_named_objects_and_absent_fields if {
	everything.violations == set() with input.grant as {
		"namespace": "",
		"where": "in the whole cluster",
		"holds": [{"permission": "everything", "what": "* on * named web", "names": ["web"]}],
	}
	everything.violations == set() with input.grant as {"namespace": "shop", "where": "in namespace shop"}
}

grant(namespace, where, permissions) := {
	"namespace": namespace,
	"where": where,
	"holds": [{"permission": permission} | some permission in permissions],
}
