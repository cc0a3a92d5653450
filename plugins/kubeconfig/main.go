// Command kubemuster-auth-kubeconfig is Kubemuster's auth plugin for any cluster that a kubeconfig or a pod's service
// account leads to.
package main

import "github.com/kubemuster/kubemuster/pkg/sdk"

func main() { sdk.Serve(newProvider()) }
