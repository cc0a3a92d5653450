package kubemuster.checks.workload.allowed_registry_test

import data.kubemuster.checks.workload.allowed_registry

test_fails_for_a_registry_that_is_not_allowed if {
	allowed_registry.violations == {
		{
			"path": "spec.containers[0].image",
			"message": "container web runs image registry.example.com/web:1, which is in no allowed registry",
		},
		{
			"path": "spec.initContainers[0].image",
			"message": "container setup runs image busybox:1, which is in no allowed registry",
		},
	} with input as pod({}, {"image": "registry.example.com/web:1"}, {"image": "busybox:1"})
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example"]}
}

test_fails_outside_the_path if {
	allowed_registry.violations == {{
		"path": "spec.containers[0].image",
		"message": "container web runs image registry.example/shop-two/web:1, which is in no allowed registry",
	}} with input as pod({}, {"image": "registry.example/shop-two/web:1"}, {"image": "registry.example/shop/setup:1"})
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example/shop"]}
}

test_fails_for_everything_where_nothing_is_allowed if {
	count(allowed_registry.violations) == 2 with input as pod({}, {"image": "a/web:1"}, {"image": "b/setup:1"})
		with data.kubemuster.parameters.KM1037 as {"registries": []}
}

test_fails_for_an_image_volume if {
	allowed_registry.violations == {{
		"path": "spec.volumes[0].image.reference",
		"message": "volume model mounts image other.example/model:1, which is in no allowed registry",
		"key": "model",
	}} with input as pod(
		{"volumes": [
			{"name": "model", "image": {"reference": "other.example/model:1"}},
			{"name": "tmp", "emptyDir": {}},
		]},
		{},
		{},
	)
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example"]}
}

test_passes_in_the_registry_the_path_and_the_repository_itself if {
	allowed_registry.violations == set() with input as pod({}, {"image": "registry.example/web:1"}, {"image": "busybox:1"})
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example/", "docker.io/library"]}
	allowed_registry.violations == set() with input as pod({}, {"image": "registry.example:5000/web@sha256:00"}, {"image": "busybox"})
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example:5000/web", "docker.io/library/busybox"]}
}

test_passes_for_absent_fields if {
	allowed_registry.violations == set() with input as pod({"volumes": [{"name": "tmp"}]}, {}, {"image": ""})
		with data.kubemuster.parameters.KM1037 as {"registries": ["registry.example"]}
}

pod(spec, container, init) := {"workload": {"path": "spec", "spec": spec, "containers": [
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": container},
	{"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]", "spec": init},
]}}
