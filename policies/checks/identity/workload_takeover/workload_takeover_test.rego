package kubemuster.checks.identity.workload_takeover_test

import data.kubemuster.checks.identity.workload_takeover
import data.kubemuster.lib.takeover

test_looks_for_what_takeover_needs if {
	workload_takeover.permissions == takeover.permissions
}

test_fails_once_for_two_ways if {
	workload_takeover.violations == {{
		"object": {"kind": "Deployment", "namespace": "shop", "name": "web"},
		"path": "",
		"message": concat(" ", [
			"it can take the cluster (escalate, impersonate users): Deployment shop/web → ServiceAccount shop/web →",
			"ClusterRoleBinding a → ClusterRole a and ClusterRoleBinding b → ClusterRole b",
		]),
		"ways": [
			["Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding a", "ClusterRole a"],
			["Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding b", "ClusterRole b"],
		],
	}} with input.holders as [holder([
		held("escalate clusterroles", "a"),
		held("change clusterroles", "b"),
		held("impersonate users", "b"),
		held("create certificate requests", "c"),
	])]
}

test_names_no_other_way_beside_everything if {
	{v.message | some v in workload_takeover.violations} == {concat(" ", [
		"it can take the cluster (everything): Deployment shop/web → ServiceAccount shop/web →",
		"ClusterRoleBinding a → ClusterRole a",
	])} with input.holders as [holder([held("everything", "a"), held("impersonate users", "b")])]
}

test_passes_for_half_a_way if {
	workload_takeover.violations == set() with input.holders as [holder([
		held("escalate clusterroles", "a"),
		held("write clusterrolebindings", "b"),
	])]
}

# What a permission lists by resourceNames arrives with those names alone.
test_named_objects if {
	every t in [
		[["impersonate users"], ["system:kube-controller-manager"], "impersonate users"],
		[["impersonate users"], ["root"], "impersonate users"],
		[["impersonate anyone", "impersonate groups"], ["system:masters"], "impersonate groups"],
		[["impersonate anyone", "impersonate groups"], ["ops"], "impersonate groups"],
		[["escalate clusterroles", "change clusterroles"], ["a"], "escalate"],
		[["escalate clusterroles", "change clusterroles"], ["system:discovery"], "escalate"],
		[["bind clusterroles", "write clusterrolebindings"], ["cluster-admin"], "bind"],
		[["write mutating webhooks"], ["web"], "change what is admitted"],
	] {
		{v.message | some v in workload_takeover.violations} == {sprintf("it can take the cluster (%s): %s", [
			t[2],
			"Deployment shop/web → ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole a",
		])} with input.holders as [holder([named(held(permission, "a"), t[1]) | some permission in t[0]])]
			with input.inventory.bindings as administrators
	}
}

test_passes_for_named_objects if {
	every t in [
		[["impersonate users"], ["ada"]],
		[["impersonate users"], ["eve"]],
		[["impersonate users"], ["ops"]],
		[["impersonate anyone", "impersonate groups"], ["auditors"]],
		[["escalate clusterroles", "change clusterroles"], ["b"]],
		[["run code in pods"], ["web"]],
	] {
		{v | some v in workload_takeover.violations; v.object.name == "web"} == set() with input.inventory.bindings as administrators
			with input.holders as [
				holder([named(held(permission, "a"), t[1]) | some permission in t[0]]),
				elsewhere("shop"),
			]
	}
}

# The role that may be raised is the one that may be changed, and is held for the whole cluster.
test_escalates_the_role_that_it_changes if {
	count(workload_takeover.violations) == 1 with input.holders as [holder([
		held("escalate clusterroles", "a"),
		named(held("change clusterroles", "a"), ["a"]),
	])]
	workload_takeover.violations == set() with input.holders as [holder([
		named(held("escalate clusterroles", "a"), ["a"]),
		named(held("change clusterroles", "b"), ["b"]),
	])]
	workload_takeover.violations == set() with input.holders as [holder([object.union(
		named(held("escalate clusterroles", "a"), ["a"]),
		{"extent": "namespace"},
	)])]
}

# Constrained impersonation: who, and for which requests.
test_impersonates_for_some_requests if {
	every t in [
		[{"impersonate users for some requests": [], "issue tokens as a user": []}, "impersonate users for some requests"],
		[{"impersonate users for some requests": ["system:kube-controller-manager"], "issue tokens as a user": []}, "impersonate users for some requests"],
		[{"impersonate administrators for some requests": ["root"], "bind as a user": []}, "impersonate administrators for some requests"],
		[{"impersonate administrators for some requests": [], "bind as a user": ["cluster-admin"]}, "impersonate administrators for some requests"],
		[
			{"impersonate someone for some requests": ["eve"], "impersonate groups of administrators for some requests": [], "bind as a user": []},
			"impersonate groups of administrators for some requests",
		],
		[
			{
				"impersonate the aggregator for some requests": ["clusterrole-aggregation-controller"],
				"raise clusterroles as a service account": [],
			},
			"impersonate service accounts for some requests",
		],
	] {
		{v.message | some v in workload_takeover.violations} == {sprintf("it can take the cluster (%s): %s", [
			t[1],
			"Deployment shop/web → ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole a",
		])} with input.holders as [holder([named(held(permission, "a"), names) | some permission, names in t[0]])]
			with input.inventory.bindings as administrators
	}
}

test_passes_for_others_and_for_other_requests if {
	every holds in [
		{"impersonate users for some requests": [], "raise clusterroles as a service account": []},
		{"impersonate users for some requests": ["eve"], "issue tokens as a user": []},
		{"impersonate administrators for some requests": ["eve"], "bind as a user": []},
		{"impersonate someone for some requests": ["eve"], "impersonate groups of administrators for some requests": ["auditors"], "bind as a user": []},
		{"impersonate groups of administrators for some requests": [], "bind as a user": []},
		{"impersonate the aggregator for some requests": [], "raise clusterroles as a service account": ["view"]},
	] {
		workload_takeover.violations == set() with input.holders as [holder([named(held(permission, "a"), names) | some permission, names in holds])]
			with input.inventory.bindings as administrators
	}
	workload_takeover.violations == set() with input.holders as [holder([
		held("impersonate administrators for some requests", "a"),
		held("bind as a user", "a"),
	])]
		with input.inventory.bindings as [{
			"kind": "ClusterRoleBinding",
			"role": {"name": "cluster-admin"},
			"subjects": [{"kind": "User", "name": "system:serviceaccount:ci:deployer"}],
		}]
}

test_runs_code_in_etcd_where_it_runs if {
	every t in [
		[["etcd", "kube-apiserver"], [], 1],
		[["etcd"], ["etcd-node-0"], 1],
		[["etcd"], ["kube-apiserver-node-0"], 0],
		[["kube-proxy"], [], 0],
	] {
		count(workload_takeover.violations) == t[2] with input.holders as [holder([named(held("run code in etcd", "a"), t[1])])]
			with input.inventory.staticPods as t[0]
	}
}

# Who is a service account of kube-system is one of Kubernetes' own controllers.
test_takes_controllers if {
	every t in [
		[["start pods"], "", [], "start pods", aggregator],
		[["start pods"], "kube-system", ["kube-proxy"], "start pods", aggregator],
		[["issue tokens"], "", [], "issue tokens", aggregator],
		[["issue tokens"], "kube-system", ["default", "job-controller"], "issue tokens", "job-controller"],
		[["impersonate serviceaccounts"], "", ["job-controller"], "impersonate service accounts", "job-controller"],
		[["create secrets", "read secrets"], "kube-system", [], "make token secrets", aggregator],
		[["bind clusterroles in a namespace", "write rolebindings"], "kube-system", [], "bind in a namespace", aggregator],
		[["escalate any role", "create roles", "bind roles", "write rolebindings"], "", [], "make and bind roles", aggregator],
	] {
		{v.message | some v in workload_takeover.violations} == {sprintf("it can take the cluster (%s): %s → ServiceAccount kube-system/%s", [
			t[3],
			"Deployment shop/web → ServiceAccount shop/web → ClusterRoleBinding a → ClusterRole a",
			t[4],
		])} with input.holders as [holder([there(permission, t[1], t[2]) | some permission in t[0]])]
	}
}

# Others that are as strong are not told beside Kubernetes' own.
test_names_one_account_of_kube_system if {
	{v.message | some v in workload_takeover.violations; v.object.name == "web"} == {concat(" → ", [
		"it can take the cluster (start pods): Deployment shop/web",
		"ServiceAccount shop/web",
		"ClusterRoleBinding a",
		"ClusterRole a",
		"ServiceAccount kube-system/clusterrole-aggregation-controller",
	])} with input.holders as [
		holder([there("start pods", "kube-system", [])]),
		idle(elsewhere("kube-system")),
	]
}

test_passes_for_who_takes_no_controller if {
	every t in [
		[["start pods"], "shop", []],
		[["issue tokens"], "kube-system", ["default"]],
		[["issue tokens"], "shop", ["job-controller"]],
		[["create secrets"], "kube-system", []],
		[["read secrets"], "kube-system", []],
		[["write rolebindings"], "kube-system", []],
		[["bind clusterroles in a namespace", "write rolebindings"], "shop", []],
		[["escalate roles", "change roles"], "kube-system", []],
		[["run code in pods"], "", []],
	] {
		workload_takeover.violations == set() with input.holders as [holder([there(permission, t[1], t[2]) | some permission in t[0]])]
	}
}

# Code in another's pod takes what that one may do, there or in the whole cluster.
test_runs_code_in_powerful_pods if {
	message := concat(" ", [
		"it can take the cluster (run code in pods): Deployment shop/web → ServiceAccount shop/web →",
		"ClusterRoleBinding a → ClusterRole a → ServiceAccount %s/powerful → ClusterRoleBinding c → ClusterRole c",
	])
	every t in [["", "ci", {sprintf(message, ["ci"])}], ["shop", "shop", {sprintf(message, ["shop"])}], ["shop", "ci", set()]] {
		{v.message |
			some v in workload_takeover.violations
			v.object.name == "web"
		} == t[2] with input.holders as [
			holder([there("run code in pods", t[0], [])]),
			elsewhere(t[1]),
		]
	}
	workload_takeover.violations == set() with input.holders as [
		holder([held("run code in pods", "a")]),
		idle(elsewhere("ci")),
	]
}

# A get of pods/exec is no way in where the server asks for create.
test_runs_code_by_get_on_older_servers if {
	every t in [["v1.34.9", 1], ["v1.35.0", 0], ["v1.37.2-gke.100", 0]] {
		found := {v | some v in workload_takeover.violations; v.object.name == "web"} with input.holders as [
			holder([object.union(held("run code in pods", "a"), {"verbs": ["get"]})]),
			elsewhere("ci"),
		]
			with input.cluster.version as t[0]
		count(found) == t[1]
		etcd := {v | some v in workload_takeover.violations} with input.holders as [holder([object.union(
			held("run code in etcd", "a"),
			{"verbs": ["get"]},
		)])]
			with input.inventory.staticPods as ["etcd"]
			with input.cluster.version as t[0]
		count(etcd) == t[1]
	}
}

# Who starts pods in a namespace, or gets tokens there, is any service account of it, and of those that run nothing.
test_fails_for_who_may_be_another if {
	every t in [
		[["start pods"], [], "shop", 1],
		[["start pods"], ["some-workload"], "shop", 1],
		[["start pods"], [], "other", 0],
		[["issue tokens"], [], "shop", 1],
		[["issue tokens"], ["powerful"], "shop", 1],
		[["issue tokens"], ["web"], "shop", 0],
		[["impersonate serviceaccounts"], [], "other", 0],
		[["impersonate serviceaccounts"], ["powerful"], "shop", 1],
		[["create secrets", "read secrets"], [], "shop", 1],
		[["create secrets", "read secrets"], [], "other", 0],
		[["create secrets"], [], "shop", 0],
		[["read secrets"], [], "shop", 1],
		[["read secrets"], ["powerful-token-x7k2m"], "shop", 1],
		[["read secrets"], ["mine"], "shop", 0],
		[["bind clusterroles in a namespace", "write rolebindings"], ["edit"], "shop", 0],
		[["bind clusterroles in a namespace", "write rolebindings"], [], "shop", 1],
		[["bind clusterroles in a namespace"], [], "shop", 0],
		[["escalate any role", "create roles", "bind roles", "write rolebindings"], [], "shop", 1],
		[["escalate any role", "create roles", "write rolebindings"], [], "shop", 0],
	] {
		every other in [elsewhere(t[2]), idle(elsewhere(t[2]))] {
			found := {v.message | some v in workload_takeover.violations; v.object.name == "web"} with input.holders as [
				holder([there(permission, "shop", t[1]) | some permission in t[0]]),
				object.union(other, {"tokens": ["powerful-token-x7k2m"]}),
			]
			count(found) == t[3]
		}
	}
}

# What is granted everywhere adds to what is granted there.
test_combines_grants_in_a_namespace if {
	{[v.message, v.ways] | some v in workload_takeover.violations; v.object.name == "web"} == {[
		concat(" ", [
			"it can take the cluster (make token secrets): Deployment shop/web → ServiceAccount shop/web →",
			"ClusterRoleBinding a → ClusterRole a → ServiceAccount shop/powerful → ClusterRoleBinding c → ClusterRole c and",
			"RoleBinding shop/b → Role shop/b → ServiceAccount shop/powerful → ClusterRoleBinding c → ClusterRole c",
		]),
		[
			["Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding a", "ClusterRole a", "ServiceAccount shop/powerful", "ClusterRoleBinding c", "ClusterRole c"],
			["Deployment shop/web", "ServiceAccount shop/web", "RoleBinding shop/b", "Role shop/b", "ServiceAccount shop/powerful", "ClusterRoleBinding c", "ClusterRole c"],
		],
	]} with input.holders as [
		holder([held("create secrets", "a"), locally("read secrets", "b", [])]),
		elsewhere("shop"),
	]
}

# A Role that may be raised is one that the holder has, by grants for that Role or for all.
test_escalates_its_own_role_there if {
	every t in [
		[[], [], "shop", 1],
		[["b"], ["b"], "shop", 1],
		[["b"], [], "shop", 1],
		[["b"], ["c"], "shop", 0],
		[["c"], ["c"], "shop", 0],
		[[], [], "other", 0],
	] {
		found := {v | some v in workload_takeover.violations; v.object.name == "web"} with input.holders as [
			holder([locally("escalate roles", "b", t[0]), locally("change roles", "b", t[1])]),
			elsewhere(t[2]),
		]
		count(found) == t[3]
	}
	{v.message | some v in workload_takeover.violations} == {concat(" ", [
		"it can take the cluster (escalate in a namespace): Deployment shop/web → ServiceAccount shop/web →",
		"RoleBinding kube-system/b → Role kube-system/b → ServiceAccount kube-system/clusterrole-aggregation-controller",
	])} with input.holders as [holder([in_system("escalate roles"), in_system("change roles")])]
}

# The whole way is named over up to four service accounts; two that lead to each other alone lead nowhere.
test_goes_over_others if {
	steps := [hop(sprintf("n%d", [i]), sprintf("n%d", [i + 1])) | some i in numbers.range(0, 5)]
	ends := object.union(elsewhere("n6"), {"namespace": "n6"})
	found := {v.object.namespace: v.message | some v in workload_takeover.violations} with input.holders as array.concat(steps, [ends])
	object.keys(found) == {"n2", "n3", "n4", "n5", "n6"}
	found.n4 == concat(" → ", [
		"it can take the cluster (start pods): Deployment n4/web",
		"ServiceAccount n4/web",
		"RoleBinding n5/b",
		"Role n5/b",
		"ServiceAccount n5/web",
		"RoleBinding n6/b",
		"Role n6/b",
		"ServiceAccount n6/powerful",
		"ClusterRoleBinding c",
		"ClusterRole c",
	])
	workload_takeover.violations == set() with input.holders as [hop("n0", "n1"), hop("n1", "n0")]
}

test_fails_for_who_maps_identities_on_eks_alone if {
	every t in [["eks", 1], ["gke", 0], ["kubeconfig", 0]] {
		count(workload_takeover.violations) == t[1] with input.holders as [holder([held("write aws-auth", "a")])]
			with input.cluster.provider as t[0]
	}
}

test_fails_for_a_named_node if {
	count(workload_takeover.violations) == 1 with input.holders as [holder([object.union(
		held("reach kubelets", "a"),
		{"names": ["node-0"]},
	)])]
}

test_passes_for_absent_fields if {
	workload_takeover.violations == set() with input as {}
	workload_takeover.violations == set() with input.holders as [{"namespace": "shop", "name": "web"}]
}

# Each way needs permissions that are looked for, and each of those is needed by one.
test_ways_and_permissions_fit if {
	union({way.needs | some way in takeover.ways}) == object.keys(takeover.permissions)
	count({way.name | some way in takeover.ways}) == count(takeover.ways)
}

holder(holds) := {
	"namespace": "shop",
	"name": "web",
	"holds": holds,
	"workloads": [{"kind": "Deployment", "namespace": "shop", "name": "web"}],
}

elsewhere(namespace) := {
	"namespace": namespace,
	"name": "powerful",
	"holds": [held("everything", "c")],
	"workloads": [{"kind": "Deployment", "namespace": namespace, "name": "powerful"}],
}

idle(holder) := object.union(holder, {"workloads": []})

# there is a permission in a namespace, or in all of them, for all objects or for named ones.
there(permission, namespace, names) := object.union_n([
	held(permission, "a"),
	{"namespace": namespace},
	{"names": names | count(names) > 0},
])

locally(permission, role, names) := object.union_n([
	{
		"permission": permission,
		"extent": "namespace",
		"namespace": "shop",
		"way": [sprintf("RoleBinding shop/%s", [role]), sprintf("Role shop/%s", [role])],
	},
	{"names": names | count(names) > 0},
])

in_system(permission) := {
	"permission": permission,
	"extent": "namespace",
	"namespace": "kube-system",
	"way": ["RoleBinding kube-system/b", "Role kube-system/b"],
}

# hop starts pods in another namespace.
hop(from, to) := {
	"namespace": from,
	"name": "web",
	"holds": [{
		"permission": "start pods",
		"extent": "namespace",
		"namespace": to,
		"way": [sprintf("RoleBinding %s/b", [to]), sprintf("Role %s/b", [to])],
	}],
	"workloads": [{"kind": "Deployment", "namespace": from, "name": "web"}],
}

aggregator := "clusterrole-aggregation-controller"

named(held, names) := object.union(held, {"names": names})

administrators := [
	binding("ClusterRoleBinding", "cluster-admin", [{"kind": "User", "name": "root"}, {"kind": "Group", "name": "ops"}]),
	binding("RoleBinding", "cluster-admin", [{"kind": "User", "name": "eve"}]),
	binding("ClusterRoleBinding", "view", [{"kind": "User", "name": "ada"}, {"kind": "Group", "name": "auditors"}]),
]

binding(kind, role, subjects) := {"kind": kind, "role": {"kind": "ClusterRole", "name": role}, "subjects": subjects}

held(permission, name) := {
	"permission": permission,
	"verbs": ["create", "get"],
	"extent": "cluster",
	"namespace": "",
	"way": [sprintf("ClusterRoleBinding %s", [name]), sprintf("ClusterRole %s", [name])],
}
