// Package reporttest gives the writers' tests a report to write, and golden files to compare it with.
package reporttest

import (
	"fmt"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// Start is the time at which every sample scan starts.
var Start = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

// Sample returns a new report of three clusters, one of each status: eks-prod was scanned whole, gke-stage has gaps,
// aks-edge was not scanned. Its names hold what RBAC and manifests allow: colons, spaces, letters beyond ASCII.
func Sample() *report.Report {
	return &report.Report{
		Version:  "1.4.0",
		Started:  Start,
		Ended:    Start.Add(42*time.Second + 300*time.Millisecond),
		Checks:   Checks(),
		Clusters: []report.Cluster{complete(), partial(), notScanned()},
		ExitCode: 3,
		Components: []report.Component{
			{Kind: "pack", Name: "kubemuster", Version: "1.4.0", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			{Kind: "plugin", Name: "kubemuster-auth-aks", Version: "1.4.0", SHA256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
			{Kind: "plugin", Name: "kubemuster-auth-eks", Version: "1.4.0", SHA256: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"},
			{Kind: "plugin", Name: "kubemuster-auth-gke", Version: "1.4.0", SHA256: "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096"},
		},
	}
}

// Compared returns Sample as it is with all that can be added: frameworks, waivers, a baseline, limits of the scan.
func Compared() *report.Report {
	r := Sample()
	r.Frameworks = []finding.Framework{{
		ID: "cis-kubernetes-1.12", Name: "CIS Kubernetes Benchmark", Version: "1.12", URL: "https://www.cisecurity.org/benchmark/kubernetes",
		Controls: []finding.Control{
			{ID: "1.1.1", Title: "Mode of the API server's manifest", Coverage: finding.ByHand, Reason: "files of the control plane are not visible through the Kubernetes API"},
			{ID: "5.2.2", Title: "Privileged containers", Coverage: finding.ByDefault, Checks: []string{"KM1005"}},
			{ID: "5.2.12", Title: "Host ports", Coverage: finding.OptIn, Checks: []string{"KM1007"}, Reason: "set --host-ports"},
		},
	}, {
		ID: "nsa-cisa-1.2", Name: "NSA/CISA Kubernetes Hardening Guidance", Version: "1.2",
		Controls: []finding.Control{{ID: "pod-security", Title: "Pod security enforcement", Coverage: finding.ByDefault, Checks: []string{"KM1005"}}},
	}}
	for i := range r.Checks {
		if r.Checks[i].ID == "KM1007" {
			r.Checks[i].OptIn = "--host-ports"
		}
	}
	prod := &r.Clusters[0]
	prod.Compared = true
	for i := range prod.Findings {
		prod.Findings[i].Baseline = finding.Unchanged
		prod.Findings[i].Owner = map[string]string{"shop": "storefront", "data": "data platform", "ops": "ops"}[prod.Findings[i].Object.Namespace]
	}
	prod.Findings[0].Waiver = &finding.Waiver{Owner: "shop", Reason: "vendor image", Ticket: "SEC-7", Expires: "2026-04-01", Source: "waivers.yaml:2"}
	prod.Findings[1].Baseline, prod.Findings[2].Baseline = finding.New, finding.Updated
	grant := &prod.Findings[8]
	grant.Ways = [][]string{
		{"Group ops-oncall", "ClusterRoleBinding ops:break glass", "ClusterRole cluster-admin"},
		{"Deployment shop/web", "ServiceAccount shop/web", "ClusterRoleBinding ops:break glass", "ClusterRole cluster-admin"},
	}
	grant.Folded = []string{"KM2009"}
	gone, unknown := prod.Findings[3], prod.Findings[6]
	gone.Object.Name, gone.Baseline = "weekly-backup", finding.Absent
	unknown.Object.Name = "api"
	prod.Absent, prod.Carried = []finding.Finding{gone}, []finding.Finding{unknown}
	prod.ExcludeNamespaces = []string{"sandbox"}
	prod.Notifications = append(prod.Notifications, report.Notification{
		ID: "waiver/unused", Level: "warning", Message: "the waiver at waivers.yaml:9 (KM1031, ops) matches no finding; take it out",
	})
	return r
}

// Large returns a report of one cluster with n findings, all with an identity of their own, to measure a writer with.
func Large(n int) *report.Report {
	r := Sample()
	c := r.Clusters[0]
	c.Findings = make([]finding.Finding, n)
	for i := range c.Findings {
		check := &r.Checks[i%4]
		c.Findings[i] = finding.Finding{
			Check: check.ID, Severity: check.Severity, Verdict: finding.Fail,
			Object:  deployment(fmt.Sprintf("team-%d", i%50), fmt.Sprintf("service-%d", i)),
			Sub:     "containers/main",
			Path:    "spec.template.spec.containers[0].securityContext.privileged",
			Message: fmt.Sprintf("container main of service-%d: %s", i, check.Title),
		}
	}
	c.Tallies = []finding.Tally{{Check: "KM1005", Counts: map[finding.Verdict]int{finding.Fail: n}}}
	r.Clusters = []report.Cluster{c}
	return r
}

// Checks returns the sample's catalogue, by ID.
func Checks() []finding.Check {
	return []finding.Check{
		{
			ID: "KM1005", Name: "PrivilegedContainer", Title: "Container runs privileged",
			Description: "A privileged container holds every capability and sees every device. Whoever runs code in it owns the node.",
			Remediation: "Set securityContext.privileged to false and grant the single capabilities that the container needs.",
			Severity:    finding.Critical, Scope: finding.ObjectScope, Kinds: []string{"Workload"},
			Frameworks: map[string][]string{
				"cis-kubernetes-1.12":    {"5.2.2"},
				"mitre-attack":           {"T1610", "T1611"},
				"nsa-cisa-1.2":           {"pod-security"},
				"owasp-k8s-top10":        {"K01"},
				"pod-security-standards": {"baseline", "restricted"},
				"cis-eks-1.8":            {"4.2.1"},
				"cis-gke-1.9":            {"4.2.1"},
			},
			References: []string{"https://kubernetes.io/docs/concepts/security/pod-security-standards/"}, Pack: "kubemuster",
		},
		{
			ID: "KM1007", Name: "HostPathVolume", Title: "Pod mounts a path of the node",
			Description: "A hostPath volume lets a pod read, and often write, the node's files.",
			Remediation: "Use a PersistentVolumeClaim, a projected volume or emptyDir.",
			Severity:    finding.High, Scope: finding.ObjectScope, Kinds: []string{"Workload"},
			Frameworks: map[string][]string{"cis-kubernetes-1.12": {"5.2.12"}, "pod-security-standards": {"baseline"}},
			References: []string{"https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"}, Pack: "kubemuster",
		},
		{
			ID: "KM1025", Name: "SeccompNotSet", Title: "Container has no seccomp profile",
			Description: "Without a profile a container may use every system call, and with them the kernel's bugs.",
			Remediation: "Set securityContext.seccompProfile.type to RuntimeDefault.",
			Severity:    finding.Low, Scope: finding.ObjectScope, Kinds: []string{"Workload"},
			Frameworks: map[string][]string{"pod-security-standards": {"restricted"}}, Pack: "kubemuster",
		},
		{
			ID: "KM1036", Name: "ImageWithoutDigest", Title: "Image is not pinned by digest",
			Description: "A tag can be moved to another image after review.",
			Remediation: "Name the image with its digest: registry/name@sha256:….",
			Severity:    finding.Info, Scope: finding.ObjectScope, Kinds: []string{"Workload"}, Pack: "kubemuster",
		},
		{
			ID: "KM2001", Name: "ClusterAdminGranted", Title: "cluster-admin is granted",
			Description: "The subject may do everything, in every namespace, and read every secret.",
			Remediation: "Bind a role that names what the subject needs.",
			Severity:    finding.Critical, Scope: finding.ClusterScope, Kinds: []string{"ClusterRoleBinding", "RoleBinding"},
			Requires:   []string{"ClusterRole", "ClusterRoleBinding", "RoleBinding"},
			Frameworks: map[string][]string{"cis-kubernetes-1.12": {"5.1.1"}},
			References: []string{"https://kubernetes.io/docs/reference/access-authn-authz/rbac/"}, Pack: "kubemuster",
		},
		{
			ID: "KM2009", Name: "ExecIntoPods", Title: "Subject may run commands in pods",
			Description: "Exec and attach give a shell in every pod they reach, with that pod's token and data.",
			Remediation: "Drop create and get on pods/exec and pods/attach from the role.",
			Severity:    finding.High, Scope: finding.ClusterScope, Kinds: []string{"ClusterRoleBinding", "RoleBinding"},
			Requires: []string{"ClusterRole", "ClusterRoleBinding", "RoleBinding"}, Pack: "kubemuster",
		},
		{
			ID: "KM4001", Name: "NamespaceWithoutPolicy", Title: "Namespace has no network policy",
			Description: "Every pod can reach every other pod in the namespace.",
			Remediation: "Add a policy that denies by default, then allow what is needed.",
			Severity:    finding.Medium, Scope: finding.ClusterScope, Kinds: []string{"Namespace"}, Requires: []string{"NetworkPolicy"},
			Frameworks: map[string][]string{"cis-kubernetes-1.12": {"5.3.2"}}, Pack: "kubemuster",
		},
		{
			ID: "KM8101", Name: "EKSEndpointOpen", Title: "EKS API endpoint is open to the internet",
			Description: "Anyone can try stolen credentials and new exploits against the API server.",
			Remediation: "Restrict publicAccessCidrs, or use the private endpoint.",
			Severity:    finding.High, Scope: finding.ClusterScope,
			References: []string{"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"}, Pack: "kubemuster",
		},
	}
}

func complete() report.Cluster {
	return report.Cluster{
		Target: "eks://us-east-1/prod", Alias: "eks-prod", ID: "arn:aws:eks:us-east-1:111122223333:cluster/prod",
		Provider: "eks", Account: "111122223333", Region: "us-east-1", Name: "prod", ServerVersion: "v1.37.2",
		Started: Start, Ended: Start.Add(21 * time.Second), Status: report.Complete,
		Findings: []finding.Finding{
			fail("KM1005", finding.Critical, deployment("shop", "web"), "containers/nginx",
				"spec.template.spec.containers[0].securityContext.privileged", "container nginx runs privileged"),
			fail("KM1005", finding.Critical, deployment("shop", "web"), "containers/sidecar",
				"spec.template.spec.containers[1].securityContext.privileged", "container sidecar runs privileged"),
			fail("KM1005", finding.Critical, object("apps", "v1", "StatefulSet", "statefulsets", "data", "kafka"), "initContainers/sysctl",
				"spec.template.spec.initContainers[0].securityContext.privileged", "container sysctl runs privileged"),
			fail("KM1005", finding.Critical, object("batch", "v1", "CronJob", "cronjobs", "ops", "nightly-backup"), "containers/backup",
				"spec.jobTemplate.spec.template.spec.containers[0].securityContext.privileged", "container backup runs privileged"),
			managed(fail("KM1005", finding.Critical, object("apps", "v1", "DaemonSet", "daemonsets", "kube-system", "aws-node"), "containers/aws-eks-nodeagent",
				"spec.template.spec.containers[1].securityContext.privileged", "container aws-eks-nodeagent runs privileged")),
			fail("KM1007", finding.High, object("apps", "v1", "DaemonSet", "daemonsets", "logging", "fluent-bit"), "volumes/varlog",
				"spec.template.spec.volumes[0].hostPath", "volume varlog mounts /var/log of the node"),
			fail("KM1025", finding.Low, deployment("shop", "web"), "containers/nginx",
				"spec.template.spec.containers[0].securityContext.seccompProfile", "container nginx has no seccomp profile"),
			fail("KM1036", finding.Info, deployment("shop", "web"), "containers/nginx",
				"spec.template.spec.containers[0].image", "image nginx:1.29 of container nginx has no digest"),
			keyed(fail("KM2001", finding.Critical, object("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "", "ops:break glass"), "",
				"roleRef", "Group ops-oncall may do everything in the cluster: ClusterRoleBinding ops:break glass → ClusterRole cluster-admin"), "Group/ops-oncall"),
			keyed(fail("KM2009", finding.High, object("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "shop", "support:führung"), "",
				"roleRef", "ServiceAccount shop/support may run commands in the pods of namespace shop"), "ServiceAccount/shop/support"),
			fail("KM4001", finding.Medium, object("", "v1", "Namespace", "namespaces", "", "shop"), "", "metadata.name", "no network policy selects a pod of namespace shop"),
			fail("KM4001", finding.Medium, object("", "v1", "Namespace", "namespaces", "", "ops"), "", "metadata.name", "no network policy selects a pod of namespace ops"),
		},
		Tallies: []finding.Tally{
			tally("KM1005", 5, 114),
			tally("KM1007", 1, 88),
			{
				Check: "KM1025", Counts: map[finding.Verdict]int{finding.Fail: 1, finding.Pass: 117, finding.NotEvaluated: 1},
				Reason: "its evaluation failed on 1 object",
			},
			tally("KM1036", 1, 118),
			tally("KM2001", 1, 0),
			tally("KM2009", 1, 0),
			tally("KM4001", 2, 0),
			{Check: "KM8101", Counts: map[finding.Verdict]int{finding.Manual: 1}},
		},
		Objects: objects(map[string]int{"Pod": 61, "Deployment": 38, "DaemonSet": 6, "StatefulSet": 4, "CronJob": 3, "Namespace": 9, "ClusterRole": 112, "ClusterRoleBinding": 87, "Node": 4}),
		Notifications: []report.Notification{
			{ID: "policy/evaluation-error", Level: "warning", Check: "KM1025", Message: "KM1025 could not be evaluated on Pod ops/debug: operand 1 must be number but got string"},
		},
	}
}

func partial() report.Cluster {
	const reason = "RoleBinding could not be read: forbidden"
	kinds := objects(map[string]int{"Pod": 500, "Deployment": 12, "Namespace": 5, "Node": 2})
	delete(kinds, "RoleBinding")
	return report.Cluster{
		Target: "gke://shop-stage/europe-west1/stage", Alias: "gke-stage", ID: "//container.googleapis.com/projects/shop-stage/locations/europe-west1/clusters/stage",
		Provider: "gke", Account: "shop-stage", Region: "europe-west1", Name: "stage", ServerVersion: "v1.36.5-gke.1200",
		Started: Start.Add(time.Second), Ended: Start.Add(42 * time.Second), Status: report.Partial,
		Findings: []finding.Finding{
			fail("KM1005", finding.Critical, object("", "v1", "Pod", "pods", "default", "debug-shell"), "containers/shell",
				"spec.containers[0].securityContext.privileged", "container shell runs privileged"),
			fail("KM1025", finding.Low, deployment("shop", "cart"), "containers/cart",
				"spec.template.spec.containers[0].securityContext.seccompProfile", "container cart has no seccomp profile"),
			keyed(fail("KM1007", finding.High, deployment("shop", "cart"), "volumes/docker",
				"spec.template.spec.volumes[2].hostPath", "volume docker mounts /var/run/docker.sock of the node"), "/var/run/docker.sock"),
		},
		Tallies: []finding.Tally{
			tally("KM1005", 1, 511),
			tally("KM1007", 1, 511),
			tally("KM1025", 1, 511),
			tally("KM1036", 0, 512),
			{Check: "KM2001", Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}, Reason: reason},
			{Check: "KM2009", Counts: map[finding.Verdict]int{finding.NotEvaluated: 1}, Reason: reason},
			tally("KM4001", 0, 5),
			{Check: "KM8101", Counts: map[finding.Verdict]int{finding.NotApplicable: 1}},
		},
		Objects: kinds,
		Gaps: []snapshot.Gap{
			{Kind: "RoleBinding", Reason: snapshot.Forbidden, Message: `the identity scanner@shop-stage may not list rolebindings; grant get and list on them`},
			{Kind: "Pod", Namespace: "shop", Reason: snapshot.TimedOut, Message: "the API server did not answer within 30s", Read: 500},
		},
	}
}

func notScanned() report.Cluster {
	return report.Cluster{
		Target: "aks://sub/rg-edge/edge", Alias: "aks-edge", ID: "/subscriptions/sub/resourceGroups/rg-edge/providers/Microsoft.ContainerService/managedClusters/edge",
		Provider: "aks", Account: "sub", Region: "westeurope", Name: "edge",
		Started: Start.Add(2 * time.Second), Ended: Start.Add(5 * time.Second), Status: report.NotScanned,
		Problem: &report.Problem{Stage: "token", Message: "Entra refused the client secret: it expired on 2026-02-27", Hint: "set AZURE_CLIENT_SECRET to a new secret of application 7c1e"},
	}
}

func fail(check string, s finding.Severity, o finding.Object, sub, path, message string) finding.Finding {
	return finding.Finding{Check: check, Severity: s, Verdict: finding.Fail, Object: o, Sub: sub, Path: path, Message: message}
}

func keyed(f finding.Finding, key string) finding.Finding {
	f.Key = key
	return f
}

func managed(f finding.Finding) finding.Finding {
	f.ManagedBy = "provider"
	return f
}

func tally(check string, fails, passes int) finding.Tally {
	return finding.Tally{Check: check, Counts: map[finding.Verdict]int{finding.Fail: fails, finding.Pass: passes}}
}

func deployment(namespace, name string) finding.Object {
	return object("apps", "v1", "Deployment", "deployments", namespace, name)
}

func object(group, version, kind, resource, namespace, name string) finding.Object {
	return finding.Object{Group: group, Version: version, Kind: kind, Resource: resource, Namespace: namespace, Name: name}
}

// objects counts the objects of all kinds that every cluster serves and a scan reads: none, where counts does not say.
func objects(counts map[string]int) map[string]int {
	all := map[string]int{}
	for _, k := range snapshot.Kinds {
		if !k.Custom() {
			all[k.Name] = counts[k.Name]
		}
	}
	return all
}
