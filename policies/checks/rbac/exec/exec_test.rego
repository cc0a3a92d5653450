package kubemuster.checks.rbac.exec_test

import data.kubemuster.checks.rbac.exec

test_looks_for if {
	object.keys(exec.permissions) == {"create", "get"}
}

test_fails_for_create_on_every_server if {
	every version in ["v1.33.1", "v1.37.2"] {
		exec.violations == {{"message": "create on pods/exec in namespace shop"}} with input as {
			"cluster": {"version": version},
			"grant": {"where": "in namespace shop", "holds": [{"permission": "create", "what": "create on pods/exec"}]},
		}
	}
}

test_fails_for_get_where_the_server_may_take_it if {
	every cluster in [{"version": "v1.34.9"}, {"version": ""}, {}] {
		exec.violations == {{"message": "get on pods/exec in namespace shop"}} with input as gets(cluster)
	}
}

test_passes_for_get_where_the_server_asks_for_create if {
	exec.violations == set() with input as gets({"version": "v1.35.0"})
	exec.violations == set() with input as gets({"version": "v1.37.2-eks-1"})
}

test_tells_create_alone_where_both_are_held if {
	exec.violations == {{"message": "create on pods/exec in namespace shop"}} with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "create", "what": "create on pods/exec"},
		{"permission": "get", "what": "get on pods/exec"},
	]}
}

test_passes_for_named_pods_and_absent_fields if {
	exec.violations == set() with input.grant as {"where": "in namespace shop", "holds": [
		{"permission": "create", "what": "create on pods/exec named a", "names": ["a"]},
		{"permission": "get", "what": "get on pods/exec named a", "names": ["a"]},
	]}
	exec.violations == set() with input.grant as {"where": "in namespace shop"}
}

gets(cluster) := {
	"cluster": cluster,
	"grant": {"where": "in namespace shop", "holds": [{"permission": "get", "what": "get on pods/exec"}]},
}
