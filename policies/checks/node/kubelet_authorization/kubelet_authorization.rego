# METADATA
# title: Kubelet authorizes every request
# description: >-
#   Whoever the kubelet lets in may run commands in each container of the node and read its logs: every client with a
#   certificate of its authority, every service account whose token it takes, and everyone where it answers anonymous
#   requests, which makes this critical.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
#     description: Authentication and authorization of the kubelet
#   - ref: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
#     description: Configuration of the kubelet
# custom:
#   id: KM6012
#   name: KubeletAuthorization
#   severity: high
#   severities:
#     critical: where the kubelet answers anonymous requests, too
#   scope: object
#   kinds: [KubeletConfiguration]
#   remediation: >-
#     Set authorization.mode to Webhook in the kubelet's configuration and restart it, so that it asks the API server.
#   frameworks:
#     cis-kubernetes-1.12: ["4.2.2"]
#     cis-eks-1.8: ["3.2.2"]
#     cis-aks-1.8: ["3.2.2"]
#     nsa-cisa-1.2: [worker-nodes]
#     mitre-attack-containers: [T1609]
#     owasp-kubernetes-2022: [K09]
package kubemuster.checks.node.kubelet_authorization

violations contains violation if {
	input.object.authorization.mode == "AlwaysAllow"
	violation := object.union(weight, {
		"path": "authorization.mode",
		"message": sprintf("the kubelet authorizes every request%s", [of_whom]),
	})
}

default weight := {}

weight := {"severity": "critical"} if anonymous

default of_whom := ""

of_whom := ", and answers anonymous ones" if anonymous

anonymous if input.object.authentication.anonymous.enabled == true
