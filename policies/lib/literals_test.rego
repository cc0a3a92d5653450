package kubemuster.lib.literals_test

import data.kubemuster.lib.literals

test_leaves_out_what_is_plain if {
	literals.environment == set() with input as container({"env": [{"name": "MODE", "value": "<plain>"}, {"name": "NODE", "valueFrom": {}}]})
	literals.arguments == set() with input as container({"command": ["run"], "args": ["--verbose"]})
}

test_names_variables if {
	literals.environment == {{
		"container": "web",
		"path": "spec.containers[0].env[1].value",
		"name": "API_TOKEN",
		"class": "<named-secret>",
	}} with input as container({"env": [{"name": "MODE", "value": "<plain>"}, {"name": "API_TOKEN", "value": "<named-secret>"}]})
}

test_gives_arguments_with_what_stands_before if {
	literals.arguments == {
		{"container": "web", "path": "spec.containers[0].args", "field": "args", "text": "--key=<token>", "name": "--key"},
		{"container": "web", "path": "spec.containers[0].command", "field": "command", "text": "<token>", "name": ""},
		{"container": "web", "path": "spec.containers[0].args", "field": "args", "text": "<jwt>", "name": "--token"},
	} with input as container({"command": ["<token>"], "args": ["--token", "<jwt>", "--key=<token>"]})
}

container(spec) := {"workload": {"containers": [{"name": "web", "path": "spec.containers[0]", "spec": spec}]}}
