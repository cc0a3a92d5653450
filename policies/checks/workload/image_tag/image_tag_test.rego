package kubemuster.checks.workload.image_tag_test

import data.kubemuster.checks.workload.image_tag

test_fails_for_latest_and_for_no_tag if {
	image_tag.violations == {
		{
			"path": "spec.containers[0].image",
			"message": "container web runs image registry.example:5000/web without a fixed tag or digest",
		},
		{
			"path": "spec.initContainers[0].image",
			"message": "container setup runs image busybox:latest without a fixed tag or digest",
		},
	} with input as pod({}, image("registry.example:5000/web", {"tag": "latest"}), image("busybox:latest", {"tag": "latest"}))
}

test_fails_for_an_image_volume if {
	image_tag.violations == {{
		"path": "spec.volumes[1].image.reference",
		"message": "volume model mounts image registry.example/model without a fixed tag or digest",
		"key": "model",
	}} with input as pod(
		{"volumes": [
			{"name": "tmp", "emptyDir": {}},
			{"name": "model", "image": {"reference": "registry.example/model"}},
			{"name": "rules", "image": {"reference": "registry.example/rules:3"}},
		]},
		{"spec": {}},
		{"spec": {}},
	)
}

test_passes_for_a_tag_and_for_a_digest if {
	image_tag.violations == set() with input as pod(
		{},
		image("registry.example:5000/web:1.4", {"tag": "1.4"}),
		image("busybox:latest@sha256:00", {"tag": "latest", "digest": "sha256:00"}),
	)
}

test_passes_for_absent_fields if {
	image_tag.violations == set() with input as pod({}, {"spec": {}}, {"spec": {"image": ""}})
	image_tag.violations == set() with input as pod({"volumes": [{"name": "model", "image": {}}]}, {"spec": {}}, {"spec": {}})
}

pod(spec, container, init) := {"workload": {"path": "spec", "spec": spec, "containers": [
	object.union({"name": "web", "type": "container", "path": "spec.containers[0]"}, container),
	object.union({"name": "setup", "type": "initContainer", "path": "spec.initContainers[0]"}, init),
]}}

image(reference, pins) := {"spec": {"image": reference}, "image": pins}
