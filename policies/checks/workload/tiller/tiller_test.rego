package kubemuster.checks.workload.tiller_test

import data.kubemuster.checks.workload.tiller

test_fails_for_its_image if {
	every image in ["gcr.io/kubernetes-helm/tiller:v2.17.0", "ghcr.io/helm/tiller:v2.17.0", "tiller"] {
		tiller.violations == {{
			"path": "spec.containers[0].image",
			"message": "container server runs Tiller, the server of Helm 2",
		}} with input as pod({}, image)
	}
}

test_fails_for_its_labels if {
	tiller.violations == {{
		"path": "spec.containers",
		"message": "the labels of the pod are those of Tiller, the server of Helm 2",
	}} with input as pod({"app": "helm", "name": "tiller"}, "registry.example/ops/helm:2")
}

test_passes_for_others if {
	tiller.violations == set() with input as pod({"app": "helm"}, "registry.example/garden/distiller:1")
}

test_passes_for_absent_fields if {
	tiller.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": [{
		"name": "web",
		"path": "spec.containers[0]",
		"spec": {},
	}]}}
}

pod(labels, image) := {"workload": {"path": "spec", "spec": {}, "metadata": {"labels": labels}, "containers": [{
	"name": "server",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"image": image},
}]}}
