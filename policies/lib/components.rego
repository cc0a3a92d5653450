# What Kubernetes, its installers and the clouds run in kube-system themselves.
package kubemuster.lib.components

# known are kinds and names of workloads in kube-system on a provider, one by one: a name that only looks like them is not
# theirs. Where the provider is none of the clouds, as for a kubeconfig, the cluster may run on any of them.
known(provider) := of_kubernetes | of_clouds[provider]

known(provider) := union({of_kubernetes} | {names | some names in of_clouds}) if not provider in object.keys(of_clouds)

# control_plane_pod is true for the static pods that are the control plane.
control_plane_pod if {
	input.workload.namespace == "kube-system"
	input.workload.staticPod in {
		"etcd",
		"kube-apiserver",
		"kube-controller-manager",
		"kube-scheduler",
	}
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
