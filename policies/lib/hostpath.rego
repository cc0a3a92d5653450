# Paths of hostPath volumes on a node.
package kubemuster.lib.hostpath

# clean returns the path without empty and dot segments and without a slash at its end, and with /var/run as the
# /run that it links to. The root is the empty string. The API server refuses paths with two dots.
clean(path) := regex.replace(joined, `^/var/run(/|$)`, "/run$1") if {
	segments := [segment | some segment in split(path, "/"); not segment in {"", "."}]
	joined := concat("/", array.concat([""], segments))
}

# holds is true where the path is the file, or a directory above it. The file is given clean.
holds(path, file) if clean(path) == file

holds(path, file) if startswith(file, sprintf("%s/", [clean(path)]))

# base returns the last segment of the path, and the empty string for the root.
base(path) := regex.replace(clean(path), `^.*/`, "")
