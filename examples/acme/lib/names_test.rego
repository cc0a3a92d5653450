package acme.names_test

import data.acme.names

test_unknown if {
	names.unknown("x", {"shop"})
	not names.unknown("shop", {"shop"})
	not names.unknown("x", set())
}
