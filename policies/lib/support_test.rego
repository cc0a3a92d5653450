package kubemuster.lib.support_test

import data.kubemuster.lib.support

test_support_ends_after_its_last_day if {
	not support.ended("kubernetes", [1, 34], "2026-10-27T23:59:59Z")
	support.ended("kubernetes", [1, 34], "2026-10-28T00:00:00Z") == "on 2026-10-27"
}

test_releases_before_the_table_have_ended if {
	support.ended("kubernetes", [1, 9], "2026-10-28T00:00:00Z") == "long ago"
	support.ended("containerd", [1, 6], "2026-10-28T00:00:00Z") == "long ago"
}

test_releases_after_the_table_have_not if {
	not support.ended("kubernetes", [1, 99], "2099-01-01T00:00:00Z")
}

test_releases_after_the_table_are_unknown if {
	support.unknown("kubernetes", [1, 99])
	not support.unknown("kubernetes", [1, 37])
	not support.unknown("kubernetes", [1, 9])
}

test_providers_have_a_table_of_their_own if {
	not support.ended("eks", [1, 32], "2026-11-23T00:00:00Z")
	support.ended("kubernetes", [1, 32], "2026-11-23T00:00:00Z") == "on 2026-02-28"
}

test_a_year_before if {
	support.year_before("2026-11-23T10:00:00Z") == "2025-11-23T10:00:00Z"
}

# Each release of Kubernetes is supported for longer than the one before.
test_the_table_is_in_order if {
	every a, end_a in support.tables.kubernetes {
		every b, end_b in support.tables.kubernetes {
			(to_number(split(a, ".")[1]) < to_number(split(b, ".")[1])) == end_a < end_b
		}
	}
}
