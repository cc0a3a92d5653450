package kubemuster.checks.workload.ingress_nginx_test

import data.kubemuster.checks.workload.ingress_nginx

test_fails_for_images_of_the_project if {
	every image in [
		"registry.k8s.io/ingress-nginx/controller:v1.13.2@sha256:00",
		"registry.example:5000/mirror/ingress-nginx/controller-chroot:v1.13.2",
		"quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.33.0",
	] {
		ingress_nginx.violations == {{
			"path": "spec.containers[0].image",
			"message": "container controller runs the ingress-nginx controller, which is no longer maintained",
		}} with input as pod({}, image)
	}
}

test_fails_for_its_labels if {
	ingress_nginx.violations == {{
		"path": "spec.containers",
		"message": "the labels of the pod are those of the ingress-nginx controller, which is no longer maintained",
	}} with input as pod(
		{"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"},
		"registry.example/edge/proxy:1",
	)
}

test_fails_once_for_its_program if {
	every field in ["args", "command"] {
		ingress_nginx.violations == {{
			"path": sprintf("spec.containers[0].%s[1]", [field]),
			"message": "container controller runs the program of the ingress-nginx controller, which is no longer maintained",
		}} with input as runs({}, "registry.example/edge/proxy:1", field, "/nginx-ingress-controller")
	}
	every t in [
		[{}, "registry.example/ingress-nginx/controller:1"],
		[{"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}, "registry.example/edge/proxy:1"],
	] {
		count(ingress_nginx.violations) == 1 with input as runs(t[0], t[1], "args", "/nginx-ingress-controller")
	}
	ingress_nginx.violations == set() with input as runs({}, "docker.io/nginx/nginx-ingress:5.2.0", "args", "/nginx-ingress")
}

runs(labels, image, field, word) := {"workload": {"path": "spec", "spec": {}, "metadata": {"labels": labels}, "containers": [{
	"name": "controller",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"image": image, field: ["--", word]},
}]}}

test_passes_for_other_controllers if {
	ingress_nginx.violations == set() with input as pod({}, "docker.io/nginx/nginx-ingress:5.2.0")
	ingress_nginx.violations == set() with input as pod({"app.kubernetes.io/name": "ingress-nginx"}, "registry.example/x:1")
}

test_passes_for_absent_fields if {
	ingress_nginx.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": [{
		"name": "web",
		"path": "spec.containers[0]",
		"spec": {},
	}]}}
}

pod(labels, image) := {"workload": {"path": "spec", "spec": {}, "metadata": {"labels": labels}, "containers": [{
	"name": "controller",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"image": image},
}]}}
