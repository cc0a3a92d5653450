package kubemuster.checks.network.snippets_test

import data.kubemuster.checks.network.snippets

test_fails_once_for_each_snippet if {
	snippets.violations == {found(server), found(configuration)} with input.object as ingress({
		server: "return 200;",
		configuration: "more_set_headers X;",
		"nginx.ingress.kubernetes.io/rewrite-target": "/",
	})
}

test_passes_for_other_annotations if {
	snippets.violations == set() with input.object as ingress({"nginx.ingress.kubernetes.io/rewrite-target": "/"})
}

test_passes_for_absent_annotations if {
	snippets.violations == set() with input.object as {"metadata": {"name": "web"}}
}

server := "nginx.ingress.kubernetes.io/server-snippet"

configuration := "nginx.ingress.kubernetes.io/configuration-snippet"

found(key) := {
	"path": sprintf("metadata.annotations[\"%s\"]", [key]),
	"key": key,
	"message": sprintf("ingress web puts a snippet into the proxy by %s", [key]),
}

ingress(annotations) := {"metadata": {"name": "web", "annotations": annotations}}
