package kubemuster.checks.workload.image_digest_test

import data.kubemuster.checks.workload.image_digest

test_fails_for_a_tag if {
	image_digest.violations == {{
		"path": "spec.containers[0].image",
		"message": "container web runs image registry.example/shop/web:1.4 without a digest",
	}} with input as container({"spec": {"image": "registry.example/shop/web:1.4"}, "image": {"tag": "1.4"}})
}

test_passes_for_a_digest if {
	image_digest.violations == set() with input as container({"spec": {"image": "registry.example/shop/web:1.4@sha256:00"}, "image": {"tag": "1.4", "digest": "sha256:00"}})
}

test_passes_for_an_absent_image if {
	image_digest.violations == set() with input as container({"spec": {}})
}

container(fields) := {"workload": {"path": "spec", "spec": {}, "containers": [object.union(
	{"name": "web", "type": "container", "path": "spec.containers[0]"},
	fields,
)]}}
