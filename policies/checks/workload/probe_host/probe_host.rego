# METADATA
# title: Probe or lifecycle hook names a host
# description: >-
#   The kubelet sends the requests of probes and lifecycle hooks. With a host of their choice in them, whoever writes the
#   pod has the kubelet call what only the node reaches: services on its loopback, instance metadata, other networks.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
# custom:
#   id: KM1009
#   name: ProbeHost
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Remove host from httpGet and tcpSocket in the container's probes and lifecycle hooks; the pod's own address is then
#     used.
#   frameworks:
#     pod-security-standards: [hostProbesAndHostLifecycle]
#     nsa-cisa-1.2: [host-access]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.probe_host

violations contains violation if {
	some [what, path, name, field, host] in calls
	host != ""
	violation := {
		"path": sprintf("%s.%s.host", [path, field]),
		"message": sprintf("the %s of container %s goes to host %s", [what, name, host]),
		"key": trim_prefix(field, "lifecycle."),
	}
}

# Each field by its name: with a variable in place of it, the whole container would have to be made Rego's.
calls contains ["livenessProbe", c.path, c.name, "livenessProbe.httpGet", c.spec.livenessProbe.httpGet.host] if some c in input.workload.containers

calls contains ["livenessProbe", c.path, c.name, "livenessProbe.tcpSocket", c.spec.livenessProbe.tcpSocket.host] if some c in input.workload.containers

calls contains ["readinessProbe", c.path, c.name, "readinessProbe.httpGet", c.spec.readinessProbe.httpGet.host] if some c in input.workload.containers

calls contains ["readinessProbe", c.path, c.name, "readinessProbe.tcpSocket", c.spec.readinessProbe.tcpSocket.host] if some c in input.workload.containers

calls contains ["startupProbe", c.path, c.name, "startupProbe.httpGet", c.spec.startupProbe.httpGet.host] if some c in input.workload.containers

calls contains ["startupProbe", c.path, c.name, "startupProbe.tcpSocket", c.spec.startupProbe.tcpSocket.host] if some c in input.workload.containers

calls contains ["postStart hook", c.path, c.name, "lifecycle.postStart.httpGet", c.spec.lifecycle.postStart.httpGet.host] if some c in input.workload.containers

calls contains ["postStart hook", c.path, c.name, "lifecycle.postStart.tcpSocket", c.spec.lifecycle.postStart.tcpSocket.host] if some c in input.workload.containers

calls contains ["preStop hook", c.path, c.name, "lifecycle.preStop.httpGet", c.spec.lifecycle.preStop.httpGet.host] if some c in input.workload.containers

calls contains ["preStop hook", c.path, c.name, "lifecycle.preStop.tcpSocket", c.spec.lifecycle.preStop.tcpSocket.host] if some c in input.workload.containers
