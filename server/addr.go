// Limits, who is one client: the address that a request comes from. It holds nothing
// and needs no lock.

package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr returns the address that r comes from. If that is one of
// [Server.TrustedProxies], it's the last one in X-Forwarded-For that isn't: each
// proxy appends whom it was asked by, so what is before that could be a lie. The
// zero Addr is for connections that have no IP address, such as Unix sockets.
func (s *Server) ClientAddr(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if !s.trusts(addr) {
		return addr
	}
	lines := r.Header["X-Forwarded-For"]
	for _, line := range slices.Backward(lines) {
		for line != "" {
			i := strings.LastIndexByte(line, ',') // -1 leaves all of it
			element := strings.Trim(line[i+1:], " \t")
			line = line[:max(i, 0)]
			if element == "" { // RFC 9110 section 5.6.1.2
				continue
			}
			hop := parseAddr(element)
			if !hop.IsValid() {
				return addr // of the one that says something strange
			}
			addr = hop
			if !s.trusts(addr) {
				return addr
			}
		}
	}
	return addr
}

// trusts reports whether addr is one of the proxies that are believed.
func (s *Server) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseAddr parses an address with or without a port.
func parseAddr(s string) netip.Addr {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		ap, _ := netip.ParseAddrPort(s)
		addr = ap.Addr()
	}
	return addr.Unmap().WithZone("")
}

// client returns what is counted as one client: an IPv4 address, or the network
// that an IPv6 address is in.
func client(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.Addr()
	}
	return addr
}
