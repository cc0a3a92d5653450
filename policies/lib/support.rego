# Until when releases are supported: the last day on which a release gets fixes. Looked up on 2026-11-23.
package kubemuster.lib.support

import data.kubemuster.lib.version

# ended says since when the release, a pair as version.minor gives it, is out of support at a time such as
# 2026-11-23T10:00:00Z. It is undefined for supported releases and for those that are newer than the table.
ended(product, release, time) := sprintf("on %s", [date]) if {
	date := tables[product][sprintf("%d.%d", release)]
	substring(time, 0, 10) > date
}

ended(product, release, _) := "long ago" if {
	every known, _ in tables[product] {
		release < version.minor(known)
	}
}

# unknown is true for releases that are newer than the table.
unknown(product, release) if {
	every known, _ in tables[product] {
		release > version.minor(known)
	}
}

# year_before is the time a year earlier.
year_before(time) := sprintf("%d%s", [to_number(substring(time, 0, 4)) - 1, substring(time, 4, -1)])

tables := {
	# https://kubernetes.io/releases/
	"kubernetes": {
		"1.32": "2026-02-28",
		"1.33": "2026-06-28",
		"1.34": "2026-10-27",
		"1.35": "2027-02-28",
		"1.36": "2027-06-28",
		"1.37": "2027-10-28",
	},
	# The end of extended support, in which every cluster is unless it opts out:
	# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
	"eks": {
		"1.31": "2026-11-26",
		"1.32": "2027-03-23",
		"1.33": "2027-07-29",
		"1.34": "2027-12-02",
		"1.35": "2028-03-27",
	},
	# https://containerd.io/releases/
	"containerd": {
		"1.7": "2026-09-30",
		"2.0": "2025-11-07",
		"2.1": "2026-05-05",
		"2.2": "2026-11-06",
		"2.3": "2028-04-27",
	},
}
