package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"hawser/websocket/handshake"
)

// ownHosts returns what keeps pages of other sites away from a listener on a
// loopback address, nil for another one. A page's server can let its own name point
// here after the page was loaded (DNS rebinding); then Host and Origin agree, and
// only the name gives it away. The hosts of the origins listed are allowed.
func ownHosts(l net.Addr, origins []string) func(*http.Request) error {
	addr, err := netip.ParseAddrPort(l.String())
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return nil
	}
	var hosts []string
	for _, origin := range origins {
		if _, authority, ok := strings.Cut(origin, "://"); ok {
			origin = (&url.URL{Host: authority}).Hostname()
		}
		hosts = append(hosts, origin) // or *, for all
	}
	return func(r *http.Request) error { return handshake.CheckHost(r, hosts) }
}
