# Services of type LoadBalancer.
package kubemuster.lib.loadbalancer

import data.kubemuster.lib.address

# open is true where anyone on the internet can send to the load balancer. settings are the Service's annotations, each as
# setting makes it; class is its loadBalancerClass or the empty string; ranges are its source ranges, and addresses the IPs
# that its status names.
open(settings, class, ranges, addresses) if {
	not inner(settings, class)
	not limited(settings, ranges)
	not only_private(addresses)
}

# setting is an annotation as one string.
setting(key, value) := sprintf("%s=%s", [key, lower(value)])

inner(settings, _) if count(settings & internal_settings) > 0

# Some clouds take any value but false.
inner(settings, _) if {
	some key in internal_by_any_value
	some s in settings
	startswith(s, sprintf("%s=", [key]))
	not s in {setting(key, ""), setting(key, "false")}
}

# The AWS Load Balancer Controller, and EKS Auto Mode, make internal load balancers unless told otherwise.
inner(settings, class) if {
	by_aws_controller(settings, class)
	not "service.beta.kubernetes.io/aws-load-balancer-scheme=internet-facing" in settings
	not "service.beta.kubernetes.io/aws-load-balancer-internal=false" in settings
}

by_aws_controller(_, class) if class in {"service.k8s.aws/nlb", "eks.amazonaws.com/nlb"}

by_aws_controller(settings, _) if {
	some kind in {"external", "nlb-ip"}
	setting("service.beta.kubernetes.io/aws-load-balancer-type", kind) in settings
}

internal_settings := {
	"cloud.google.com/load-balancer-type=internal",
	"networking.gke.io/load-balancer-type=internal",
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type=intranet",
	"service.beta.kubernetes.io/aws-load-balancer-scheme=internal",
	"service.beta.kubernetes.io/azure-load-balancer-internal=true",
	"service.beta.kubernetes.io/cce-load-balancer-internal-vpc=true",
	"service.beta.kubernetes.io/do-loadbalancer-network=internal",
	"service.beta.kubernetes.io/oci-load-balancer-internal=true",
	"service.beta.kubernetes.io/openstack-internal-load-balancer=true",
	"service.beta.kubernetes.io/scw-loadbalancer-private=true",
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type=private",
	"load-balancer.hetzner.cloud/disable-public-network=true",
	"yandex.cloud/load-balancer-type=internal",
}

internal_by_any_value := {
	"service.beta.kubernetes.io/aws-load-balancer-internal",
	"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid",
}

limited(_, ranges) if {
	count(ranges) > 0
	count({range | some range in ranges; wide(range)}) == 0
}

limited(settings, _) if {
	some key in limiting
	some s in settings
	startswith(s, sprintf("%s=", [key]))
	allowed := {trim_space(range) | some range in split(substring(s, count(key) + 1, -1), ",")}
	count(allowed & {"", "internet"}) == 0
	count({range | some range in allowed; wide(range)}) == 0
}

# wide is true for the whole internet, and for large parts of it that make it up: no network of anyone's has a shorter prefix than 8.
wide(range) if regex.match(`/0*[0-7]$`, range)

# What stands in for spec.loadBalancerSourceRanges. A security group of one's own may be open, which Kubernetes cannot see.
limiting := {
	"service.beta.kubernetes.io/load-balancer-source-ranges",
	"service.beta.kubernetes.io/aws-load-balancer-security-groups",
	"service.beta.kubernetes.io/azure-allowed-ip-ranges",
	"service.beta.kubernetes.io/azure-allowed-service-tags",
}

only_private(addresses) if {
	count(addresses) > 0
	count({ip | some ip in addresses; not address.private(ip)}) == 0
}
