package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// onlyLocal keeps pages of other sites away from a listener on a loopback address.
// A page's server can let its own name point here after the page was loaded (DNS
// rebinding); then Host and Origin agree, and only the name gives it away. So the
// host of a request has to be localhost, an address, or that of an origin listed.
func onlyLocal(l net.Addr, origins []string, h http.Handler) http.Handler {
	addr, err := netip.ParseAddrPort(l.String())
	if err != nil || !addr.Addr().Unmap().IsLoopback() || slices.Contains(origins, "*") {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostname(r.Host); !isLocal(host) && !isListed(host, origins) {
			http.Error(w, "the host of the request is neither localhost nor an address; -origin lists others", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// hostname returns the host of a Host header, without its port.
func hostname(host string) string {
	return strings.TrimSuffix(strings.ToLower((&url.URL{Host: host}).Hostname()), ".")
}

func isLocal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isListed(host string, origins []string) bool {
	return slices.ContainsFunc(origins, func(origin string) bool {
		_, authority, _ := strings.Cut(origin, "://")
		listed := hostname(authority)
		if subdomains, ok := strings.CutPrefix(listed, "*"); ok {
			return strings.HasSuffix(host, subdomains)
		}
		return host != "" && host == listed
	})
}
