# Versions of Kubernetes components.
package kubemuster.lib.version

# minor returns [major, minor] of a version such as v1.37.2 or v1.37.2-eks-a1b2c3d; such pairs compare as versions do.
# It is undefined for anything else.
minor(version) := [to_number(major), to_number(second)] if {
	[[_, major, second]] := regex.find_all_string_submatch_n(
		`^v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:[.+-]|$)`,
		version,
		1,
	)
}
