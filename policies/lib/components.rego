# What Kubernetes, its installers and the clouds run in kube-system themselves.
package kubemuster.lib.components

# known are kinds and names of workloads in kube-system on a provider, one by one: a name that only looks like them is not
# theirs. Where the provider is none of the clouds, as for a kubeconfig, the cluster may run on any of them.
known(provider) := of_kubernetes | of_clouds[provider]

known(provider) := union({of_kubernetes} | {names | some names in of_clouds}) if not provider in object.keys(of_clouds)

# own is true for a workload of theirs in kube-system that runs their images.
own if {
	named
	count(foreign) == 0
}

# named is true for a workload that has the name of one of theirs.
named if {
	input.workload.namespace == "kube-system"
	identity in known(input.cluster.provider)
}

# foreign are the images of it that nobody of them makes.
foreign contains container.spec.image if {
	named
	some container in input.workload.containers
	alien(container.spec.image, name)
}

# An image is theirs by where they keep them, or, on a mirror, by the workload's name at the end of its repository: kube-proxy's is
# kube-proxy, calico-node's is calico/node, and cilium-operator's is cilium/operator-generic.
alien(image, of) if {
	not regex.match(registries, image)
	repository := split(regex.replace(regex.replace(image, `^[^/]*[.:][^/]*/`, ""), `[:@].*$`, ""), "/")
	last := repository[count(repository) - 1]
	above := [folder | some i, folder in repository; i == count(repository) - 2; startswith(of, sprintf("%s-", [folder]))]
	named := concat("-", array.concat(above, [last]))
	not startswith(sprintf("%s-", [named]), sprintf("%s-", [of]))
	not startswith(sprintf("%s-", [last]), sprintf("%s-", [of]))
}

registries := concat("", [
	"^(", concat("|", [
		`registry\.k8s\.io/`,
		`k8s\.gcr\.io/`,
		`gcr\.io/(gke|google)[a-z-]*/`,
		`gke\.gcr\.io/`,
		`[a-z0-9-]+-artifactregistry\.gcr\.io/gke-release/`,
		`[a-z0-9-]+-docker\.pkg\.dev/gke-release/`,
		`mcr\.microsoft\.com/`,
		`\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/(eks|amazon)`,
		`public\.ecr\.aws/(eks|aws|amazon)[a-z-]*/`,
		`quay\.io/(calico|cilium|coreos|tigera)/`,
		`(docker\.io/)?(calico|cilium|flannel|rancher)/`,
		`ghcr\.io/flannel-io/`,
	]),
	")",
])

identity := sprintf("%s/%s", [input.workload.kind, name]) if {
	not input.workload.staticPod
	not replicas
}

identity := sprintf("Pod/%s", [name]) if input.workload.staticPod

identity := sprintf("Deployment/%s", [name]) if {
	not input.workload.staticPod
	replicas
}

name := input.workload.staticPod

name := input.workload.name if {
	not input.workload.staticPod
	not replicas
}

# A ReplicaSet is judged where its Deployment was not read: its name is the Deployment's and a hash.
name := trim_suffix(input.workload.name, sprintf("-%s", [replicas])) if not input.workload.staticPod

replicas := input.workload.metadata.labels["pod-template-hash"] if input.workload.kind == "ReplicaSet"

# control_plane_pod is true for the static pods that are the control plane, and run its images. It asks for no name but a static
# pod's: checks that use it judge a template and its pods once.
control_plane_pod if {
	input.workload.namespace == "kube-system"
	input.workload.staticPod in {
		"etcd",
		"kube-apiserver",
		"kube-controller-manager",
		"kube-scheduler",
	}
	count({image |
		some container in input.workload.containers
		image := container.spec.image
		alien(image, input.workload.staticPod)
	}) == 0
}

of_kubernetes := {
	"DaemonSet/calico-node",
	"DaemonSet/cilium",
	"DaemonSet/cilium-envoy",
	"DaemonSet/konnectivity-agent",
	"DaemonSet/kube-flannel-ds",
	"DaemonSet/kube-proxy",
	"DaemonSet/kube-proxy-windows",
	"DaemonSet/node-local-dns",
	"Deployment/calico-kube-controllers",
	"Deployment/calico-typha",
	"Deployment/cilium-operator",
	"Deployment/cluster-autoscaler",
	"Deployment/coredns",
	"Deployment/hubble-relay",
	"Deployment/hubble-ui",
	"Deployment/konnectivity-agent",
	"Deployment/metrics-server",
	"Deployment/snapshot-controller",
	"Pod/etcd",
	"Pod/kube-apiserver",
	"Pod/kube-controller-manager",
	"Pod/kube-proxy",
	"Pod/kube-scheduler",
}

of_clouds := {
	"aks": {
		"DaemonSet/aks-secrets-store-csi-driver",
		"DaemonSet/aks-secrets-store-provider-azure",
		"DaemonSet/ama-logs",
		"DaemonSet/ama-logs-windows",
		"DaemonSet/ama-metrics-node",
		"DaemonSet/ama-metrics-win-node",
		"DaemonSet/azure-cns",
		"DaemonSet/azure-cns-win",
		"DaemonSet/azure-ip-masq-agent",
		"DaemonSet/azure-npm",
		"DaemonSet/cloud-node-manager",
		"DaemonSet/cloud-node-manager-windows",
		"DaemonSet/csi-azuredisk-node",
		"DaemonSet/csi-azuredisk-node-win",
		"DaemonSet/csi-azurefile-node",
		"DaemonSet/csi-azurefile-node-win",
		"DaemonSet/csi-blob-node",
		"DaemonSet/microsoft-defender-collector-ds",
		"DaemonSet/microsoft-defender-publisher-ds",
		"DaemonSet/retina-agent",
		"Deployment/ama-logs-rs",
		"Deployment/ama-metrics",
		"Deployment/ama-metrics-ksm",
		"Deployment/ama-metrics-operator-targets",
		"Deployment/azure-policy",
		"Deployment/azure-policy-webhook",
		"Deployment/azure-wi-webhook-controller-manager",
		"Deployment/coredns-autoscaler",
		"Deployment/konnectivity-agent-autoscaler",
		"Deployment/microsoft-defender-collector-misc",
	},
	"eks": {
		"DaemonSet/aws-node",
		"DaemonSet/ebs-csi-node",
		"DaemonSet/ebs-csi-node-windows",
		"DaemonSet/efs-csi-node",
		"DaemonSet/eks-node-monitoring-agent",
		"DaemonSet/eks-pod-identity-agent",
		"DaemonSet/s3-csi-node",
		"Deployment/aws-load-balancer-controller",
		"Deployment/ebs-csi-controller",
		"Deployment/efs-csi-controller",
	},
	"gke": {
		"DaemonSet/anetd",
		"DaemonSet/filestore-node",
		"DaemonSet/fluentbit-gke",
		"DaemonSet/gcsfusecsi-node",
		"DaemonSet/gke-metadata-server",
		"DaemonSet/gke-metrics-agent",
		"DaemonSet/image-package-extractor",
		"DaemonSet/ip-masq-agent",
		"DaemonSet/netd",
		"DaemonSet/pdcsi-node",
		"DaemonSet/pdcsi-node-windows",
		"Deployment/event-exporter-gke",
		"Deployment/konnectivity-agent-autoscaler",
		"Deployment/kube-dns",
		"Deployment/kube-dns-autoscaler",
		"Deployment/l7-default-backend",
	},
}
