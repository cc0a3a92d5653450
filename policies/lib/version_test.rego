package kubemuster.lib.version_test

import data.kubemuster.lib.version

test_parses_versions_with_and_without_suffixes if {
	minors := {text: version.minor(text) | some text in texts}
	minors == {
		"v1.37.2": [1, 37],
		"1.37": [1, 37],
		"v1.37+": [1, 37],
		"v1.37.2-eks-a1b2c3d": [1, 37],
		"v1.37.2-gke.100": [1, 37],
		"v1.37.0-alpha.1.200+0123456789abcd": [1, 37],
		"v1.9.3": [1, 9],
	}
}

test_orders_minors_as_numbers if {
	version.minor("v1.9.3") < version.minor("v1.37.2")
	version.minor("v1.37.2") < version.minor("v2.0.0")
}

texts := {
	"",
	"v1",
	"v1.",
	"unknown",
	"v1.x.2",
	"v01.37.2",
	"v1.37.2",
	"1.37",
	"v1.37+",
	"v1.37.2-eks-a1b2c3d",
	"v1.37.2-gke.100",
	"v1.37.0-alpha.1.200+0123456789abcd",
	"v1.9.3",
}
