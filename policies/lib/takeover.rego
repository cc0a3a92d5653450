# What makes its holder cluster-admin. Each way is shown on a real API server: test/e2e/takeover_test.go.
package kubemuster.lib.takeover

import data.kubemuster.lib.version

# ways need all that they list. Those with whom lead to service accounts in the namespace of the grants, or in all, and take
# the cluster where one of these does: any, those that the grants name, those that run there, or those whose tokens are there.
# Service accounts of Kubernetes' own controllers live in kube-system: one of them, clusterrole-aggregation-controller, may
# escalate, and so whoever acts as it may do everything.
ways := [
	{
		"name": "everything",
		"needs": {"everything"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles",
	},
	{
		"name": "escalate",
		"needs": {"escalate clusterroles", "change clusterroles"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update",
	},
	{
		"name": "bind",
		"needs": {"bind clusterroles", "write clusterrolebindings"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-binding-creation-or-update",
	},
	{
		"name": "impersonate users",
		"needs": {"impersonate users"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/",
	},
	{
		"name": "impersonate groups",
		"needs": {"impersonate groups", "impersonate anyone"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/",
	},
	{
		"name": "impersonate users for some requests",
		"needs": {"impersonate users for some requests", "issue tokens as a user"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/#constrained-impersonation",
	},
	{
		"name": "impersonate administrators for some requests",
		"needs": {"impersonate administrators for some requests", "bind as a user"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/#constrained-impersonation",
	},
	{
		"name": "impersonate groups of administrators for some requests",
		"needs": {"impersonate someone for some requests", "impersonate groups of administrators for some requests", "bind as a user"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/#constrained-impersonation",
	},
	{
		"name": "impersonate service accounts for some requests",
		"needs": {"impersonate the aggregator for some requests", "raise clusterroles as a service account"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/#constrained-impersonation",
	},
	{
		"name": "run code in etcd",
		"needs": {"run code in etcd"},
		"reference": "https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#securing-etcd-clusters",
	},
	{
		"name": "approve certificates",
		"needs": {"create certificate requests", "approve certificate requests", "approve for signers"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing",
	},
	{
		"name": "reach kubelets",
		"needs": {"reach kubelets"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes",
	},
	{
		"name": "change what is admitted",
		"needs": {"write mutating webhooks"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks",
	},
	{
		"name": "map to administrators",
		"needs": {"write aws-auth"},
		"reference": "https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html",
	},
	{
		"name": "change what is admitted by policies",
		"needs": {"write mutating policies", "write bindings of mutating policies"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/",
	},
	{
		"name": "start pods",
		"needs": {"start pods"},
		"whom": "any",
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
	},
	{
		"name": "run code in pods",
		"needs": {"run code in pods"},
		"whom": "running",
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#kubernetes-rbac-privilege-escalation-risks",
	},
	{
		"name": "issue tokens",
		"needs": {"issue tokens"},
		"whom": "named",
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request",
	},
	{
		"name": "impersonate service accounts",
		"needs": {"impersonate serviceaccounts"},
		"whom": "named",
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/",
	},
	{
		"name": "make token secrets",
		"needs": {"create secrets", "read secrets"},
		"whom": "any",
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller",
	},
	{
		"name": "read token secrets",
		"needs": {"read secrets"},
		"whom": "tokens",
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets",
	},
	{
		"name": "bind in a namespace",
		"needs": {"bind clusterroles in a namespace", "write rolebindings"},
		"whom": "any",
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-binding-creation-or-update",
	},
	{
		"name": "escalate in a namespace",
		"needs": {"escalate roles", "change roles"},
		"whom": "any",
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#restrictions-on-role-creation-or-update",
	},
	{
		"name": "make and bind roles",
		"needs": {"escalate any role", "create roles", "bind roles", "write rolebindings"},
		"whom": "any",
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping",
	},
]

# Where a permission has resourceNames, these are as good as all objects.
permissions := {
	"everything": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "extent": "cluster"}],
	"escalate clusterroles": [{
		"verbs": ["escalate"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterroles"],
		"extent": "cluster",
	}],
	"change clusterroles": [{
		"verbs": ["update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterroles"],
		"extent": "cluster",
	}],
	"bind clusterroles": [{
		"verbs": ["bind"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterroles"],
		"resourceNames": ["admin", "cluster-admin", "edit", "system:controller:clusterrole-aggregation-controller"],
		"extent": "cluster",
	}],
	"write clusterrolebindings": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterrolebindings"],
		"resourceNames": ["cluster-admin"],
		"extent": "cluster",
	}],
	"impersonate users": [{
		"verbs": ["impersonate"],
		"apiGroups": [""],
		"resources": ["users"],
		"extent": "cluster",
	}],
	"impersonate groups": [{
		"verbs": ["impersonate"],
		"apiGroups": [""],
		"resources": ["groups"],
		"extent": "cluster",
	}],
	"impersonate anyone": [
		{
			"verbs": ["impersonate"],
			"apiGroups": [""],
			"resources": ["users"],
			"extent": "cluster",
		},
		{
			"verbs": ["impersonate"],
			"apiGroups": [""],
			"resources": ["serviceaccounts"],
		},
	],
	"impersonate users for some requests": as_user("users"),
	"impersonate administrators for some requests": as_user("users"),
	"impersonate someone for some requests": as_user("users"),
	"impersonate groups of administrators for some requests": as_user("groups"),
	"issue tokens as a user": [{
		"verbs": ["impersonate-on:user-info:create"],
		"apiGroups": [""],
		"resources": ["serviceaccounts/token"],
		"resourceNames": controllers,
		"namespaces": ["kube-system"],
	}],
	"bind as a user": [{
		"verbs": ["impersonate-on:user-info:create", "impersonate-on:user-info:update", "impersonate-on:user-info:patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterrolebindings"],
		"resourceNames": ["cluster-admin"],
		"extent": "cluster",
	}],
	"impersonate the aggregator for some requests": [{
		"verbs": ["impersonate:serviceaccount"],
		"apiGroups": ["authentication.k8s.io"],
		"resources": ["serviceaccounts"],
		"resourceNames": ["clusterrole-aggregation-controller"],
		"namespaces": ["kube-system"],
	}],
	"raise clusterroles as a service account": [{
		"verbs": ["impersonate-on:serviceaccount:update", "impersonate-on:serviceaccount:patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterroles"],
		"extent": "cluster",
	}],
	"run code in pods": [
		{
			"verbs": ["get", "create"],
			"apiGroups": [""],
			"resources": ["pods/exec", "pods/attach"],
		},
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["pods", "pods/ephemeralcontainers"],
		},
	],
	"write aws-auth": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": [""],
		"resources": ["configmaps"],
		"resourceNames": ["aws-auth"],
		"namespaces": ["kube-system"],
	}],
	"run code in etcd": [{
		"verbs": ["get", "create"],
		"apiGroups": [""],
		"resources": ["pods/exec"],
		"namespaces": ["kube-system"],
	}],
	"create certificate requests": [{
		"verbs": ["create"],
		"apiGroups": ["certificates.k8s.io"],
		"resources": ["certificatesigningrequests"],
		"extent": "cluster",
	}],
	"approve certificate requests": [{
		"verbs": ["update", "patch"],
		"apiGroups": ["certificates.k8s.io"],
		"resources": ["certificatesigningrequests/approval"],
		"extent": "cluster",
	}],
	"approve for signers": [{
		"verbs": ["approve"],
		"apiGroups": ["certificates.k8s.io"],
		"resources": ["signers"],
		"resourceNames": ["kubernetes.io/*", "kubernetes.io/kube-apiserver-client"],
		"extent": "cluster",
	}],
	"reach kubelets": [{
		"verbs": ["get", "create"],
		"apiGroups": [""],
		"resources": ["nodes/proxy"],
		"extent": "cluster",
	}],
	"write mutating webhooks": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["admissionregistration.k8s.io"],
		"resources": ["mutatingwebhookconfigurations"],
		"extent": "cluster",
	}],
	"write mutating policies": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["admissionregistration.k8s.io"],
		"resources": ["mutatingadmissionpolicies"],
		"extent": "cluster",
	}],
	"write bindings of mutating policies": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["admissionregistration.k8s.io"],
		"resources": ["mutatingadmissionpolicybindings"],
		"extent": "cluster",
	}],
	"start pods": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": [""],
			"resources": ["replicationcontrollers"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["apps"],
			"resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["batch"],
			"resources": ["cronjobs", "jobs"],
		},
	],
	"issue tokens": [{
		"verbs": ["create"],
		"apiGroups": [""],
		"resources": ["serviceaccounts/token"],
	}],
	"impersonate serviceaccounts": [{
		"verbs": ["impersonate"],
		"apiGroups": [""],
		"resources": ["serviceaccounts"],
	}],
	"create secrets": [{
		"verbs": ["create"],
		"apiGroups": [""],
		"resources": ["secrets"],
	}],
	"read secrets": [{
		"verbs": ["get", "list", "watch"],
		"apiGroups": [""],
		"resources": ["secrets"],
	}],
	"bind clusterroles in a namespace": [{
		"verbs": ["bind"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterroles"],
		"resourceNames": ["admin", "cluster-admin", "edit"],
	}],
	"write rolebindings": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["rolebindings"],
	}],
	"escalate roles": [{
		"verbs": ["escalate"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["roles"],
	}],
	"escalate any role": [{
		"verbs": ["escalate"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["roles"],
	}],
	"change roles": [{
		"verbs": ["update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["roles"],
	}],
	"create roles": [{
		"verbs": ["create"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["roles"],
	}],
	"bind roles": [{
		"verbs": ["bind"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["roles"],
	}],
}

# as_user is constrained impersonation (Kubernetes 1.36, or 1.35 with its feature gate): who is impersonated, and, by verbs
# impersonate-on:user-info:…, for which requests. It knows no service accounts, nodes or system:masters here.
as_user(resource) := [{
	"verbs": ["impersonate:user-info"],
	"apiGroups": ["authentication.k8s.io"],
	"resources": [resource],
	"extent": "cluster",
}]

# controllers are the service accounts of Kubernetes' own controllers, all in kube-system, whose default roles take the
# cluster: by escalate, since they write pods or anything there, or since they reach kubelets.
controllers := [
	"clusterrole-aggregation-controller",
	"cronjob-controller",
	"daemon-set-controller",
	"deployment-controller",
	"generic-garbage-collector",
	"job-controller",
	"namespace-controller",
	"persistent-volume-binder",
	"replicaset-controller",
	"replication-controller",
	"statefulset-controller",
	"storage-version-migrator-controller",
]

# any_name are the permissions that are as good for one object, whichever it is: who may write a workload gives it any
# service account, who may write a webhook turns it on anything, and a Secret is made with the name that may be read.
any_name := {
	"bind roles",
	"impersonate anyone",
	"impersonate someone for some requests",
	"reach kubelets",
	"read secrets",
	"start pods",
	"write bindings of mutating policies",
	"write mutating policies",
	"write mutating webhooks",
}

# of[i] is how the i-th holder takes the cluster: the names of its ways, and the grants that give what they need, each with
# what it leads to.
of[i] := {"names": {name | some [name, _] in shortest(found)}, "grants": {grant | some [_, grant] in shortest(found)}} if {
	some i in object.keys(paths_4)
	found := object.get(at_once, i, set()) | object.get(through, i, set())
}

# Who has everything needs no other way.
shortest(found) := {["everything", grant] | some ["everything", grant] in found} if some ["everything", _] in found

shortest(found) := found if not "everything" in {name | some [name, _] in found}

# through[i] are the ways over the least other service accounts, up to four.
through := object.union_n([onto(paths_3), onto(paths_2), onto(paths_1), onto(paths_0)])

# paths_k[i] is one way of the i-th holder that leads over up to k others: from its grant to what gives the cluster.
paths_0 := {i: min({grant | some [_, grant] in found}) | some i, found in at_once}

paths_1 := longer(paths_0)

paths_2 := longer(paths_1)

paths_3 := longer(paths_2)

paths_4 := longer(paths_3)

longer(paths) := object.union({i: min({grant | some [_, grant] in found}) | some i, found in onto(paths)}, paths)

# onto(paths)[i] are the ways by which the i-th holder is another of those that have a path. Of several others the first is told.
onto(paths) := reached if {
	strong := object.keys(paths)
	there := {whom: {namespace: (js & strong) | some namespace, js in all} | some whom, all in candidates}
	two := {whom: {namespace: array.slice(sort(js), 0, 2) | some namespace, js in all} | some whom, all in there}
	reached := {i: found |
		some i, mine in steps
		first := {[step, j] |
			some step in mine
			count(step.names) == 0
			j := [other | some other in two[step.whom][step.namespace]; other != i][0]
		}
		named := {[step, min(meant)] |
			some step in mine
			count(step.names) > 0
			meant := {other | some other in there[step.whom][step.namespace]; other != i; count(called[step.whom][other] & step.names) > 0}
			count(meant) > 0
		}
		found := {[step.way, array.concat(array.concat(grant, [account(input.holders[j].namespace, input.holders[j].name)]), paths[j])] |
			some [step, j] in (first | named)
			not controller_of(step.whom, step.namespace, step.names)
			some grant in step.grants
		}
		count(found) > 0
	}
}

account(namespace, name) := sprintf("ServiceAccount %s/%s", [namespace, name])

# called[whom][j] are the names by which the j-th holder is chosen.
called.named[j] := {holder.name} if some j, holder in input.holders

called.tokens[j] := {token | some token in holder.tokens} if some j, holder in input.holders

# candidates[whom][namespace] are the holders of whom that there are; of the empty namespace, in all of them.
candidates[whom][namespace] contains j if {
	some whom in {"any", "named"}
	some j, holder in input.holders
	some namespace in {"", holder.namespace}
}

candidates.running[namespace] contains j if {
	some j, holder in input.holders
	some workload in holder.workloads
	some namespace in {"", workload.namespace}
}

candidates.tokens[namespace] contains j if {
	some j, holder in input.holders
	count(holder.tokens) > 0
	some namespace in {"", holder.namespace}
}

# at_once[i] are the ways of the i-th holder that lead over no other, or over Kubernetes' own controllers.
at_once[i] contains [way.name, held.way] if {
	some i, _ in input.holders
	have := {held.permission | some held in usable[i]}
	some way in ways
	not way.whom
	count(way.needs - have) == 0
	some held in usable[i]
	held.permission in way.needs
}

at_once[i] contains [step.way, array.concat(grant, [account("kube-system", controller)])] if {
	some i, mine in steps
	some step in mine
	controller := controller_of(step.whom, step.namespace, step.names)
	some grant in step.grants
}

# controller_of is the controller whose service account a step leads to.
controller_of(whom, namespace, names) := "clusterrole-aggregation-controller" if {
	whom in {"any", "named"}
	namespace in {"", "kube-system"}
	count(names) == 0
}

controller_of("named", namespace, names) := min(names & {name | some name in controllers}) if {
	namespace in {"", "kube-system"}
}

# steps[i] are the ways by which the i-th holder is others, in one namespace or, with the empty one, in all of them.
steps[i] contains step if {
	some i, holder in input.holders
	some held in holder.holds
	some way in ways
	way.whom in {"named", "tokens"}
	held.permission in way.needs
	step := {"way": way.name, "whom": way.whom, "namespace": held.namespace, "names": {name | some name in held.names}, "grants": {held.way}}
}

# Of pods by name it is not known what they are.
steps[i] contains step if {
	some i, holder in input.holders
	some held in holder.holds
	some way in ways
	way.whom == "running"
	held.permission in way.needs
	not held.names
	not refused(held.verbs)
	step := {"way": way.name, "whom": way.whom, "namespace": held.namespace, "names": set(), "grants": {held.way}}
}

steps[i] contains {"way": way.name, "whom": "any", "namespace": namespace, "names": set(), "grants": {held.way | some held in fit}} if {
	some i, holder in input.holders
	some namespace in {held.namespace | some held in holder.holds}
	some way in ways
	way.whom == "any"
	fit := {held |
		some held in holder.holds
		held.permission in way.needs
		held.namespace in {"", namespace}
		fits(held.permission, {name | some name in held.names}, i, namespace)
	}
	count(way.needs - {held.permission | some held in fit}) == 0
	new(namespace, way.needs, fit)
}

# What holds in all namespaces is not told of each.
new("", _, _)

new(_, needs, fit) if count(needs - {held.permission | some held in fit; held.namespace == ""}) > 0

fits(permission, names, _, _) if {
	not permission in {"escalate roles", "change roles"}
	for_all(permission, names)
}

fits(permission, _, i, namespace) if {
	permission in {"escalate roles", "change roles"}
	some role in own_there[i][namespace]
	may_raise(i, namespace, role, "escalate roles")
	may_raise(i, namespace, role, "change roles")
}

may_raise(i, namespace, role, permission) if {
	some held in input.holders[i].holds
	held.permission == permission
	held.namespace in {"", namespace}
	chosen({role}, {name | some name in held.names})
}

# own_there[i][namespace] are the Roles that the i-th holder has there, and that give some of what is looked for.
own_there[i][namespace] contains role if {
	some i, holder in input.holders
	some held in holder.holds
	[namespace, role] := split(trim_prefix(held.way[1], "Role "), "/")
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	not held.permission in by_what_there_is
	for_all(held.permission, {name | some name in held.names})
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.names
	held.permission in {"escalate clusterroles", "change clusterroles"}
	count({name | some name in held.names} & raised[i]) > 0
}

# by_what_there_is are the permissions that take the cluster only where somebody or something is there to be taken.
by_what_there_is := {
	"impersonate administrators for some requests",
	"impersonate groups of administrators for some requests",
	"run code in etcd",
	"write aws-auth",
}

# EKS looks up there who an IAM identity is in the cluster, unless it only asks its access entries.
usable[i] contains held if {
	input.cluster.provider == "eks"
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "write aws-auth"
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "impersonate administrators for some requests"
	chosen({user | some user in administrators.User; not startswith(user, "system:serviceaccount:")}, {name | some name in held.names})
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "impersonate groups of administrators for some requests"
	chosen(administrators.Group - {"system:masters"}, {name | some name in held.names})
}

# etcd runs beside the API server in clusters that run their control plane themselves, and holds everything.
usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "run code in etcd"
	"etcd" in input.inventory.staticPods
	not refused(held.verbs)
	of_etcd({name | some name in held.names})
}

# A get of pods/exec is refused where the server is known to ask for create.
refused(verbs) if {
	verbs == ["get"]
	version.minor(input.cluster.version) >= [1, 35]
}

of_etcd(names) if count(names) == 0

of_etcd(names) if {
	some name in names
	startswith(name, "etcd-") # its node's name follows
}

chosen(those, names) if {
	count(names) == 0
	count(those) > 0
}

chosen(those, names) if count(those & names) > 0

for_all(_, names) if count(names) == 0

for_all(permission, _) if permission in any_name

for_all(permission, _) if {
	some one in permissions[permission]
	one.resourceNames
}

for_all(permission, names) if {
	permission in {"impersonate users", "impersonate users for some requests"}
	count(names & ({"system:kube-controller-manager"} | administrators.User)) > 0
}

for_all("impersonate groups", names) if count(names & ({"system:masters"} | administrators.Group)) > 0

# administrators are the users and groups that are bound to cluster-admin.
administrators[kind] := {subject.name |
	some binding in input.inventory.bindings
	binding.kind == "ClusterRoleBinding"
	binding.role.name == "cluster-admin"
	some subject in binding.subjects
	subject.kind == kind
} if {
	some kind in {"User", "Group"}
}

# raised[i] are the cluster roles that the i-th holder has, and to which it may add what it does not.
raised[i] := (own[i] & reach[i]["escalate clusterroles"]) & reach[i]["change clusterroles"]

reach[i][held.permission] contains name if {
	some i, holder in input.holders
	some held in holder.holds
	some name in held.names
}

reach[i][held.permission] contains name if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission in {"escalate clusterroles", "change clusterroles"}
	not held.names
	some name in own[i]
}

own[i] contains name if {
	some i, holder in input.holders
	some held in holder.holds
	held.extent == "cluster"
	startswith(held.way[1], "ClusterRole ")
	name := substring(held.way[1], count("ClusterRole "), -1)
}

# Kubernetes binds these to everyone who has a credential.
own[i] contains name if {
	some i, _ in input.holders
	some name in {"system:basic-user", "system:discovery", "system:public-info-viewer"}
}
