# What makes its holder cluster-admin. Each way is shown on a real API server: test/e2e/takeover_test.go.
package kubemuster.lib.takeover

# ways need all that they list. Service accounts of Kubernetes' own controllers live in kube-system: one of them,
# clusterrole-aggregation-controller, may escalate, and so whoever acts as it may do everything.
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
		"name": "bind in kube-system",
		"needs": {"bind clusterroles", "write rolebindings in kube-system"},
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
		"name": "impersonate service accounts",
		"needs": {"impersonate serviceaccounts in kube-system"},
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
		"name": "issue tokens",
		"needs": {"issue tokens in kube-system"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request",
	},
	{
		"name": "issue tokens in secrets",
		"needs": {"create secrets in kube-system", "read secrets in kube-system"},
		"reference": "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller",
	},
	{
		"name": "create pods",
		"needs": {"create pods in kube-system"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
	},
	{
		"name": "run code in pods",
		"needs": {"run code in pods"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#kubernetes-rbac-privilege-escalation-risks",
	},
	{
		"name": "start pods",
		"needs": {"start pods"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
	},
	{
		"name": "be a service account",
		"needs": {"be a service account"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request",
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
		"namespaces": ["kube-system"],
	}],
	"write clusterrolebindings": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterrolebindings"],
		"resourceNames": ["cluster-admin"],
		"extent": "cluster",
	}],
	"write rolebindings in kube-system": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["rolebindings"],
		"namespaces": ["kube-system"],
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
	"impersonate serviceaccounts in kube-system": [{
		"verbs": ["impersonate"],
		"apiGroups": [""],
		"resources": ["serviceaccounts"],
		"resourceNames": controllers,
		"namespaces": ["kube-system"],
	}],
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
	"issue tokens in kube-system": [{
		"verbs": ["create"],
		"apiGroups": [""],
		"resources": ["serviceaccounts/token"],
		"resourceNames": controllers,
		"namespaces": ["kube-system"],
	}],
	"create secrets in kube-system": [{
		"verbs": ["create"],
		"apiGroups": [""],
		"resources": ["secrets"],
		"namespaces": ["kube-system"],
	}],
	"read secrets in kube-system": [{
		"verbs": ["get", "list", "watch"],
		"apiGroups": [""],
		"resources": ["secrets"],
		"namespaces": ["kube-system"],
	}],
	"create pods in kube-system": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods"],
			"namespaces": ["kube-system"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": [""],
			"resources": ["replicationcontrollers"],
			"namespaces": ["kube-system"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["apps"],
			"resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
			"namespaces": ["kube-system"],
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["batch"],
			"resources": ["cronjobs", "jobs"],
			"namespaces": ["kube-system"],
		},
	],
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
	"start pods": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods"],
			"extent": "namespace",
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": [""],
			"resources": ["replicationcontrollers"],
			"extent": "namespace",
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["apps"],
			"resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
			"extent": "namespace",
		},
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["batch"],
			"resources": ["cronjobs", "jobs"],
			"extent": "namespace",
		},
	],
	"be a service account": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["serviceaccounts/token"],
			"extent": "namespace",
		},
		{
			"verbs": ["impersonate"],
			"apiGroups": [""],
			"resources": ["serviceaccounts"],
			"extent": "namespace",
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
	"create pods in kube-system",
	"impersonate anyone",
	"impersonate someone for some requests",
	"reach kubelets",
	"read secrets in kube-system",
	"write bindings of mutating policies",
	"write mutating policies",
	"write mutating webhooks",
}

# of[i] is how the i-th holder takes the cluster: the names of its ways, and the grants that give what they need.
of[i] := {"names": names, "grants": grants} if {
	some i, _ in input.holders
	have := {held.permission | some held in usable[i]} | {held.permission | some held in reaching[i]}
	open := open_with(have)
	count(open) > 0
	names := shortest(open)
	needed := union({way.needs | some way in ways; way.name in names})
	grants := {held.way | some held in usable[i]; held.permission in needed} | {held.way | some held in reaching[i]; held.permission in needed}
}

open_with(have) := {way.name | some way in ways; count(way.needs - have) == 0}

# Who has everything needs no other way.
shortest(names) := {"everything"} if "everything" in names

shortest(names) := names if not "everything" in names

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
	"be a service account",
	"impersonate administrators for some requests",
	"impersonate groups of administrators for some requests",
	"run code in etcd",
	"run code in pods",
	"start pods",
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
	of_etcd({name | some name in held.names})
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

# reaching[i] are the grants by which the i-th holder runs code where a pod has a token of another that takes the cluster.
reaching[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "run code in pods"
	not held.names
	others := {j | some j in powerful[held.namespace]; j != i}
	count(others) > 0
}

# reaching[i] are those, too, by which it gets the token of another that takes the cluster: in a pod that it starts under that
# service account, or from the API server. Where a grant holds in all namespaces, kube-system is one of them.
reaching[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "start pods"
	others := {j | some j in powerful[held.namespace]; j != i}
	count(others) > 0
}

reaching[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission == "be a service account"
	names := {name | some name in held.names}
	others := {input.holders[j].name | some j in powerful[held.namespace]; j != i}
	chosen(others, names)
}

# powerful[namespace] are the holders that take the cluster by what they hold, and run there; of the empty one, anywhere.
powerful[namespace] contains i if {
	some i in direct
	some workload in input.holders[i].workloads
	some namespace in {"", workload.namespace}
}

direct contains i if {
	some i, _ in input.holders
	count(open_with({held.permission | some held in usable[i]})) > 0
}
