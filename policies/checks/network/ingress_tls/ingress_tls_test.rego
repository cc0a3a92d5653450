package kubemuster.checks.network.ingress_tls_test

import data.kubemuster.checks.network.ingress_tls

test_fails_for_absent_tls if {
	ingress_tls.violations == {plain} with input.object as ingress({"rules": [{"host": "a.example"}]}, {})
	ingress_tls.violations == {plain} with input.object as ingress({"tls": []}, {"team": "shop"})
}

test_fails_for_a_host_that_is_left_out if {
	ingress_tls.violations == {
		{
			"path": "spec.rules[2].host",
			"key": "b.c.example",
			"message": "ingress web has no TLS for b.c.example",
		},
		{
			"path": "spec.rules[3].host",
			"key": "*",
			"message": "ingress web has no TLS for hosts that it does not name",
		},
	} with input.object as ingress(
		{
			"tls": [{"hosts": ["a.example", "*.example"]}],
			"rules": [{"host": "a.example"}, {"host": "b.example"}, {"host": "b.c.example"}, {"http": {}}],
		},
		{},
	)
}

test_passes_for_tls if {
	ingress_tls.violations == set() with input.object as ingress(
		{
			"tls": [{"hosts": ["a.example"]}],
			"rules": [{"host": "a.example"}],
		},
		{},
	)
	ingress_tls.violations == set() with input.object as ingress(
		{
			"tls": [{"secretName": "all"}],
			"rules": [{"host": "a.example"}],
		},
		{},
	)
}

test_passes_where_the_certificate_is_elsewhere if {
	every annotations in [
		{"alb.ingress.kubernetes.io/certificate-arn": "arn"},
		{"alb.ingress.kubernetes.io/listen-ports": `[{"HTTPS":443}]`},
		{"networking.gke.io/managed-certificates": "web"},
		{"traefik.ingress.kubernetes.io/router.tls": "true"},
	] {
		ingress_tls.violations == set() with input.object as ingress({}, annotations)
	}
}

test_passes_for_the_solver_of_a_challenge if {
	ingress_tls.violations == set() with input.object as {
		"kind": "Ingress",
		"metadata": {"name": "cm", "labels": {"acme.cert-manager.io/http01-solver": "true"}},
		"spec": {"rules": [{"host": "a.example", "http": {"paths": [{"path": "/.well-known/acme-challenge/x"}]}}]},
	}
}

# Anyone may write the label: it is the paths that tell.
test_fails_for_what_only_says_that_it_solves_a_challenge if {
	every paths in [[{"path": "/"}], [{"path": "/.well-known/acme-challenge/x"}, {"path": "/"}], [{"backend": {}}]] {
		count(ingress_tls.violations) == 1 with input.object as {
			"kind": "Ingress",
			"metadata": {"name": "cm", "labels": {"acme.cert-manager.io/http01-solver": "true"}},
			"spec": {"rules": [{"http": {"paths": paths}}]},
		}
	}
	count(ingress_tls.violations) == 1 with input.object as {
		"kind": "Ingress",
		"metadata": {"name": "cm", "labels": {"acme.cert-manager.io/http01-solver": "true"}},
		"spec": {"defaultBackend": {"service": {"name": "web"}}},
	}
}

plain := {"path": "spec.tls", "message": "ingress web serves plain HTTP alone"}

ingress(spec, annotations) := {"kind": "Ingress", "metadata": {"name": "web", "annotations": annotations}, "spec": spec}

test_fails_for_listeners_of_a_gateway_without_tls if {
	ingress_tls.violations == {listener(0), listener(2)} with input.object as gateway([
		{"name": "l0", "protocol": "HTTP", "hostname": "a.example"},
		{"name": "l1", "protocol": "HTTPS", "hostname": "b.example"},
		{"name": "l2", "protocol": "HTTP", "hostname": "c.b.example"},
		{"name": "l3", "protocol": "TCP"},
	])
	ingress_tls.violations == {listener(0)} with input.object as gateway([{"name": "l0", "protocol": "HTTP"}])
}

test_passes_for_listeners_of_a_gateway_that_may_redirect if {
	every tls, plain_listener in {
		{"hostname": "a.example"}: {"hostname": "a.example"},
		{"hostname": "*.example"}: {"hostname": "a.b.example"},
		{}: {"hostname": "a.example"},
		{"hostname": "b.example"}: {},
	} {
		ingress_tls.violations == set() with input.object as gateway([
			object.union({"name": "l0", "protocol": "HTTP"}, plain_listener),
			object.union({"name": "l1", "protocol": "HTTPS"}, tls),
		])
	}
	ingress_tls.violations == set() with input.object as gateway([{"name": "l0", "protocol": "TLS"}])
	ingress_tls.violations == set() with input.object as {"kind": "Gateway", "metadata": {"name": "web"}}
}

listener(i) := {
	"path": sprintf("spec.listeners[%d].protocol", [i]),
	"key": sprintf("l%d", [i]),
	"message": sprintf("gateway web serves plain HTTP alone at listener l%d", [i]),
}

gateway(listeners) := {"kind": "Gateway", "metadata": {"name": "web"}, "spec": {"listeners": listeners}}
