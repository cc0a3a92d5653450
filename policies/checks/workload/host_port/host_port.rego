# METADATA
# title: Container takes a port of its node
# description: >-
#   A host port is reachable at the node's address, often past network policies and load balancer rules. An attacker who
#   runs a pod can take a port that others expect a trusted service on.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1008
#   name: HostPort
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove hostPort from the container's ports and publish the pod through a Service.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.12"]
#     pod-security-standards: [hostPorts]
#     nsa-cisa-1.2: [host-access]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_port

violations contains violation if {
	some container in input.workload.containers
	some port in container.spec.ports
	port.hostPort != 0
	violation := {
		"path": sprintf("%s.ports", [container.path]),
		"message": sprintf("container %s takes port %d of its node", [container.name, port.hostPort]),
		"key": sprintf("%d", [port.hostPort]),
	}
}
