# METADATA
# title: ingress-nginx is in use
# description: >-
#   The ingress-nginx controller was retired in March 2026 and gets no more fixes, not for security either. It faces the
#   internet and reads the Secrets of the whole cluster: a flaw such as CVE-2025-1974 hands an attacker in its network both.
# related_resources:
#   - ref: https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
#     description: Retirement of ingress-nginx
#   - ref: https://kubernetes.io/blog/2025/03/24/ingress-nginx-cve-2025-1974/
#     description: CVE-2025-1974
# custom:
#   id: KM1053
#   name: IngressNginx
#   severity: high
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Move to a Gateway API implementation or to an ingress controller that is maintained, and remove the Deployment and its
#     admission webhook. Until then delete its ValidatingWebhookConfiguration, through which CVE-2025-1974 is reached, and set
#     allow-snippet-annotations to "false" in its ConfigMap.
#   frameworks:
#     nsa-cisa-1.2: [application-practices]
#     mitre-attack-containers: [T1190]
#     owasp-kubernetes-2022: [K10]
package kubemuster.checks.workload.ingress_nginx

import data.kubemuster.lib.image

violations contains violation if {
	some container in controllers
	violation := {
		"path": sprintf("%s.image", [container.path]),
		"message": sprintf("container %s runs the ingress-nginx controller, which is no longer maintained", [container.name]),
	}
}

# An image of another name is told by the labels that the project's own manifests and chart give.
violations contains violation if {
	labelled
	count(controllers) == 0
	violation := {
		"path": sprintf("%s.containers", [input.workload.path]),
		"message": "the labels of the pod are those of the ingress-nginx controller, which is no longer maintained",
	}
}

# So is one by its program, which the image's entry point starts.
violations contains violation if {
	count(controllers) == 0
	not labelled
	some container in input.workload.containers
	some i, "/nginx-ingress-controller" in container.spec.args
	violation := {
		"path": sprintf("%s.args[%d]", [container.path, i]),
		"message": sprintf("container %s runs the program of the ingress-nginx controller, which is no longer maintained", [container.name]),
	}
}

violations contains violation if {
	count(controllers) == 0
	not labelled
	some container in input.workload.containers
	some i, "/nginx-ingress-controller" in container.spec.command
	violation := {
		"path": sprintf("%s.command[%d]", [container.path, i]),
		"message": sprintf("container %s runs the program of the ingress-nginx controller, which is no longer maintained", [container.name]),
	}
}

labelled if {
	input.workload.metadata.labels["app.kubernetes.io/name"] == "ingress-nginx"
	input.workload.metadata.labels["app.kubernetes.io/component"] == "controller"
}

controllers contains {"name": container.name, "path": container.path} if {
	some container in input.workload.containers
	contains(container.spec.image, "nginx") # most images need no closer look
	is_controller(image.repository(container.spec.image))
}

is_controller(repository) if endswith(repository, "ingress-nginx/controller")

is_controller(repository) if endswith(repository, "ingress-nginx/controller-chroot")

is_controller(repository) if endswith(repository, "/nginx-ingress-controller")
