package kubemuster.checks.workload.apparmor_test

import data.kubemuster.checks.workload.apparmor

test_fails_at_the_pod_and_at_containers if {
	apparmor.violations == {
		{
			"path": "spec.securityContext.appArmorProfile.type",
			"message": "the pod sets the AppArmor profile Unconfined",
		},
		{
			"path": "spec.containers[0].securityContext.appArmorProfile.type",
			"message": "container web sets the AppArmor profile Unconfined",
		},
	} with input as pod(
		{"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
		{"appArmorProfile": {"type": "Unconfined"}},
		{},
	)
}

test_names_a_profile_without_a_type if {
	apparmor.violations == {{
		"path": "spec.securityContext.appArmorProfile.type",
		"message": "the pod sets the AppArmor profile without a type",
	}} with input as pod({"securityContext": {"appArmorProfile": {"type": ""}}}, {}, {})
}

test_fails_for_an_annotation if {
	apparmor.violations == {{
		"path": `metadata.annotations["container.apparmor.security.beta.kubernetes.io/web"]`,
		"message": "an annotation sets the AppArmor profile unconfined for container web",
		"key": "web",
	}} with input as pod({}, {}, {
		"container.apparmor.security.beta.kubernetes.io/web": "unconfined",
		"container.apparmor.security.beta.kubernetes.io/b": "runtime/default",
		"container.apparmor.security.beta.kubernetes.io/c": "localhost/mine",
		"container.apparmor.security.beta.kubernetes.io/d": "",
		"example.org/web": "unconfined",
	})
}

test_finds_the_annotations_of_a_template if {
	paths := {violation.path | some violation in apparmor.violations} with input as {"workload": {
		"path": "spec.template.spec",
		"spec": {},
		"metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/web": "unconfined"}},
		"containers": [],
	}}
	paths == {`spec.template.metadata.annotations["container.apparmor.security.beta.kubernetes.io/web"]`}
}

test_fails_once_for_annotation_and_field if {
	apparmor.violations == {{
		"path": "spec.containers[0].securityContext.appArmorProfile.type",
		"message": "container web sets the AppArmor profile Unconfined",
	}} with input as pod(
		{},
		{"appArmorProfile": {"type": "Unconfined"}},
		{"container.apparmor.security.beta.kubernetes.io/web": "unconfined"},
	)
}

test_passes_for_profiles_that_confine if {
	apparmor.violations == set() with input as pod(
		{"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}},
		{"appArmorProfile": {"type": "Localhost", "localhostProfile": "mine"}},
		{},
	)
}

test_passes_for_absent_fields if {
	apparmor.violations == set() with input as pod({}, {}, {})
	apparmor.violations == set() with input as {"workload": {"path": "spec", "spec": {}, "containers": []}}
}

pod(spec, security_context, annotations) := {"workload": {
	"path": "spec",
	"spec": spec,
	"metadata": {"annotations": annotations},
	"containers": [{
		"name": "web",
		"type": "container",
		"path": "spec.containers[0]",
		"spec": {"securityContext": security_context},
	}],
}}
