# METADATA
# title: Credential stands in the pod's definition
# description: >-
#   A password, token or key as a literal value or argument is there for all who may read the workload: in the API, in
#   etcd, in the repository it came from, in the process list of the node. It is rarely changed, since that takes a rollout.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/secret/
#     description: Secrets
# custom:
#   id: KM1057
#   name: LiteralCredential
#   severity: high
#   severities:
#     medium: where the name alone tells of a secret
#   scope: object
#   kinds: [Workload]
#   remediation: >-
#     Change the credential, keep the new one in a Secret or an external store, and mount it as a file through volumes and
#     volumeMounts.
#   frameworks:
#     nsa-cisa-1.2: [secrets]
#     mitre-attack-containers: [T1552.001]
#     owasp-kubernetes-2022: [K08]
package kubemuster.checks.workload.literal_credential

import data.kubemuster.lib.literals

# Values never get here: the scanner puts what they look like in their place.
violations contains violation if {
	some container in input.workload.containers
	some literal in container.literals
	literal.field == "env"
	shape := shapes[literal.class]
	not harmless(literal.class, literal.name)
	not literals.clouds[literal.name]
	violation := {
		"path": sprintf("%s.%s", [container.path, literal.path]),
		"message": sprintf("environment variable %s of container %s holds %s", [literal.name, container.name, shape.what]),
		"key": sprintf("env %s", [literal.name]),
		"severity": shape.severity,
	}
}

# An argument is a class as a whole, after a flag of its own, or has one in it, as in --password=<named-secret>.
violations contains violation if {
	some container in input.workload.containers
	some literal in container.literals
	literal.field != "env"
	shape := shapes[literal.class]
	not harmless(literal.class, literal.name)
	violation := {
		"path": sprintf("%s.%s", [container.path, literal.path]),
		"message": sprintf("an argument of container %s holds %s", [container.name, shape.what]),
		"key": sprintf("%s %s", [literal.field, trim(literal.class, "<>")]),
		"severity": shape.severity,
	}
}

# Where a name alone tells of a secret, its last word may tell that the value is something about one.
harmless("<named-secret>", name) if {
	words := split(replace(replace(lower(name), "-", "_"), ".", "_"), "_")
	words[count(words) - 1] in about
}

about := {
	"algorithm",
	"audience",
	"backend",
	"class",
	"dir",
	"duration",
	"enabled",
	"endpoint",
	"expiration",
	"expiry",
	"file",
	"host",
	"interval",
	"issuer",
	"length",
	"lifetime",
	"method",
	"mode",
	"name",
	"namespace",
	"path",
	"policy",
	"port",
	"provider",
	"ref",
	"region",
	"required",
	"timeout",
	"ttl",
	"type",
	"uri",
	"url",
	"version",
}

# Keys of clouds are KM1059's. What only looks random is too often none: an identifier, a checksum.
shapes := {
	"<jwt>": {"what": "a JSON web token", "severity": "high"},
	"<named-secret>": {"what": "a literal value under the name of a secret", "severity": "medium"},
	"<private-key>": {"what": "a private key", "severity": "high"},
	"<token>": {"what": "a token of a known issuer", "severity": "high"},
	"<url-with-password>": {"what": "an address with a password in it", "severity": "high"},
}
