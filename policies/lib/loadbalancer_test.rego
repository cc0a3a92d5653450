package kubemuster.lib.loadbalancer_test

import data.kubemuster.lib.loadbalancer

test_is_open_unless_told_otherwise if {
	loadbalancer.open(set(), "", set(), set())
	loadbalancer.open(set(), "", {"192.0.2.0/24", "0.0.0.0/0"}, set())
	loadbalancer.open(set(), "", {"::/0"}, set())
	loadbalancer.open(set(), "", {"0.0.0.0/1", "128.0.0.0/1"}, set())
	loadbalancer.open(set(), "", {"2000::/3"}, set())
	loadbalancer.open(set(), "", set(), {"10.0.0.1", "198.51.100.1"})
	loadbalancer.open({"service.beta.kubernetes.io/azure-load-balancer-internal=false"}, "", set(), set())
	loadbalancer.open({"service.beta.kubernetes.io/aws-load-balancer-internal=false"}, "", set(), set())
	loadbalancer.open({"service.beta.kubernetes.io/aws-load-balancer-internal="}, "", set(), set())
	loadbalancer.open({"service.beta.kubernetes.io/azure-allowed-service-tags=internet"}, "", set(), set())
	loadbalancer.open({"service.beta.kubernetes.io/load-balancer-source-ranges=192.0.2.0/24, 0.0.0.0/0"}, "", set(), set())
	loadbalancer.open({"service.beta.kubernetes.io/aws-load-balancer-type=nlb"}, "", set(), set())
}

test_is_closed_where_internal if {
	every s in {
		loadbalancer.setting("networking.gke.io/load-balancer-type", "Internal"),
		loadbalancer.setting("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
		loadbalancer.setting("service.beta.kubernetes.io/aws-load-balancer-internal", "0.0.0.0/0"),
		loadbalancer.setting("service.beta.kubernetes.io/aws-load-balancer-type", "external"),
	} {
		not loadbalancer.open({s}, "", set(), set())
	}
	not loadbalancer.open(set(), "eks.amazonaws.com/nlb", set(), set())
}

test_is_open_where_the_aws_controller_is_told_so if {
	facing := "service.beta.kubernetes.io/aws-load-balancer-scheme=internet-facing"
	loadbalancer.open({facing}, "service.k8s.aws/nlb", set(), set())
	loadbalancer.open({facing, "service.beta.kubernetes.io/aws-load-balancer-type=external"}, "", set(), set())
}

test_is_closed_where_limited if {
	not loadbalancer.open(set(), "", {"192.0.2.0/24"}, set())
	not loadbalancer.open(set(), "", {"10.0.0.0/8", "fd00::/8"}, set())
	not loadbalancer.open({"service.beta.kubernetes.io/azure-allowed-ip-ranges=192.0.2.0/24,198.51.100.0/24"}, "", set(), set())
	not loadbalancer.open({"service.beta.kubernetes.io/aws-load-balancer-security-groups=sg-1"}, "", set(), set())
}

# The spec's ranges stand before the annotation, and the lists of Azure add up.
test_ranges_of_several_places if {
	wide := "service.beta.kubernetes.io/load-balancer-source-ranges=0.0.0.0/0"
	narrow := "service.beta.kubernetes.io/load-balancer-source-ranges=10.0.0.0/8,"
	tags := "service.beta.kubernetes.io/azure-allowed-service-tags=azurecloud"
	loadbalancer.open({narrow}, "", {"0.0.0.0/0"}, set())
	loadbalancer.open(set(), "", {" 0.0.0.0/0 "}, set())
	loadbalancer.open({tags, "service.beta.kubernetes.io/azure-allowed-ip-ranges=0.0.0.0/0"}, "", set(), set())
	loadbalancer.open({tags}, "", {"0.0.0.0/0"}, set())
	loadbalancer.open(set(), "", {""}, set())
	not loadbalancer.open({narrow}, "", set(), set())
	not loadbalancer.open({wide}, "", {"192.0.2.0/24"}, set())
	not loadbalancer.open({tags}, "", set(), set())
	not loadbalancer.open(set(), "", {"fc00::/7"}, set())
}

test_is_closed_where_all_its_addresses_are_private if {
	not loadbalancer.open(set(), "", set(), {"10.0.0.1", "fd00::1"})
}

# What another cloud's controllers know means nothing in this one; of manifests it is not known which cloud they are for.
test_settings_of_another_cloud if {
	azure := "service.beta.kubernetes.io/azure-load-balancer-internal=true"
	google := "networking.gke.io/load-balancer-type=internal"
	amazon := "service.beta.kubernetes.io/aws-load-balancer-internal=true"
	every t in [
		["eks", azure, true],
		["eks", google, true],
		["eks", amazon, false],
		["aks", azure, false],
		["aks", amazon, true],
		["gke", google, false],
		["gke", azure, true],
		["manifests", azure, false],
		["manifests", amazon, false],
		["other", google, false],
	] {
		found := {true | loadbalancer.open({t[1]}, "", set(), set())} with input.cluster.provider as t[0]
		count(found) > 0 == t[2]
	}
}

# The scheme is the AWS Load Balancer Controller's alone, and wins over the older annotation there.
test_schemes_of_aws if {
	inner := "service.beta.kubernetes.io/aws-load-balancer-scheme=internal"
	facing := "service.beta.kubernetes.io/aws-load-balancer-scheme=internet-facing"
	older := "service.beta.kubernetes.io/aws-load-balancer-internal=true"
	every t in [
		["eks", {inner}, "", true],
		["eks", {inner}, "service.k8s.aws/nlb", false],
		["manifests", {inner}, "", false],
		["eks", {facing, older}, "service.k8s.aws/nlb", true],
		["eks", {facing, older}, "", false],
	] {
		found := {true | loadbalancer.open(t[1], t[2], set(), set())} with input.cluster.provider as t[0]
		count(found) > 0 == t[3]
	}
}
