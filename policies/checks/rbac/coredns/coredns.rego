# METADATA
# title: The configuration of CoreDNS can be written
# description: >-
#   Every pod asks CoreDNS where its services are. Who writes its ConfigMap answers with addresses of their own,
#   and stands between all workloads and what they talk to.
# related_resources:
#   - ref: https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/CoreDNS%20poisoning/
# custom:
#   id: KM2020
#   name: WritesCoreDNS
#   severity: high
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on configmaps in kube-system out of the role; grant them in the namespaces where they
#     are used, or by resourceNames.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.coredns

permissions := {
	"coredns": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["configmaps"],
			"namespaces": ["kube-system"],
			"resourceNames": ["coredns", "coredns-custom", "kube-dns"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if some held in input.grant.holds
