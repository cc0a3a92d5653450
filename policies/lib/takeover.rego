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
		"name": "create pods",
		"needs": {"create pods in kube-system"},
		"reference": "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
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
]

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
		"namespaces": ["kube-system"],
	}],
	"write clusterrolebindings": [{
		"verbs": ["create", "update", "patch"],
		"apiGroups": ["rbac.authorization.k8s.io"],
		"resources": ["clusterrolebindings"],
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
	"impersonate serviceaccounts in kube-system": [{
		"verbs": ["impersonate"],
		"apiGroups": [""],
		"resources": ["serviceaccounts"],
		"namespaces": ["kube-system"],
	}],
	"issue tokens in kube-system": [{
		"verbs": ["create"],
		"apiGroups": [""],
		"resources": ["serviceaccounts/token"],
		"namespaces": ["kube-system"],
	}],
	"create pods in kube-system": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["pods", "replicationcontrollers"],
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
}

# named_too are those that are as good where they are limited to named objects: a signer, or one of the nodes.
named_too := {"approve for signers", "reach kubelets"}

# of[i] is how the i-th holder takes the cluster: the names of its ways, and the grants that give what they need.
of[i] := {"names": names, "grants": grants} if {
	some i, _ in input.holders
	have := {held.permission | some held in usable[i]}
	open := {way.name | some way in ways; count(way.needs - have) == 0}
	count(open) > 0
	names := shortest(open)
	needed := union({way.needs | some way in ways; way.name in names})
	grants := {held.way | some held in usable[i]; held.permission in needed}
}

# Who has everything needs no other way.
shortest(names) := {"everything"} if "everything" in names

shortest(names) := names if not "everything" in names

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	not held.names
}

usable[i] contains held if {
	some i, holder in input.holders
	some held in holder.holds
	held.permission in named_too
}
