# IP addresses.
package kubemuster.lib.address

# private is true for an IP address that nobody on the internet can send to, and undefined for text that is none.
private(ip) if {
	prefix := {true: 128, false: 32}[contains(ip, ":")]
	net.cidr_is_valid(sprintf("%s/%d", [ip, prefix]))
	some range in ranges
	net.cidr_contains(range, ip)
}

# everywhere is true where the networks together make up all addresses of a family.
everywhere(networks) if {
	some network in net.cidr_merge({n | some n in networks; net.cidr_is_valid(n)})
	network in {"0.0.0.0/0", "::/0"}
}

# Private use, shared between carrier and customer, loopback and link-local; RFC 6890, RFC 4193.
ranges := [
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.168.0.0/16",
	"::1/128",
	"fc00::/7",
	"fe80::/10",
]
