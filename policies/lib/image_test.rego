package kubemuster.lib.image_test

import data.kubemuster.lib.image

test_floats_without_a_fixed_tag_or_digest if {
	floating := {reference | some reference in references; image.floats(reference)}
	floating == {
		"nginx",
		"nginx:latest",
		"library/nginx",
		"registry.example:5000/shop/web",
		"registry.example:5000/web:latest",
		"[2001:db8::1]:5000/web",
	}
}

references := {
	"",
	"nginx",
	"nginx:latest",
	"nginx:1.29",
	"nginx:latest-alpine",
	"library/nginx",
	"registry.example:5000/shop/web",
	"registry.example:5000/shop/web:1.4",
	"registry.example:5000/web:latest",
	"[2001:db8::1]:5000/web",
	"[2001:db8::1]:5000/web:2",
	"nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000",
	"nginx:latest@sha256:0000000000000000000000000000000000000000000000000000000000000000",
	"registry.example:5000/web@sha256:0000000000000000000000000000000000000000000000000000000000000000",
}

test_cuts_tag_and_digest if {
	repositories := {reference: image.repository(reference) |
		some reference in {
			"nginx",
			"nginx:1.29",
			"registry.example:5000/shop/web",
			"registry.example:5000/shop/web:1.4@sha256:00",
			"registry.example/web@sha256:00",
		}
	}
	repositories == {
		"nginx": "nginx",
		"nginx:1.29": "nginx",
		"registry.example:5000/shop/web": "registry.example:5000/shop/web",
		"registry.example:5000/shop/web:1.4@sha256:00": "registry.example:5000/shop/web",
		"registry.example/web@sha256:00": "registry.example/web",
	}
}

test_full if {
	references_in_full := {reference: full | some reference in hosted; full := image.full(reference)}
	references_in_full == {
		"nginx": "docker.io/library/nginx",
		"nginx:1.29": "docker.io/library/nginx:1.29",
		"docker.io/nginx": "docker.io/library/nginx",
		"index.docker.io/shop/web": "docker.io/shop/web",
		"shop/web": "docker.io/shop/web",
		"localhost/web": "localhost/web",
		"registry:5000/web": "registry:5000/web",
		"registry.example/shop/web:1": "registry.example/shop/web:1",
	}
}

hosted := {
	"nginx",
	"nginx:1.29",
	"docker.io/nginx",
	"index.docker.io/shop/web",
	"shop/web",
	"localhost/web",
	"registry:5000/web",
	"registry.example/shop/web:1",
}
