package kubemuster.checks.rbac.escalate_test

import data.kubemuster.checks.rbac.escalate

test_looks_for if {
	object.keys(escalate.permissions) == {"bind clusterroles", "bind roles", "escalate clusterroles", "escalate roles", "write clusterrolebindings", "write clusterroles", "write rolebindings", "write roles"}
}

test_fails_for_both_verbs_in_one_finding if {
	escalate.violations == {{
		"message": concat(" ", [
			"bind on clusterroles; escalate on clusterroles in the whole cluster, with",
			"create on rolebindings by RoleBinding shop/b → Role shop/b; update on clusterroles",
		]),
		"severity": "critical",
		"ways": [["User ada", "RoleBinding shop/b", "Role shop/b"]],
	}} with input.grant as {
		"namespace": "",
		"where": "in the whole cluster",
		"holds": [
			held("bind clusterroles", "bind on clusterroles"),
			held("escalate clusterroles", "escalate on clusterroles"),
			held("write clusterroles", "update on clusterroles"),
		],
		"beside": [
			held("bind clusterroles", "bind on clusterroles"),
			held("escalate clusterroles", "escalate on clusterroles"),
			held("write clusterroles", "update on clusterroles"),
			{
				"permission": "write rolebindings",
				"what": "create on rolebindings by RoleBinding shop/b → Role shop/b",
				"way": ["User ada", "RoleBinding shop/b", "Role shop/b"],
			},
		],
	}
}

# Writes in a single namespace reach no further, whichever grant gives the verb.
test_weighs_where_the_writes_are if {
	bind := {"permission": "bind clusterroles", "what": "bind on clusterroles"}
	every t in [
		[["RoleBinding dev/b"], {"high"}],
		[["RoleBinding dev/b", "RoleBinding kube-system/b"], {"critical"}],
		[["ClusterRoleBinding b"], {"critical"}],
	] {
		writes := [{"permission": "write rolebindings", "what": "create on rolebindings", "way": ["User ada", by, "Role b"]} | some by in t[0]]
		{v.severity | some v in escalate.violations} == t[1] with input.grant as {
			"namespace": "",
			"where": "in the whole cluster",
			"holds": [bind],
			"beside": array.concat([bind], writes),
		}
	}
}

# Who may bind a harmless role by its name hands out that, and what it holds.
test_weighs_named_roles if {
	writes := {"permission": "write rolebindings", "what": "create on rolebindings"}
	every t in [
		[["view"], {"medium"}],
		[["shop:deployer"], {"medium"}],
		[["view", "cluster-admin"], {"critical"}],
		[["system:controller:job-controller"], {"critical"}],
		[["edit"], {"critical"}],
	] {
		bind := {"permission": "bind clusterroles", "what": "bind on clusterroles", "names": t[0]}
		{v.severity | some v in escalate.violations} == t[1] with input.grant as {
			"namespace": "",
			"where": "in the whole cluster",
			"holds": [bind, writes],
			"beside": [bind, writes],
		}
	}
}

# A role that may be raised is of use where it may be written, too.
test_escalates_what_it_may_write if {
	every t in [
		[{}, {}, 1],
		[{"names": ["a"]}, {}, 1],
		[{}, {"names": ["a"]}, 1],
		[{"names": ["a", "b"]}, {"names": ["b"]}, 1],
		[{"names": ["a"]}, {"names": ["b"]}, 0],
	] {
		escalates := object.union({"permission": "escalate clusterroles", "what": "escalate"}, t[0])
		writes := object.union({"permission": "write clusterroles", "what": "update"}, t[1])
		count(escalate.violations) == t[2] with input.grant as {
			"namespace": "",
			"where": "in the whole cluster",
			"holds": [escalates, writes],
			"beside": [escalates, writes],
		}
	}
}

test_is_high_in_a_namespace if {
	escalate.violations == {{
		"message": "escalate on roles in namespace shop, with patch on roles",
		"severity": "high",
		"ways": [],
	}} with input.grant as {
		"namespace": "shop",
		"where": "in namespace shop",
		"holds": [held("escalate roles", "escalate on roles"), held("write roles", "patch on roles")],
		"beside": [held("escalate roles", "escalate on roles"), held("write roles", "patch on roles")],
	}
}

test_is_medium_for_writing_bindings_alone if {
	escalate.violations == {{
		"message": "create on rolebindings in namespace shop, which hands out what the subject itself holds",
		"severity": "medium",
	}} with input.grant as writes_bindings([])
}

test_leaves_the_writing_of_bindings_to_the_grant_that_has_bind if {
	escalate.violations == set() with input.grant as writes_bindings([held("bind roles", "bind on roles by another")])
}

test_passes_for_a_verb_without_the_writes_that_it_frees if {
	escalate.violations == set() with input.grant as {
		"namespace": "",
		"where": "in the whole cluster",
		"holds": [held("escalate clusterroles", "escalate on clusterroles"), held("write roles", "update on roles")],
		"beside": [held("escalate clusterroles", "escalate on clusterroles"), held("write roles", "update on roles")],
	}
}

test_passes_for_named_bindings_and_absent_fields if {
	escalate.violations == set() with input.grant as {
		"namespace": "shop",
		"where": "in namespace shop",
		"holds": [{"permission": "write rolebindings", "what": "update on rolebindings named web", "names": ["web"]}],
	}
	escalate.violations == set() with input.grant as {"namespace": "shop", "where": "in namespace shop"}
}

writes_bindings(beside) := {
	"namespace": "shop",
	"where": "in namespace shop",
	"holds": [held("write rolebindings", "create on rolebindings")],
	"beside": array.concat([held("write rolebindings", "create on rolebindings")], beside),
}

held(permission, what) := {"permission": permission, "what": what}
