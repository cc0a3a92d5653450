# METADATA
# title: Network policies can be written
# description: >-
#   Who writes or deletes network policies opens the way between workloads that were kept apart: an attacker in
#   one pod reaches the next.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: KM2030
#   name: WritesNetworkPolicies
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create, update, patch, delete and deletecollection on network policies out of the role; let those who run the network
#     write them.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1562.001]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.network_policies

permissions := {
	"policies": [
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": ["networking.k8s.io"],
			"resources": ["networkpolicies"],
		},
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": ["policy.networking.k8s.io"],
			"resources": ["adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"],
			"extent": "cluster",
		},
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": ["cilium.io"],
			"resources": ["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"],
		},
		{
			"verbs": ["create", "update", "patch", "delete", "deletecollection"],
			"apiGroups": ["crd.projectcalico.org", "projectcalico.org"],
			"resources": ["networkpolicies", "globalnetworkpolicies"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
