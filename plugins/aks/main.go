// Command kubemuster-auth-aks is Kubemuster's auth plugin for Azure Kubernetes Service.
package main

import "github.com/kubemuster/kubemuster/pkg/sdk"

func main() { sdk.Serve(newProvider()) }
