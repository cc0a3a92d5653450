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
	grants := {held.way | some held in usable[i]; held.permission in needed} | {held.way | some held in reaching[i]; "run code in pods" in needed}
}

open_with(have) := {way.name | some way in ways; count(way.needs - have) == 0}

# Who has everything needs no other way.
shortest(names) := {"everything"} if "everything" in names

shortest(names) := names if not "everything" in names

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission != "run code in pods"
	for_all(held.permission, {name | some name in held.names})
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.names
	held.permission in {"escalate clusterroles", "change clusterroles"}
	count({name | some name in held.names} & raised[i]) > 0
}

for_all(_, names) if count(names) == 0

for_all(permission, _) if permission in any_name

for_all(permission, _) if {
	some one in permissions[permission]
	one.resourceNames
}

for_all("impersonate users", names) if count(names & ({"system:kube-controller-manager"} | administrators.User)) > 0

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
