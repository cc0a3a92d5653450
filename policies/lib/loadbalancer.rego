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

inner(settings, _) if {
	some s in (settings & internal_settings)
	not foreign(s)
}

# Some clouds take any value but false.
inner(settings, class) if {
	some key in internal_by_any_value
	some s in settings
	startswith(s, sprintf("%s=", [key]))
	not s in {setting(key, ""), setting(key, "false")}
	not foreign(s)
	not facing_internet(settings, class)
}

# The AWS Load Balancer Controller's own annotation wins over the older one.
facing_internet(settings, class) if {
	by_aws_controller(settings, class)
	"service.beta.kubernetes.io/aws-load-balancer-scheme=internet-facing" in settings
}

# Of manifests it is not known who makes their load balancers.
inner(settings, _) if {
	not input.cluster.provider in object.keys(own)
	"service.beta.kubernetes.io/aws-load-balancer-scheme=internal" in settings
}

# foreign reports whether a setting is another cloud's than the cluster's: it means nothing there.
foreign(s) if {
	known := own[input.cluster.provider]
	not regex.match(known, s)
}

# own are the annotations that each cloud's controllers know.
own := {
	"aks": `/azure-`,
	"eks": `/aws-load-balancer-`,
	"gke": `^(cloud\.google\.com|networking\.gke\.io)/`,
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

# Source ranges, and on Azure all lists together.
limited(settings, ranges) if {
	allowed := given(settings, ranges) | union({listed(settings, key) | some key in azure})
	count(allowed) > 0
	count({range | some range in allowed; wide(range)}) == 0
}

# A security group of one's own may be open, which Kubernetes cannot see.
limited(settings, _) if count(listed(settings, "service.beta.kubernetes.io/aws-load-balancer-security-groups")) > 0

# Kubernetes reads the annotation where the spec has no ranges.
given(_, ranges) := trimmed(ranges) if count(trimmed(ranges)) > 0

given(settings, ranges) := listed(settings, "service.beta.kubernetes.io/load-balancer-source-ranges") if count(trimmed(ranges)) == 0

listed(settings, key) := trimmed({item |
	some s in settings
	startswith(s, sprintf("%s=", [key]))
	some item in split(substring(s, count(key) + 1, -1), ",")
})

trimmed(items) := {trim_space(item) | some item in items} - {""}

azure := {
	"service.beta.kubernetes.io/azure-allowed-ip-ranges",
	"service.beta.kubernetes.io/azure-allowed-service-tags",
}

wide("internet")

# wide is true for the whole internet, and for large parts of it that make it up: no network of anyone's has a shorter prefix
# than 8, but for private ones.
wide(range) if {
	regex.match(`/0*[0-7]$`, range)
	not net.cidr_contains("fc00::/7", range)
}

only_private(addresses) if {
	count(addresses) > 0
	count({ip | some ip in addresses; not address.private(ip)}) == 0
}
