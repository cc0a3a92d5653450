package kubemuster.checks.workload.secret_environment_test

import data.kubemuster.checks.workload.secret_environment

test_fails_once_for_all_secrets_of_a_container if {
	secret_environment.violations == {{
		"path": "spec.containers[0].env",
		"message": "container web takes Secrets into its environment: db, mail",
	}} with input as container({"fromSecret": [
		{"path": "env[0].valueFrom.secretKeyRef", "name": "USER", "secret": "db"},
		{"path": "env[1].valueFrom.secretKeyRef", "name": "PASSWORD", "secret": "db"},
		{"path": "envFrom[0].secretRef", "name": "", "secret": "mail"},
	]})
}

test_passes_without_secrets if {
	secret_environment.violations == set() with input as container({"fromSecret": []})
}

test_passes_for_absent_fields if {
	secret_environment.violations == set() with input as container({})
}

container(fields) := {"workload": {"path": "spec", "spec": {}, "containers": [object.union(
	{"name": "web", "type": "container", "path": "spec.containers[0]", "spec": {}},
	fields,
)]}}
