# METADATA
# title: Service opens a port on every node
# description: >-
#   A NodePort listens on all addresses of all nodes, past load balancers, ingress controllers and their
#   authentication. Where a node has a public address, the port is on the internet; elsewhere every neighbour in the
#   network reaches it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
#     description: Services of type NodePort
# custom:
#   id: KM4006
#   name: NodePort
#   severity: low
#   scope: object
#   kinds: [Service]
#   remediation: >-
#     Set spec.type to ClusterIP and publish the Service by an Ingress or Gateway, or use type LoadBalancer with
#     allocateLoadBalancerNodePorts set to false.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1133]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.node_port

violations contains violation if {
	input.object.spec.type == "NodePort"
	violation := {
		"path": "spec.type",
		"message": sprintf("service %s opens a port on every node", [input.object.metadata.name]),
	}
}
