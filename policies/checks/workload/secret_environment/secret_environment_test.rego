package kubemuster.checks.workload.secret_environment_test

import data.kubemuster.checks.workload.secret_environment

test_fails_once_for_all_secrets_of_a_container if {
	secret_environment.violations == {{
		"path": "spec.containers[0].env",
		"message": "container web takes Secrets into its environment: db, mail",
	}} with input as container({
		"env": [
			{"name": "USER", "valueFrom": {"secretKeyRef": {"name": "db", "key": "user"}}},
			{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
			{"name": "MODE", "value": "<plain>"},
		],
		"envFrom": [{"secretRef": {"name": "mail"}}, {"configMapRef": {"name": "settings"}}],
	})
}

test_passes_without_secrets if {
	secret_environment.violations == set() with input as container({
		"env": [{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}],
		"envFrom": [{"configMapRef": {"name": "settings"}}],
	})
}

test_passes_for_absent_fields if {
	secret_environment.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
