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
		{"container": "web", "path": "spec.containers[0].args", "field": "args", "class": "<token>", "name": "--key"},
		{"container": "web", "path": "spec.containers[0].command", "field": "command", "class": "<token>", "name": ""},
		{"container": "web", "path": "spec.containers[0].args", "field": "args", "class": "<jwt>", "name": "--token"},
	} with input as container({"command": ["<token>"], "args": ["--token", "<jwt>", "--key=<token>"]})
}

test_gives_what_stands_before_in_one_text if {
	{[a.name, a.class] | some a in literals.arguments} == {
		["--url", "<named-secret>"],
		["--password", "<named-secret>"],
		["--token", "<jwt>"],
		["Bearer", "<token>"],
	} with input as container({"args": ["app --level=debug --url=<named-secret> --password='<named-secret>' --token <jwt> -H 'Authorization: Bearer <token>'"]})
}

test_looks_into_probes_and_hooks if {
	command := {"exec": {"command": ["run", "<token>"]}}
	{[a.field, a.path] | some a in literals.arguments} == {
		["livenessProbe", "spec.containers[0].livenessProbe.exec.command"],
		["readinessProbe", "spec.containers[0].readinessProbe.exec.command"],
		["startupProbe", "spec.containers[0].startupProbe.exec.command"],
		["postStart", "spec.containers[0].lifecycle.postStart.exec.command"],
		["preStop", "spec.containers[0].lifecycle.preStop.exec.command"],
	} with input as container({
		"livenessProbe": command,
		"readinessProbe": command,
		"startupProbe": command,
		"lifecycle": {"postStart": command, "preStop": command},
	})
}

container(spec) := {"workload": {"containers": [{"name": "web", "path": "spec.containers[0]", "spec": spec}]}}
