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
