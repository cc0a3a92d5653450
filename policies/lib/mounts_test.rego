package kubemuster.lib.mounts_test

import data.kubemuster.lib.mounts

test_joins_volumes_and_mounts if {
	mounts.host == {
		{
			"container": "agent",
			"path": "spec.containers[0].volumeMounts",
			"volume": "logs",
			"opens": "/var/log/pods",
			"files": true,
			"writable": false,
		},
		{
			"container": "agent",
			"path": "spec.containers[0].volumeMounts",
			"volume": "socket",
			"opens": "/run/x.sock",
			"files": false,
			"writable": true,
		},
	} with input as {"workload": {
		"spec": {"volumes": [
			{"name": "logs", "hostPath": {"path": "/var/log", "type": ""}},
			{"name": "socket", "hostPath": {"path": "/run/x.sock", "type": "Socket"}},
			{"name": "unused", "hostPath": {"path": "/"}},
			{"name": "tmp", "emptyDir": {}},
		]},
		"containers": [{"name": "agent", "path": "spec.containers[0]", "spec": {"volumeMounts": [
			{"name": "logs", "mountPath": "/logs", "subPath": "pods", "readOnly": true},
			{"name": "socket", "mountPath": "/x.sock", "readOnly": false},
			{"name": "tmp", "mountPath": "/tmp"},
		]}}],
	}}
}

test_a_sub_path_of_the_root if {
	{mount.opens | some mount in mounts.host} == {"/", "/etc/ssh", "/var/log/$(POD)"} with input as {"workload": {
		"spec": {"volumes": [
			{"name": "root", "hostPath": {"path": "/"}},
			{"name": "logs", "hostPath": {"path": "/var/log/"}},
		]},
		"containers": [{"name": "agent", "path": "spec.containers[0]", "spec": {"volumeMounts": [
			{"name": "root", "mountPath": "/host"},
			{"name": "root", "mountPath": "/ssh", "subPath": "etc/ssh"},
			{"name": "logs", "mountPath": "/logs", "subPathExpr": "$(POD)"},
		]}}],
	}}
}

test_is_empty_for_absent_fields if {
	mounts.host == set() with input as {"workload": {"spec": {}, "containers": [{"name": "web", "path": "x", "spec": {}}]}}
}
