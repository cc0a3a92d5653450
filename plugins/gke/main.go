// Command kubemuster-auth-gke is the auth plugin for Google Kubernetes Engine.
package main

import "github.com/kubemuster/kubemuster/pkg/sdk"

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

func main() { sdk.Serve(newProvider()) }
