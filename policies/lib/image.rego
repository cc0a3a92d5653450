# References to container images.
package kubemuster.lib.image

# floats is true for a reference that has no digest, and no tag or the tag latest, which stands for none.
floats(reference) if {
	not contains(reference, "@")
	regex.match(`^(.*/)?[^/:]+(:latest)?$`, reference)
}

# repository is a reference with its registry and path in full, as the container runtime pulls it: busybox:1 is
# docker.io/library/busybox:1.
# https://github.com/distribution/reference, ParseNormalizedNamed
repository(reference) := reference if not on_hub(reference)

repository(reference) := sprintf("docker.io/%s", [path]) if {
	path := hub_path(reference)
	contains(path, "/")
}

repository(reference) := sprintf("docker.io/library/%s", [path]) if {
	path := hub_path(reference)
	not contains(path, "/")
}

# name is a reference without its tag and digest.
name(reference) := regex.replace(reference, `(:[^/:@]+)?(@.*)?$`, "")

hub_path(reference) := regex.replace(reference, `^(index\.)?docker\.io/`, "") if on_hub(reference)

# Docker Hub is meant where the part before the first slash names no host.
on_hub(reference) if not regex.match(`^([^/]*[.:][^/]*|localhost)/`, reference)

on_hub(reference) if regex.match(`^(index\.)?docker\.io/`, reference)
