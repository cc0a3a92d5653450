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
