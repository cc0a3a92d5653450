# Mounts of the node's file system.
package kubemuster.lib.mounts

# host are the mounts of hostPath volumes. A volume that no container mounts opens nothing yet; what a mount opens is the
# volume's path with the mount's subPath below it.
host contains mount if {
	some volume in input.workload.spec.volumes
	root := volume.hostPath.path
	some container in input.workload.containers
	some mounted in container.spec.volumeMounts
	mounted.name == volume.name
	below := array.concat([path | path := mounted.subPath], [path | path := mounted.subPathExpr])
	mount := {
		"container": container.name,
		"path": sprintf("%s.volumeMounts", [container.path]),
		"volume": volume.name,
		"opens": joined(root, concat("/", below)),
		"files": count({type | type := volume.hostPath.type} & {"Socket", "CharDevice", "BlockDevice"}) == 0,
		"writable": count({true | mounted.readOnly == true}) == 0,
	}
}

joined(root, "") := root

joined(root, below) := sprintf("%s/%s", [trim_right(root, "/"), below]) if below != ""
