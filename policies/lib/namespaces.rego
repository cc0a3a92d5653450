# Namespaces with a meaning of their own.
package kubemuster.lib.namespaces

# system are the namespaces that Kubernetes itself creates for its own use.
system := {"kube-node-lease", "kube-public", "kube-system"}
