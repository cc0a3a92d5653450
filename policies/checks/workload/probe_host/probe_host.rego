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
	some container in input.workload.containers
	some probe in ["livenessProbe", "readinessProbe", "startupProbe"]
	some action in ["httpGet", "tcpSocket"]
	host := container.spec[probe][action].host
	host != ""
	violation := {
		"path": sprintf("%s.%s.%s.host", [container.path, probe, action]),
		"message": sprintf("the %s of container %s goes to host %s", [probe, container.name, host]),
		"key": sprintf("%s.%s", [probe, action]),
	}
}

violations contains violation if {
	some container in input.workload.containers
	some hook in ["postStart", "preStop"]
	some action in ["httpGet", "tcpSocket"]
	host := container.spec.lifecycle[hook][action].host
	host != ""
	violation := {
		"path": sprintf("%s.lifecycle.%s.%s.host", [container.path, hook, action]),
		"message": sprintf("the %s hook of container %s goes to host %s", [hook, container.name, host]),
		"key": sprintf("%s.%s", [hook, action]),
	}
}
