# METADATA
# title: aws-auth can be written
# description: >-
#   On EKS the ConfigMap aws-auth in kube-system says which AWS identity is which user and group of the cluster.
#   Who writes it makes their own role a member of system:masters.
# related_resources:
#   - ref: https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
# custom:
#   id: KM2021
#   name: WritesAWSAuth
#   severity: critical
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take update and patch on configmaps in kube-system out of the role; move access to EKS access entries and
#     set the authentication mode to API.
#   frameworks:
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1098.006]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.aws_auth

permissions := {
	"awsAuth": [
		{
			"verbs": ["update", "patch"],
			"apiGroups": [""],
			"resources": ["configmaps"],
			"namespaces": ["kube-system"],
			"resourceNames": ["aws-auth"],
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	input.cluster.provider == "eks"
}

# Who names it means EKS, whatever the cluster is.
what contains held.what if {
	some held in input.grant.holds
	held.names
}
