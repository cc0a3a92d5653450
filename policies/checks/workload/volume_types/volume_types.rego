# METADATA
# title: Pod has a volume of a restricted type
# description: >-
#   Volumes that name a server or a disk by themselves go past the storage that the cluster's administrators offer. Whoever
#   writes the pod has the node mount any export or disk that the node reaches, with drivers in the kernel that were not
#   made for hostile servers.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
#     description: Pod Security Standards, restricted
#   - ref: https://kubernetes.io/docs/concepts/storage/persistent-volumes/
#     description: Persistent volumes
# custom:
#   id: KM1021
#   name: RestrictedVolumeType
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Define the storage as a PersistentVolume and name a claim for it in persistentVolumeClaim, or use a CSI driver.
#   frameworks:
#     pod-security-standards: [restrictedVolumes]
#     nsa-cisa-1.2: [host-access]
#     owasp-kubernetes-2022: [K01]
package kubemuster.checks.workload.volume_types

# The standard forbids hostPath here again; KM1007 tells of that.
violations contains violation if {
	some i, volume in input.workload.spec.volumes
	not volume.hostPath
	types := {type | some type, _ in volume} - {"name"}
	count(types & allowed) == 0
	violation := {
		"path": sprintf("%s.volumes[%d]", [input.workload.path, i]),
		"message": sprintf("volume %s is of type %s", [volume.name, named(types)]),
		"key": volume.name,
	}
}

# The API server makes a volume without a type an emptyDir; one without a type in its answers is of a type that is not
# known here.
named(types) := concat(", ", types) if count(types) > 0

named(types) := "unknown" if count(types) == 0

allowed := {
	"configMap",
	"csi",
	"downwardAPI",
	"emptyDir",
	"ephemeral",
	"image",
	"persistentVolumeClaim",
	"projected",
	"secret",
}
