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

# Each field by its name: with a variable in place of it, the whole container would have to be made Rego's.
violations contains violation if {
	some container in input.workload.containers
	hosts := object.union_n([
		{["livenessProbe", "livenessProbe.httpGet"]: h | h := container.spec.livenessProbe.httpGet.host},
		{["livenessProbe", "livenessProbe.tcpSocket"]: h | h := container.spec.livenessProbe.tcpSocket.host},
		{["readinessProbe", "readinessProbe.httpGet"]: h | h := container.spec.readinessProbe.httpGet.host},
		{["readinessProbe", "readinessProbe.tcpSocket"]: h | h := container.spec.readinessProbe.tcpSocket.host},
		{["startupProbe", "startupProbe.httpGet"]: h | h := container.spec.startupProbe.httpGet.host},
		{["startupProbe", "startupProbe.tcpSocket"]: h | h := container.spec.startupProbe.tcpSocket.host},
		{["postStart hook", "lifecycle.postStart.httpGet"]: h | h := container.spec.lifecycle.postStart.httpGet.host},
		{["postStart hook", "lifecycle.postStart.tcpSocket"]: h | h := container.spec.lifecycle.postStart.tcpSocket.host},
		{["preStop hook", "lifecycle.preStop.httpGet"]: h | h := container.spec.lifecycle.preStop.httpGet.host},
		{["preStop hook", "lifecycle.preStop.tcpSocket"]: h | h := container.spec.lifecycle.preStop.tcpSocket.host},
	])
	some [what, field], host in hosts
	host != ""
	violation := {
		"path": sprintf("%s.%s.host", [container.path, field]),
		"message": sprintf("the %s of container %s goes to host %s", [what, container.name, host]),
		"key": trim_prefix(field, "lifecycle."),
	}
}
