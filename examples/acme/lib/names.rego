# Names that our company uses.
package acme.names

# unknown is true for a name that is not in the set, unless the set is empty.
unknown(name, known) if {
	count(known) > 0
	not name in known
}
