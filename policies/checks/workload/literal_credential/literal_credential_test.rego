package kubemuster.checks.workload.literal_credential_test

import data.kubemuster.checks.workload.literal_credential

test_fails_for_each_shape if {
	found := {violation.key: violation.severity | some violation in literal_credential.violations} with input as container([
		variable(0, "A", "<private-key>"),
		variable(1, "B", "<jwt>"),
		variable(2, "C", "<token>"),
		variable(3, "D", "<url-with-password>"),
		variable(4, "DB_PASSWORD", "<named-secret>"),
		variable(5, "E", "<high-entropy>"),
		variable(6, "G", "<aws-secret-key>"),
	])
	found == {"env A": "high", "env B": "high", "env C": "high", "env D": "high", "env DB_PASSWORD": "medium"}
}

test_fails_for_a_variable if {
	literal_credential.violations == {{
		"path": "spec.containers[0].env[1].value",
		"message": "environment variable DB_PASSWORD of container web holds a literal value under the name of a secret",
		"key": "env DB_PASSWORD",
		"severity": "medium",
	}} with input as container([variable(1, "DB_PASSWORD", "<named-secret>")])
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
	} with input as container([
		argument("command", "X", "<token>"),
		argument("args", "--password", "<named-secret>"),
		argument("args", "--secret", "<named-secret>"),
	])
}

test_fails_for_a_class_without_a_name if {
	count(literal_credential.violations) == 1 with input as container([argument("args", "", "<jwt>")])
}

test_passes_for_what_is_about_a_secret if {
	literal_credential.violations == set() with input as container([
		variable(0, "SECRET_NAME", "<named-secret>"),
		variable(1, "TOKEN_URL", "<named-secret>"),
		variable(2, "auth.method", "<named-secret>"),
		argument("args", "--token-ttl", "<named-secret>"),
		argument("args", "--auth-provider", "<named-secret>"),
	])
}

test_passes_for_references_and_what_is_another_checks if {
	literal_credential.violations == set() with input as container([
		variable(0, "URL", "$(DB_URL)"),
		variable(1, "AWS_SECRET_ACCESS_KEY", "<named-secret>"),
	])
}

test_passes_for_absent_fields if {
	literal_credential.violations == set() with input as container([])
}

variable(i, name, class) := {"path": sprintf("env[%d].value", [i]), "field": "env", "name": name, "class": class}

argument(field, name, class) := {"path": field, "field": field, "name": name, "class": class}

container(literals) := {"workload": {"path": "spec", "spec": {}, "containers": [{
	"name": "web",
	"type": "container",
	"path": "spec.containers[0]",
	"spec": {},
	"literals": literals,
}]}}
