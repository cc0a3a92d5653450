# METADATA
# title: Container holds a static cloud key
# description: >-
#   A static key works from anywhere and until somebody takes it back. An attacker who reads it once, from the pod, its
#   definition or a log, acts in the cloud account long after the pod is gone. Temporary keys of AWS, whose ids begin with
#   ASIA, are reported too: the scanner does not keep ids.
# related_resources:
#   - ref: https://docs.aws.amazon.com/eks/latest/userguide/service-accounts.html
#     description: AWS credentials for service accounts
#   - ref: https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
#     description: Workload Identity Federation for GKE
#   - ref: https://learn.microsoft.com/azure/aks/workload-identity-overview
#     description: Microsoft Entra Workload ID
# custom:
#   id: KM1059
#   name: StaticCloudKey
#   severity: high
#   severities:
#     medium: where the key comes from a Secret
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Take the key back in the cloud, remove the variable from env, and give the pod's service account an identity of the
#     cloud: an EKS Pod Identity association or IRSA, Workload Identity Federation for GKE, or Microsoft Entra Workload ID.
#   frameworks:
#     nsa-cisa-1.2: [cloud-metadata]
#     mitre-attack-containers: [T1552.001]
#     owasp-kubernetes-2022: [K08]
package kubemuster.checks.workload.cloud_key

import data.kubemuster.lib.literals

violations contains violation if {
	some container in input.workload.containers
	some literal in container.literals
	literal.field == "env"
	literal.class in classes
	violation := {
		"path": sprintf("%s.%s", [container.path, literal.path]),
		"message": sprintf("environment variable %s of container %s holds an access key of AWS", [literal.name, container.name]),
		"key": sprintf("env %s", [literal.name]),
	}
}

violations contains violation if {
	some container in input.workload.containers
	some literal in container.literals
	literal.field == "env"
	count({class | class := literal.class} & classes) == 0
	count([class | class := literal.class; startswith(class, "$(")]) == 0 # the value of another variable
	cloud := literals.clouds[literal.name]
	violation := {
		"path": sprintf("%s.%s", [container.path, literal.path]),
		"message": sprintf("environment variable %s of container %s holds a static key of %s", [literal.name, container.name, cloud]),
		"key": sprintf("env %s", [literal.name]),
	}
}

violations contains violation if {
	some container in input.workload.containers
	some literal in container.literals
	literal.field != "env"
	literal.class in classes
	violation := {
		"path": sprintf("%s.%s", [container.path, literal.path]),
		"message": sprintf("an argument of container %s holds an access key of AWS", [container.name]),
		"key": literal.field,
	}
}

# From a Secret it is out of the definition, and still static. Storage that speaks S3 takes keys of these names too.
violations contains violation if {
	some container in input.workload.containers
	some taken in container.fromSecret
	cloud := literals.clouds[taken.name]
	violation := {
		"path": sprintf("%s.%s", [container.path, taken.path]),
		"message": sprintf("environment variable %s of container %s takes a static key of %s from Secret %s", [
			taken.name,
			container.name,
			cloud,
			taken.secret,
		]),
		"key": sprintf("env %s", [taken.name]),
		"severity": "medium",
	}
}

classes := {"<aws-key-id>", "<aws-secret-key>"}
