package handshake

import (
	"net/http"
	"net/netip"
	"strings"
)

// CheckHost protects a server that only its own machine or a private network can reach
// from DNS rebinding: the owner of a name lets it point to an address such as 127.0.0.1,
// and the pages of that name then have the same origin as the server, so that
// [CheckOrigin] lets them in.
//
// It returns nil if the header Host of the request is localhost or a name below it, an IP
// address, or one of hosts, and a *[Refusal] with status 403 otherwise. Names below
// localhost and addresses are safe, as no public DNS server answers for them.
//
// An entry of hosts is a name without a port, *.example.org for all subdomains of a
// name, or * for all hosts. Case, the port of the request and a dot at the end don't
// matter. A server that the public can reach, also through a proxy that passes Host on,
// has to list its names, or does not need this check.
//
// It can be used as [hawser/websocket/server.Server.Check] and, since pages need the same
// protection, in front of a whole mux.
func CheckHost(r *http.Request, hosts []string) error {
	o, err := newOrigin("http", r.Host) // splits host and port
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
