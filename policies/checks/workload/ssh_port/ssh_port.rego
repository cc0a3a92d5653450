# METADATA
# title: Container serves SSH
# description: >-
#   A shell server in a container is a way in beside the API server: it asks for none of its authentication, no RBAC rule
#   limits it, and no audit log shows who came.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/debug/debug-application/get-shell-running-container/
#     description: Get a shell to a running container
# custom:
#   id: KM1048
#   name: SSHPort
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove the SSH server from the image and the port from ports; use kubectl exec or kubectl debug, which are
#     authorized and audited.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1133]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.ssh_port

violations contains violation if {
	some container in input.workload.containers
	some port in container.spec.ports
	port.containerPort == 22
	violation := {
		"path": sprintf("%s.ports", [container.path]),
		"message": sprintf("container %s serves port 22, the port of SSH", [container.name]),
	}
}
