# METADATA
# title: Image is named by a tag that moves
# description: >-
#   An image named without a tag, or by latest, is whatever was pushed last. Whoever can push to the repository runs
#   their code at the next restart, nodes run different versions, and nobody can tell later what ran.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
#     description: Images and their names
# custom:
#   id: KM1035
#   name: MutableImageTag
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Name the image by a version tag, or better by its digest (image@sha256:…).
#   frameworks:
#     nsa-cisa-1.2: [image-source]
#     mitre-attack-containers: [T1204.003]
#     owasp-kubernetes-2022: [K02]
package kubemuster.checks.workload.image_tag

import data.kubemuster.lib.image

violations contains violation if {
	some container in input.workload.containers
	container.image.tag == "latest"
	not container.image.digest
	violation := {
		"path": sprintf("%s.image", [container.path]),
		"message": sprintf("container %s runs image %s without a fixed tag or digest", [container.name, container.spec.image]),
	}
}

violations contains violation if {
	some i, volume in input.workload.spec.volumes
	image.floats(volume.image.reference)
	violation := {
		"path": sprintf("%s.volumes[%d].image.reference", [input.workload.path, i]),
		"message": sprintf("volume %s mounts image %s without a fixed tag or digest", [volume.name, volume.image.reference]),
		"key": volume.name,
	}
}
