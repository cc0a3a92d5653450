package kubemuster.checks.workload.net_raw_test

import data.kubemuster.checks.workload.net_raw

test_fails_where_it_is_not_dropped if {
	net_raw.violations == {kept} with input as pod({}, {"drop": ["MKNOD"]})
}

test_fails_where_it_is_added_back if {
	net_raw.violations == {kept} with input as pod({}, {"drop": ["ALL"], "add": ["NET_RAW"]})
	net_raw.violations == {kept} with input as pod({}, {"drop": ["NET_RAW"], "add": ["CAP_NET_RAW"]})
}

test_fails_for_absent_fields if {
	net_raw.violations == {kept} with input as pod({}, {})
}

test_passes_where_it_is_dropped if {
	net_raw.violations == set() with input as pod({}, {"drop": ["NET_RAW"]})
	net_raw.violations == set() with input as pod({}, {"drop": ["cap_net_raw"], "add": ["CHOWN"]})
	net_raw.violations == set() with input as pod({}, {"drop": ["all"]})
}

test_passes_for_a_windows_pod if {
	net_raw.violations == set() with input as pod({"os": {"name": "windows"}}, {})
}

kept := {
	"path": "spec.containers[0].securityContext.capabilities.drop",
	"message": "container web keeps NET_RAW",
}

pod(spec, capabilities) := {"workload": {"path": "spec", "spec": spec, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {"securityContext": {"capabilities": capabilities}},
}]}}
