package kubemuster.checks.rbac.everything_test

import data.kubemuster.checks.rbac.everything

test_looks_for if {
	object.keys(everything.permissions) == {"everything"}
}

test_is_critical_for_the_whole_cluster_and_kube_system if {
	everything.violations == {{"message": "all is allowed in the whole cluster"}} with input.grant as {
		"extent": "cluster",
		"namespace": "",
		"where": "in the whole cluster",
		"holds": [{"permission": "everything", "what": "* on *"}],
	}
	everything.violations == {{"message": "all is allowed in namespace kube-system"}} with input.grant as {
		"extent": "namespace",
		"namespace": "kube-system",
		"where": "in namespace kube-system",
		"holds": [{"permission": "everything", "what": "* on *"}],
	}
}

test_is_high_for_another_namespace if {
	everything.violations == {{"message": "all is allowed in namespace shop", "severity": "high"}} with input.grant as {
		"extent": "namespace",
		"namespace": "shop",
		"where": "in namespace shop",
		"holds": [{"permission": "everything", "what": "* on *"}],
	}
}

test_passes_for_named_objects_and_absent_fields if {
	everything.violations == set() with input.grant as {
		"extent": "cluster",
		"where": "in the whole cluster",
		"holds": [{"permission": "everything", "what": "* on * named web", "names": ["web"]}],
	}
	everything.violations == set() with input.grant as {"extent": "namespace", "namespace": "shop"}
}
