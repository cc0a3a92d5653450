# METADATA
# title: Load balancer is open to the internet
# description: >-
#   The cloud gives the Service a public address that anyone can reach. An attacker needs no foothold to try the
#   application and whatever else its port serves. Kubernetes cannot see a firewall or security group that the cloud
#   puts before it; one that an annotation names is taken to limit access.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer
#     description: Services of type LoadBalancer
#   - ref: https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/
#     description: External load balancers
# custom:
#   id: KM4005
#   name: OpenLoadBalancer
#   severity: medium
#   scope: object
#   kinds: [Service]
#   remediation: >-
#     List the networks that need the Service in spec.loadBalancerSourceRanges, or set your cloud's annotation for an
#     internal load balancer, such as networking.gke.io/load-balancer-type=Internal.
#   frameworks:
#     nsa-cisa-1.2: [network-policies]
#     mitre-attack-containers: [T1190, T1133]
#     owasp-kubernetes-2022: [K07]
package kubemuster.checks.network.open_load_balancer

import data.kubemuster.lib.loadbalancer

violations contains violation if {
	input.object.spec.type == "LoadBalancer"
	loadbalancer.open(settings, class, ranges, addresses)
	violation := {
		"path": "spec.loadBalancerSourceRanges",
		"message": sprintf("the load balancer of service %s lets everyone in", [input.object.metadata.name]),
	}
}

settings contains loadbalancer.setting(key, value) if some key, value in input.object.metadata.annotations

default class := ""

class := input.object.spec.loadBalancerClass

ranges contains range if some range in input.object.spec.loadBalancerSourceRanges

addresses contains ingress.ip if some ingress in input.object.status.loadBalancer.ingress
