# References to container images.
package kubemuster.lib.image

# floats is true for a reference that has no digest, and no tag or the tag latest, which stands for none.
floats(reference) if {
	not contains(reference, "@")
	regex.match(`^(.*/)?[^/:]+(:latest)?$`, reference)
}
