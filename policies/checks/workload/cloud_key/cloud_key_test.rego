package kubemuster.checks.workload.cloud_key_test

import data.kubemuster.checks.workload.cloud_key

test_fails_for_literal_keys if {
	cloud_key.violations == {
		{
			"path": "spec.containers[0].env[0].value",
			"message": "environment variable AWS_ACCESS_KEY_ID of container backup holds an access key of AWS",
			"key": "env AWS_ACCESS_KEY_ID",
		},
		{
			"path": "spec.containers[0].env[1].value",
			"message": "environment variable KEY of container backup holds an access key of AWS",
			"key": "env KEY",
		},
	} with input as container({"literals": [
		variable(0, "AWS_ACCESS_KEY_ID", "<aws-key-id>"),
		variable(1, "KEY", "<aws-secret-key>"),
	]})
}

test_fails_for_literal_keys_of_other_clouds if {
	{v.message | some v in cloud_key.violations} == {
		"environment variable AZURE_CLIENT_SECRET of container backup holds a static key of Azure",
		"environment variable GCP_KEY of container backup holds a static key of Google Cloud",
	} with input as container({"literals": [
		variable(0, "AZURE_CLIENT_SECRET", "<named-secret>"),
		variable(1, "GCP_KEY", "<private-key>"),
	]})
}

test_fails_once_for_arguments if {
	cloud_key.violations == {{
		"path": "spec.containers[0].args",
		"message": "an argument of container backup holds an access key of AWS",
		"key": "args",
	}} with input as container({"literals": [
		{"path": "args", "field": "args", "name": "--key-id", "class": "<aws-key-id>"},
		{"path": "args", "field": "args", "name": "--key", "class": "<aws-secret-key>"},
	]})
}

test_fails_for_keys_from_a_secret if {
	cloud_key.violations == {{
		"path": "spec.containers[0].env[0].valueFrom.secretKeyRef",
		"message": "environment variable AZURE_CLIENT_SECRET of container backup takes a static key of Azure from Secret azure",
		"key": "env AZURE_CLIENT_SECRET",
		"severity": "medium",
	}} with input as container({"fromSecret": [{
		"path": "env[0].valueFrom.secretKeyRef",
		"name": "AZURE_CLIENT_SECRET",
		"secret": "azure",
	}]})
}

test_passes_for_other_variables if {
	cloud_key.violations == set() with input as container({
		"literals": [
			variable(0, "AWS_SECRET_ACCESS_KEY", "$(FROM_SECRET)"),
			variable(1, "PASSWORD", "<named-secret>"),
		],
		"fromSecret": [{"path": "env[2].valueFrom.secretKeyRef", "name": "PASSWORD", "secret": "db"}],
	})
}

test_passes_for_absent_fields if {
	cloud_key.violations == set() with input as container({})
}

variable(i, name, class) := {"path": sprintf("env[%d].value", [i]), "field": "env", "name": name, "class": class}

container(fields) := {"workload": {"path": "spec", "spec": {}, "containers": [object.union(
	{"name": "backup", "type": "container", "path": "spec.containers[0]", "spec": {}},
	fields,
)]}}
