# METADATA
# title: Image is not named by its digest
# description: >-
#   Any tag can be moved to another image. Whoever can push to the repository, or stands between it and the node, decides
#   what runs at the next start; a digest names one image and no other.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
#     description: Images and their names
# custom:
#   id: KM1036
#   name: ImageWithoutDigest
#   severity: info
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Write the image as name@sha256:… or name:tag@sha256:…, and let your build renew it.
#   frameworks:
#     nsa-cisa-1.2: [image-source]
#     mitre-attack-containers: [T1204.003]
#     owasp-kubernetes-2022: [K02]
package kubemuster.checks.workload.image_digest

violations contains violation if {
	some container in input.workload.containers
	not container.image.digest
	violation := {
		"path": sprintf("%s.image", [container.path]),
		"message": sprintf("container %s runs image %s without a digest", [container.name, container.spec.image]),
	}
}
