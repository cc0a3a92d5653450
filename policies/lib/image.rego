# References to container images.
package kubemuster.lib.image

# floats is true for a reference that has no digest, and no tag or the tag latest, which stands for none.
floats(reference) if {
	not contains(reference, "@")
	regex.match(`^(.*/)?[^/:]+(:latest)?$`, reference)
}

# repository is the reference without tag and digest.
repository(reference) := trim_suffix(tagged, sprintf(":%s", [tag])) if {
	tagged := split(reference, "@")[0]
	parts := split(tagged, "/")
	[_, tag] := split(parts[count(parts) - 1], ":")
}

repository(reference) := tagged if {
	tagged := split(reference, "@")[0]
	parts := split(tagged, "/")
	not contains(parts[count(parts) - 1], ":")
}

# full is a reference with its registry and path in full, as the container runtime pulls it: busybox:1 is
# docker.io/library/busybox:1.
# https://github.com/distribution/reference, ParseNormalizedNamed
full(reference) := reference if not on_hub(reference)

full(reference) := sprintf("docker.io/%s", [path]) if {
	path := hub_path(reference)
	contains(path, "/")
}

full(reference) := sprintf("docker.io/library/%s", [path]) if {
	path := hub_path(reference)
	not contains(path, "/")
}

hub_path(reference) := regex.replace(reference, `^(index\.)?docker\.io/`, "") if on_hub(reference)

# Docker Hub is meant where the part before the first slash names no host.
on_hub(reference) if not regex.match(`^([^/]*[.:][^/]*|localhost)/`, reference)

on_hub(reference) if regex.match(`^(index\.)?docker\.io/`, reference)
