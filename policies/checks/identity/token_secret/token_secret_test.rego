package kubemuster.checks.identity.token_secret_test

import data.kubemuster.checks.identity.token_secret

test_fails_for_a_token if {
	token_secret.violations == {{
		"path": "metadata.annotations[\"kubernetes.io/service-account.name\"]",
		"message": "secret web-token holds a token of service account web that does not end",
	}} with input.object as {"metadata": {"name": "web-token", "annotations": token}}
}

test_passes_for_a_token_that_was_made_invalid if {
	token_secret.violations == set() with input.object as {"metadata": {
		"name": "web-token",
		"annotations": token,
		"labels": {"kubernetes.io/legacy-token-invalid-since": "2026-01-02"},
	}}
}

test_passes_for_other_secrets if {
	token_secret.violations == set() with input.object as {"metadata": {"name": "db", "annotations": {"a": "b"}}}
	token_secret.violations == set() with input.object as {"metadata": {"name": "db"}}
}

token := {"kubernetes.io/service-account.name": "web"}
