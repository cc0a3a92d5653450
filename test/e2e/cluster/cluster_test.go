package cluster_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

const manifests = `
apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {nodeInfo: {kubeletVersion: v1.33.1}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-1
  namespace: default
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`

func TestCluster(t *testing.T) {
	c := cluster.Start(t, cluster.Options{
		CA:     cloudfake.NewCA("cluster"),
		Tokens: map[string]cluster.User{"viewer-token": {Name: "viewer", Groups: []string{"readers", "others"}}},
	})
	if err := c.Apply(t.Context(), []byte(manifests)); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil || version.GitVersion != cluster.Version {
		t.Errorf("the server's version is %v (%v), not %s", version, err, cluster.Version)
	}
	deployment, err := client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	replicas, err := client.AppsV1().ReplicaSets("default").Get(t.Context(), "web-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if owner := metav1.GetControllerOf(replicas); owner == nil || owner.UID != deployment.UID {
		t.Errorf("the ReplicaSet's owner is %v, not the Deployment %s", owner, deployment.UID)
	}
	node, err := client.CoreV1().Nodes().Get(t.Context(), "node-1", metav1.GetOptions{})
	if err != nil || node.Status.NodeInfo.KubeletVersion != "v1.33.1" {
		t.Errorf("the node's status was not applied: %v, %v", node, err)
	}
	edit, err := client.RbacV1().ClusterRoles().Get(t.Context(), "edit", metav1.GetOptions{})
	if err != nil || len(edit.Rules) == 0 {
		t.Errorf("the aggregated ClusterRole edit was not expanded: %v, %v", edit, err)
	}

	config := rest.AnonymousClientConfig(c.Admin)
	config.BearerToken = "viewer-token"
	viewer, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := viewer.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{}); err == nil {
		t.Error("a user without a binding may list pods")
	}
	events, err := c.Audit()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.User.Username == "viewer" && e.Verb == "list" && slices.Contains(e.User.Groups, "others") {
			return
		}
	}
	t.Error("the audit log does not hold the viewer's request")
}
