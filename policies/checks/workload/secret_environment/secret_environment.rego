# METADATA
# title: Secret reaches the container through its environment
# description: >-
#   Environment variables leak more easily than files: into crash reports, debug pages and logs, to child processes, and to
#   whoever reads /proc of the process. They also keep the old value until the pod is restarted.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
#     description: Good practices for Secrets
# custom:
#   id: KM1058
#   name: SecretInEnvironment
#   severity: low
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Mount the Secret as files through volumes and volumeMounts, and remove secretKeyRef from env and secretRef from
#     envFrom.
#   frameworks:
#     cis-kubernetes-1.12: ["5.4.1"]
#     cis-eks-1.8: ["4.4.1"]
#     cis-gke-1.9: ["4.4.1"]
#     cis-aks-1.8: ["4.5.1"]
#     nsa-cisa-1.2: [secrets]
#     mitre-attack-containers: [T1552.007]
#     owasp-kubernetes-2022: [K08]
package kubemuster.checks.workload.secret_environment

# One finding for each container, however many variables it takes from Secrets.
violations contains violation if {
	some container in input.workload.containers
	secrets := {taken.secret | some taken in container.fromSecret}
	count(secrets) > 0
	violation := {
		"path": sprintf("%s.env", [container.path]),
		"message": sprintf("container %s takes Secrets into its environment: %s", [container.name, concat(", ", secrets)]),
	}
}
