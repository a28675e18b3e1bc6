package handshake

import (
	"net/http"
	"net/netip"
	"strings"
)

// CheckHost reports whether the request may have been meant for a server that only
// this machine, or a private network, reaches: nil if its Host is localhost, a name
// below it, an IP address, or one of hosts. It is the defence against DNS rebinding,
// where a name that somebody else owns comes to stand for an address such as
// 127.0.0.1: pages of that name then have the same origin as the server, and
// [CheckOrigin] can't tell. A name that stands in no public DNS, and an address, can't
// be turned around like that.
//
// An entry of hosts is a name, without a port, or *.example.org for all subdomains of
// one, or * for all hosts. Case, ports and a dot at the end don't matter. A server
// that the public reaches, be it through a proxy on the same machine that hands on
// Host, has to list its names, or doesn't need this.
//
// It suits [hawser/websocket/server.Server.Check] and, as it is about pages as well,
// the front of a mux. An error is a *[Refusal] with status 403.
func CheckHost(r *http.Request, hosts []string) error {
	o, err := newOrigin("http", r.Host) // which takes host and port apart
	if err != nil {
		return refuse(http.StatusForbidden, "host %s: %v", printable(r.Host), err)
	}
	host := strings.TrimSuffix(o.host, ".")
	if _, err := netip.ParseAddr(host); err == nil || isBelow(host, "localhost") || host == "localhost" {
		return nil
	}
	for _, entry := range hosts {
		entry = strings.TrimSuffix(strings.ToLower(entry), ".")
		parent, subdomains := strings.CutPrefix(entry, "*.")
		if entry == "*" || entry == host || subdomains && isBelow(host, parent) {
			return nil
		}
	}
	return refuse(http.StatusForbidden, "this server is not known as %s", printable(r.Host))
}

// isBelow reports whether name is a subdomain of parent.
func isBelow(name, parent string) bool {
	label, ok := strings.CutSuffix(name, "."+parent)
	return ok && label != ""
}
