# METADATA
# title: Image comes from a registry that is not allowed
# description: >-
#   An image from elsewhere runs code that nobody here has looked at, from a registry whose accounts and retention others
#   control. Whoever takes over the repository runs their code in the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
#     description: Images and their names
# custom:
#   id: KM1037
#   name: RegistryNotAllowed
#   severity: medium
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Push the image to an allowed registry and name it there, or add its registry to
#     policies.parameters.KM1037.registries.
#   frameworks:
#     cis-eks-1.8: ["5.1.4"]
#     cis-gke-1.9: ["5.1.4"]
#     cis-aks-1.8: ["5.1.4"]
#     nsa-cisa-1.2: [image-source]
#     mitre-attack-containers: [T1204.003]
#     owasp-kubernetes-2022: [K02]
#   parameters:
#     - name: registries
#       type: strings
#       help: registries, or paths in them, that images may come from, as in docker.io/library or registry.example:5000
package kubemuster.checks.workload.allowed_registry

import data.kubemuster.lib.image

violations contains violation if {
	some container in input.workload.containers
	foreign(container.spec.image)
	violation := {
		"path": sprintf("%s.image", [container.path]),
		"message": sprintf("container %s runs image %s, which is in no allowed registry", [container.name, container.spec.image]),
	}
}

violations contains violation if {
	some i, volume in input.workload.spec.volumes
	foreign(volume.image.reference)
	violation := {
		"path": sprintf("%s.volumes[%d].image.reference", [input.workload.path, i]),
		"message": sprintf("volume %s mounts image %s, which is in no allowed registry", [volume.name, volume.image.reference]),
		"key": volume.name,
	}
}

foreign(reference) if {
	reference != ""
	full := image.full(reference)
	every registry in data.kubemuster.parameters.KM1037.registries {
		not startswith(full, sprintf("%s/", [trim_right(registry, "/")]))
		not image.repository(full) == registry
	}
}
