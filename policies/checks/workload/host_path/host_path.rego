# METADATA
# title: Pod has a hostPath volume
# description: >-
#   A hostPath volume opens the node's file system to the pod. Depending on the path an attacker reads credentials of
#   the kubelet or of other pods, or plants files that the node executes.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, baseline
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
#     description: hostPath volumes and their risks
# custom:
#   id: KM1007
#   name: HostPathVolume
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Replace the hostPath volume by a PersistentVolumeClaim, emptyDir, configMap or projected volume.
#   frameworks:
#     cis-kubernetes-1.12: ["5.2.11"]
#     pod-security-standards: [hostPathVolumes]
#     nsa-cisa-1.2: [host-access]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.host_path

violations contains violation if {
	some i, volume in input.workload.spec.volumes
	volume.hostPath
	violation := {
		"path": sprintf("%s.volumes[%d].hostPath", [input.workload.path, i]),
		"message": sprintf("volume %s is a hostPath volume", [volume.name]),
		"key": volume.name,
	}
}
