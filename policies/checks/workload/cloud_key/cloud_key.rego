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
	some variable in literals.environment
	variable.class in classes
	violation := {
		"path": variable.path,
		"message": sprintf("environment variable %s of container %s holds an access key of AWS", [variable.name, variable.container]),
		"key": sprintf("env %s", [variable.name]),
	}
}

violations contains violation if {
	some variable in literals.environment
	count({class | class := variable.class} & classes) == 0
	count([class | class := variable.class; startswith(class, "$(")]) == 0 # the value of another variable
	cloud := literals.clouds[variable.name]
	violation := {
		"path": variable.path,
		"message": sprintf("environment variable %s of container %s holds a static key of %s", [variable.name, variable.container, cloud]),
		"key": sprintf("env %s", [variable.name]),
	}
}

violations contains violation if {
	some argument in literals.arguments
	argument.class in classes
	violation := {
		"path": argument.path,
		"message": sprintf("an argument of container %s holds an access key of AWS", [argument.container]),
		"key": argument.field,
	}
}

# From a Secret it is out of the definition, and still static. Storage that speaks S3 takes keys of these names too.
violations contains violation if {
	some container in input.workload.containers
	some i, variable in container.spec.env
	variable.valueFrom.secretKeyRef
	cloud := literals.clouds[variable.name]
	violation := {
		"path": sprintf("%s.env[%d].valueFrom.secretKeyRef", [container.path, i]),
		"message": sprintf("environment variable %s of container %s takes a static key of %s from Secret %s", [
			variable.name,
			container.name,
			cloud,
			variable.valueFrom.secretKeyRef.name,
		]),
		"key": sprintf("env %s", [variable.name]),
		"severity": "medium",
	}
}

classes := {"<aws-key-id>", "<aws-secret-key>"}
