# METADATA
# title: Certificate may sign others
# description: >-
#   Whoever reads its key makes certificates for any name that trusts this authority, and so stands in for every service.
# related_resources:
#   - ref: https://cert-manager.io/docs/reference/api-docs/
#     description: cert-manager's API
# custom:
#   id: ACME9001
#   name: CertificateAuthority
#   severity: high
#   scope: object
#   kinds: [cert-manager.io/v1/Certificate]
#   remediation: Take isCA away, and have the certificate issued by the company's authority.
package kubemuster.checks.certificate.authority

violations contains {"path": "spec.isCA", "message": "the certificate may sign others"} if {
	input.object.spec.isCA == true
}
