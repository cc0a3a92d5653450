# METADATA
# title: Rights can be raised by escalate or bind
# description: >-
#   The API server refuses to let anyone put more into a role or binding than they hold themselves, unless they
#   have escalate or bind. With escalate and the right to write roles, or bind and the right to write bindings, a
#   subject makes itself cluster-admin. Without either, writing bindings hands out what the subject itself holds.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
# custom:
#   id: KM2007
#   name: EscalateOrBind
#   severity: critical
#   severities:
#     high: in a single namespace other than kube-system
#     medium: for writing bindings alone, which hands out no more than one holds
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take the verbs escalate and bind out of the role, or limit bind by resourceNames to the roles that may be
#     handed out; let a pipeline write roles and bindings.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.8"]
#     cis-eks-1.8: ["4.1.8"]
#     cis-gke-1.9: ["4.1.7"]
#     cis-aks-1.8: ["4.1.7"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1098.006]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.escalate

import data.kubemuster.lib.extent

permissions := {
	"bind clusterroles": [
		{
			"verbs": ["bind"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["clusterroles"],
		},
	],
	"bind roles": [
		{
			"verbs": ["bind"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["roles"],
		},
	],
	"escalate clusterroles": [
		{
			"verbs": ["escalate"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["clusterroles"],
			"extent": "cluster",
		},
	],
	"escalate roles": [
		{
			"verbs": ["escalate"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["roles"],
		},
	],
	"write clusterrolebindings": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["clusterrolebindings"],
			"extent": "cluster",
		},
	],
	"write rolebindings": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["rolebindings"],
		},
	],
	"write clusterroles": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["clusterroles"],
			"extent": "cluster",
		},
	],
	"write roles": [
		{
			"verbs": ["create", "update", "patch"],
			"apiGroups": ["rbac.authorization.k8s.io"],
			"resources": ["roles"],
		},
	],
}

# What each verb is good for: the writes that the API server would else refuse.
frees := {
	"bind clusterroles": {"write clusterrolebindings", "write rolebindings"},
	"bind roles": {"write rolebindings"},
	"escalate clusterroles": {"write clusterroles"},
	"escalate roles": {"write roles"},
}

# Each finding stands at the grant that gives the verb; the writes may come by another way.
violations contains {
	"message": sprintf("%s %s, with %s", [concat("; ", verbs), input.grant.where, concat("; ", sort(writes))]),
	"severity": weight,
	"ways": [beside.way | some beside in input.grant.beside; beside.permission in freed],
} if {
	count(verbs) > 0
	writes := {beside.what | some beside in input.grant.beside; beside.permission in freed}
}

# A verb for the whole cluster reaches no further than the writes that it frees.
default weight := "critical"

weight := "high" if extent.takeover(input.grant.namespace) == "high"

weight := "high" if {
	reached := {extent.takeover(namespace) |
		some beside in input.grant.beside
		beside.permission in freed
		namespace := concat("", [split(trim_prefix(beside.way[1], "RoleBinding "), "/")[0] | startswith(beside.way[1], "RoleBinding ")])
	}
	own := {beside.permission | some beside in input.grant.beside; beside.permission in freed; not beside.way}
	count(own) == 0
	reached == {"high"}
}

violations contains {
	"message": sprintf("%s %s, which hands out what the subject itself holds", [concat("; ", bindings), input.grant.where]),
	"severity": "medium",
} if {
	count(verbs) == 0
	count(bindings) > 0
	every beside in input.grant.beside {
		hands_out_no_more(beside.permission, {name | some name in beside.names})
	}
}

held_beside contains beside.permission if some beside in input.grant.beside

verbs contains held.what if {
	some held in input.grant.holds
	count(freed_by(held.permission, {name | some name in held.names})) > 0
}

freed contains write if {
	some held in input.grant.holds
	some write in freed_by(held.permission, {name | some name in held.names})
}

# freed_by are the writes that a verb is good for. Who may bind named roles hands those out, as their owner meant, unless they are
# the strongest; a role that may be raised must be one that may be written, too.
freed_by(permission, names) := frees[permission] & held_beside if {
	startswith(permission, "bind ")
	not harmless(names)
}

freed_by(permission, names) := {write |
	some write in frees[permission]
	some beside in input.grant.beside
	beside.permission == write
	meet(names, {name | some name in beside.names})
} if {
	startswith(permission, "escalate ")
}

hands_out_no_more(permission, _) if not startswith(permission, "bind ")

hands_out_no_more(_, names) if harmless(names)

harmless(names) if {
	count(names) > 0
	count(names & {"admin", "cluster-admin", "edit"}) == 0
	count({name | some name in names; startswith(name, "system:")}) == 0
}

meet(one, other) if count(one) * count(other) == 0

meet(one, other) if count(one & other) > 0

bindings contains held.what if {
	some held in input.grant.holds
	held.permission in {"write clusterrolebindings", "write rolebindings"}
	not held.names
}
