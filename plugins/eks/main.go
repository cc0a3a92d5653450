// Command kubemuster-auth-eks is Kubemuster's auth plugin for Amazon EKS: AWS credentials in, access to the clusters'
// API servers out.
package main

import "github.com/kubemuster/kubemuster/pkg/sdk"

// version is set by the build with -ldflags "-X main.version=…".
var version = "dev"

func main() { sdk.Serve(&provider{}) }
