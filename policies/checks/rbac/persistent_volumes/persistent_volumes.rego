# METADATA
# title: PersistentVolumes can be created
# description: >-
#   A PersistentVolume of type hostPath is the node's file system, and Pod Security does not look into the volume
#   behind a claim. Who creates one and a pod that claims it reads and writes the node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation
# custom:
#   id: KM2016
#   name: CreatesVolumes
#   severity: medium
#   scope: grant
#   foldedUnder: [KM2001, KM2002]
#   remediation: >-
#     Take create on persistentvolumes out of the role; let a provisioner make volumes from a StorageClass.
#   frameworks:
#     cis-kubernetes-1.12: ["5.1.9"]
#     cis-eks-1.8: ["4.1.9"]
#     cis-aks-1.8: ["4.1.8"]
#     nsa-cisa-1.2: [rbac]
#     mitre-attack-containers: [T1611]
#     owasp-kubernetes-2022: [K03]
package kubemuster.checks.rbac.persistent_volumes

permissions := {
	"volumes": [
		{
			"verbs": ["create"],
			"apiGroups": [""],
			"resources": ["persistentvolumes"],
			"extent": "cluster",
		},
	],
}

violations contains {"message": sprintf("%s %s", [concat("; ", what), input.grant.where])} if count(what) > 0

what contains held.what if {
	some held in input.grant.holds
	not held.names
}
