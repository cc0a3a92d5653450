package kubemuster.checks.workload.literal_credential_test

import data.kubemuster.checks.workload.literal_credential

test_fails_for_each_shape if {
	found := {violation.key: violation.severity | some violation in literal_credential.violations} with input as container({"env": [
		{"name": "A", "value": "<private-key>"},
		{"name": "B", "value": "<jwt>"},
		{"name": "C", "value": "<token>"},
		{"name": "D", "value": "<url-with-password>"},
		{"name": "DB_PASSWORD", "value": "<named-secret>"},
		{"name": "E", "value": "<high-entropy>"},
		{"name": "F", "value": "<plain>"},
		{"name": "G", "value": "<aws-secret-key>"},
	]})
	found == {"env A": "high", "env B": "high", "env C": "high", "env D": "high", "env DB_PASSWORD": "medium"}
}

test_fails_for_a_variable if {
	literal_credential.violations == {{
		"path": "spec.containers[0].env[1].value",
		"message": "environment variable DB_PASSWORD of container web holds a literal value under the name of a secret",
		"key": "env DB_PASSWORD",
		"severity": "medium",
	}} with input as container({"env": [
		{"name": "MODE", "value": "<plain>"},
		{"name": "DB_PASSWORD", "value": "<named-secret>"},
	]})
}

test_fails_for_arguments if {
	literal_credential.violations == {
		{
			"path": "spec.containers[0].args",
			"message": "an argument of container web holds a literal value under the name of a secret",
			"key": "args named-secret",
			"severity": "medium",
		},
		{
			"path": "spec.containers[0].command",
			"message": "an argument of container web holds a token of a known issuer",
			"key": "command token",
			"severity": "high",
		},
	} with input as container({
		"command": ["sh", "-c", "curl -H \"X: <token>\" https://x.example"],
		"args": ["--password=<named-secret>", "--secret", "<named-secret>"],
	})
}

test_fails_for_a_class_as_the_first_argument if {
	count(literal_credential.violations) == 1 with input as container({"args": ["<jwt>"]})
}

test_passes_for_what_is_about_a_secret if {
	literal_credential.violations == set() with input as container({
		"env": [
			{"name": "SECRET_NAME", "value": "<named-secret>"},
			{"name": "TOKEN_URL", "value": "<named-secret>"},
			{"name": "auth.method", "value": "<named-secret>"},
		],
		"args": ["--token-ttl=<named-secret>", "--auth-provider", "<named-secret>"],
	})
}

test_passes_for_references if {
	literal_credential.violations == set() with input as container({
		"env": [
			{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
			{"name": "URL", "value": "$(DB_URL)"},
		],
		"args": ["--password=$(DB_PASSWORD)", "serve"],
	})
}

test_passes_for_absent_fields if {
	literal_credential.violations == set() with input as container({})
}

container(spec) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": spec,
}]}}
