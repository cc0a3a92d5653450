package kubemuster.checks.certificate.authority_test

import data.kubemuster.checks.certificate.authority

test_fails_for_an_authority if {
	authority.violations == {{
		"path": "spec.isCA",
		"message": "the certificate may sign others",
	}} with input as {"object": {"spec": {"isCA": true}}}
}

test_passes_for_others if {
	authority.violations == set() with input as {"object": {"spec": {"isCA": false}}}
	authority.violations == set() with input as {"object": {"spec": {}}}
}
