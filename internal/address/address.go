// Package address knows the addresses at which no API server is, but services that give credentials away to whoever asks
// from this machine.
package address

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// metadata are the metadata services that have no link-local address.
var metadata = []string{
	"metadata.google.internal", "fd20:ce::254", // Google
	"fd00:ec2::254",   // AWS
	"168.63.129.16",   // Azure
	"100.100.100.200", // Alibaba
}

// Forbidden reports whether a host, a name or an IP address, is a link-local, multicast or unspecified address or a cloud's
// metadata service. What a name resolves to is for the caller to ask once more.
func Forbidden(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(strings.TrimSuffix(host, ".")), "%")
	ip, err := netip.ParseAddr(host)
	if err != nil {
		// No top-level domain is a number: 2852039166, 0xa9fea9fe and 169.254.43518 are addresses, to resolvers that read them.
		_, err := strconv.ParseUint(host[strings.LastIndexByte(host, '.')+1:], 0, 64)
		return err == nil || slices.Contains(metadata, host)
	}
	ip = ip.Unmap() // ::ffff:0.0.0.0 is 0.0.0.0
	return ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || slices.Contains(metadata, ip.String())
}
