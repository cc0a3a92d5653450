package e2e

// cloud is a fake cloud and the way that the scanner is told to use it.
type cloud interface {
	provider() string
	// register makes a cluster known, or known anew: its API server's host:port, and what to trust there.
	register(name, address string, ca []byte)
	// target names a cluster, with an identity's credentials in the parameters.
	target(cluster string, as identity) string
	// env are the variables that the target refers to, or the plugin reads.
	env(as identity) []string
	// user is whom an API server takes the identity for.
	user(as identity) string
	// verify returns why the cloud itself does not take the token for the cluster, or no longer.
	verify(token, cluster string) error
}

// identity is somebody whom the clouds know.
type identity string

const (
	reader   identity = "reader"   // is bound to kubemuster-reader
	partial  identity = "partial"  // may read neither RBAC nor nodes
	stranger identity = "stranger" // finds the clusters and is nobody there
	outsider identity = "outsider" // the cloud lets it do nothing
	impostor identity = "impostor" // claims to be the reader, with a wrong credential
)
