package kubemuster.checks.network.open_load_balancer_test

import data.kubemuster.checks.network.open_load_balancer

test_fails_for_absent_ranges if {
	open_load_balancer.violations == {open} with input.object as service({"type": "LoadBalancer"}, {})
}

test_fails_for_ranges_that_hold_everyone if {
	open_load_balancer.violations == {open} with input.object as service(
		{
			"type": "LoadBalancer",
			"loadBalancerSourceRanges": ["0.0.0.0/0"],
		},
		{"team": "shop"},
	)
}

test_passes_for_ranges if {
	open_load_balancer.violations == set() with input.object as service(
		{
			"type": "LoadBalancer",
			"loadBalancerSourceRanges": ["192.0.2.0/24"],
		},
		{},
	)
}

test_passes_for_internal_ones if {
	open_load_balancer.violations == set() with input.object as service(
		{"type": "LoadBalancer"},
		{"service.beta.kubernetes.io/azure-load-balancer-internal": "True"},
	)
	open_load_balancer.violations == set() with input.object as service(
		{
			"type": "LoadBalancer",
			"loadBalancerClass": "eks.amazonaws.com/nlb",
		},
		{},
	)
}

test_passes_for_private_addresses if {
	open_load_balancer.violations == set() with input.object as object.union(
		service({"type": "LoadBalancer"}, {}),
		{"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}},
	)
}

test_passes_for_other_types if {
	open_load_balancer.violations == set() with input.object as service({"type": "ClusterIP"}, {})
	open_load_balancer.violations == set() with input.object as service({}, {})
}

open := {"path": "spec.loadBalancerSourceRanges", "message": "the load balancer of service web lets everyone in"}

service(spec, annotations) := {"metadata": {"name": "web", "annotations": annotations}, "spec": spec}
