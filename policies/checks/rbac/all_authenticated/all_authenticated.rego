# METADATA
# title: Everyone with a credential, or every service account, is granted a role
# description: >-
#   What is granted to system:authenticated is granted to every user and service account, and what is granted to
#   system:serviceaccounts to each of those, and so either to an attacker in any pod. On GKE every Google account in the world is authenticated: anyone may take it up.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: KM2023
#   name: AllAuthenticated
#   severity: high
#   severities:
#     critical: on GKE, where these are all Google accounts
#   scope: grant
#   remediation: >-
#     Bind the role to the groups and service accounts that need it, and delete this binding.
#   frameworks:
#     cis-gke-1.9: ["4.1.10"]
#     nsa-cisa-1.2: [anonymous, rbac]
#     mitre-attack-containers: [T1078]
#     owasp-kubernetes-2022: [K03, K06]
package kubemuster.checks.rbac.all_authenticated

# What the API server grants itself, as discovery, version and health, is none of the grant's subjects.
violations contains object.union(violation, weight(subject.name)) if {
	some subject in input.grant.subjects
	subject.kind == "Group"
	subject.name in {"system:authenticated", "system:serviceaccounts"}
	violation := {
		"path": "subjects",
		"message": sprintf("%s %s is granted to Group %s %s", [
			input.grant.role.kind,
			input.grant.role.name,
			subject.name,
			input.grant.where,
		]),
	}
}

default weight(_) := {}

weight("system:authenticated") := {"severity": "critical"} if input.cluster.provider == "gke"
