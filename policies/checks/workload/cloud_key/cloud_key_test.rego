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
	} with input as container({"env": [
		{"name": "AWS_ACCESS_KEY_ID", "value": "<aws-key-id>"},
		{"name": "KEY", "value": "<aws-secret-key>"},
	]})
}

test_fails_for_literal_keys_of_other_clouds if {
	{v.message | some v in cloud_key.violations} == {
		"environment variable AZURE_CLIENT_SECRET of container backup holds a static key of Azure",
		"environment variable GCP_KEY of container backup holds a static key of Google Cloud",
	} with input as container({"env": [
		{"name": "AZURE_CLIENT_SECRET", "value": "<named-secret>"},
		{"name": "GCP_KEY", "value": "<private-key>"},
		{"name": "ARM_CLIENT_SECRET", "value": "<plain>"},
	]})
}

test_fails_once_for_arguments if {
	cloud_key.violations == {{
		"path": "spec.containers[0].args",
		"message": "an argument of container backup holds an access key of AWS",
		"key": "args",
	}} with input as container({"args": ["--key-id=<aws-key-id>", "--key", "<aws-secret-key>"]})
}

test_fails_for_keys_from_a_secret if {
	cloud_key.violations == {{
		"path": "spec.containers[0].env[0].valueFrom.secretKeyRef",
		"message": "environment variable AZURE_CLIENT_SECRET of container backup takes a static key of Azure from Secret azure",
		"key": "env AZURE_CLIENT_SECRET",
		"severity": "medium",
	}} with input as container({"env": [{
		"name": "AZURE_CLIENT_SECRET",
		"valueFrom": {"secretKeyRef": {"name": "azure", "key": "secret"}},
	}]})
}

test_passes_for_other_variables if {
	cloud_key.violations == set() with input as container({
		"env": [
			{"name": "AWS_REGION", "value": "<plain>"},
			{"name": "AWS_ROLE_ARN", "value": "<plain>"},
			{"name": "AWS_SECRET_ACCESS_KEY", "value": "$(FROM_SECRET)"},
			{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
		],
		"args": ["--region=eu-west-1"],
	})
}

test_passes_for_absent_fields if {
	cloud_key.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "backup",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
