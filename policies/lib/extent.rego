# How much a grant gives away.
package kubemuster.lib.extent

# takeover is how severe full power is in a namespace, or in the whole cluster where it is empty. Service accounts of
# Kubernetes itself live in kube-system, and some may raise rights.
takeover(namespace) := "critical" if namespace in {"", "kube-system"}

takeover(namespace) := "high" if not namespace in {"", "kube-system"}
