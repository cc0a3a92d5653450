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

test_repository_in_full if {
	repositories := {reference: repository | some reference in hosted; repository := image.repository(reference)}
	repositories == {
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

test_name_without_tag_and_digest if {
	image.name("registry:5000/web:1@sha256:00") == "registry:5000/web"
	image.name("registry:5000/web") == "registry:5000/web"
	image.name("nginx@sha256:00") == "nginx"
}
