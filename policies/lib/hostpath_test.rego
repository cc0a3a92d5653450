package kubemuster.lib.hostpath_test

import data.kubemuster.lib.hostpath

test_cleans_a_path if {
	cleaned := {path: hostpath.clean(path) |
		some path in {"/", "", "/etc", "/etc/", "//etc/./kubernetes//", "/var/run", "/var/run/x", "/var/runner"}
	}
	cleaned == {
		"/": "",
		"": "",
		"/etc": "/etc",
		"/etc/": "/etc",
		"//etc/./kubernetes//": "/etc/kubernetes",
		"/var/run": "/run",
		"/var/run/x": "/run/x",
		"/var/runner": "/var/runner",
	}
}

test_holds_a_file_in_itself_and_in_directories_above if {
	containing := {path |
		some path in {"/", "/run", "/run/x", "/var/run/x/", "/run/xy", "/ru", "/run/x/y"}
		hostpath.holds(path, "/run/x")
	}
	containing == {"/", "/run", "/run/x", "/var/run/x/"}
}

test_names_the_last_segment if {
	bases := {path: hostpath.base(path) | some path in {"/", "/a", "/a/b.sock", "/a/b/"}}
	bases == {"/": "", "/a": "a", "/a/b.sock": "b.sock", "/a/b/": "b"}
}

test_holds_what_is_sensitive if {
	opened := {path: [hostpath.held(path, true), {what | some what in hostpath.held(path, false)}] |
		some path in {"/etc/sudoers.d", "/etc/pam.d", "/etc/gshadow", "/opt", "/dev", "/dev/sda1", "/home/core", "/home/core/.ssh", "/var/lib/cloud"}
	}
	opened == {
		"/etc/sudoers.d": [{"who may become root on the node"}, set()],
		"/etc/pam.d": [{"settings of the node's services"}, set()],
		"/etc/gshadow": [{"password hashes"}, {"password hashes"}],
		"/opt": [{"programs that the node runs"}, set()],
		"/dev": [{"devices of the node"}, set()],
		"/dev/sda1": [{"disks of the node"}, {"disks of the node"}],
		"/home/core": [{"users' own files, and the keys that let them in"}, set()],
		"/home/core/.ssh": [{"SSH keys"}, {"SSH keys"}],
		"/var/lib/cloud": [{"the user data that the node started with"}, {"the user data that the node started with"}],
	}
}

test_holds_nothing_in_what_is_harmless if {
	every path in {"/etc/hosts", "/etc/ssl/certs/a.pem", "/opt/data", "/dev/fuse", "/home/core/data", "/var/lib/data", "/var/log"} {
		not hostpath.held(path, true)
	}
	not hostpath.held("/proc", false)
}
