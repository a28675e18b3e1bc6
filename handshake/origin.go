package handshake

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// CheckOrigin reports whether the page that made the request may do so (RFC 6455
// section 10.2): nil if there is no Origin header, as from clients that are not
// browsers, if it is the origin that the request went to, and if allowed has it.
// Origins are compared as a whole: scheme, host and port (RFC 6454 section 5).
// The request's own scheme is https if it came over TLS; behind a proxy that ends
// TLS, list the public origin in allowed. An entry of allowed is one of
//
//	https://example.org        this origin
//	https://example.org:8443   this origin
//	https://*.example.org      all of the domain's subdomains, not itself
//	null                       pages without an origin, such as files
//	*                          all
//
// An error is a *[Refusal] with status 403, or 400 for a repeated header.
// [CheckOrigins] tells whether the entries are well-formed; others match nothing.
func CheckOrigin(r *http.Request, allowed []string) error {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		return refuse(http.StatusBadRequest, "header Origin is repeated")
	}
	value := trim(values[0])
	o, err := parseOrigin(value)
	if err != nil && value != "null" {
		return refuse(http.StatusForbidden, "origin %s: %v", printable(value), err)
	}
	if err == nil && o == requestOrigin(r) {
		return nil
	}
	for _, a := range allowed {
		if a == "*" || a == "null" && value == "null" || err == nil && o.matches(a) {
			return nil
		}
	}
	return refuse(http.StatusForbidden, "origin %s is not allowed", printable(value))
}

// CheckOrigins returns an error if an entry of allowed has none of the forms
// that [CheckOrigin] understands.
func CheckOrigins(allowed []string) error {
	for _, a := range allowed {
		if a == "*" || a == "null" {
			continue
		}
		if _, err := parseOrigin(withoutStar(a)); err != nil {
			return fmt.Errorf("websocket: allowed origin %q: %w", a, err)
		}
	}
	return nil
}

// origin is in one canonical form, so that == compares.
type origin struct {
	scheme, host string
	port         uint16
}

func (o origin) matches(allowed string) bool {
	a, err := parseOrigin(withoutStar(allowed))
	if err != nil {
		return false
	}
	if withoutStar(allowed) == allowed {
		return o == a
	}
	return o.scheme == a.scheme && o.port == a.port && strings.HasSuffix(o.host, "."+a.host)
}

func withoutStar(allowed string) string { return strings.Replace(allowed, "://*.", "://", 1) }

// requestOrigin is the origin of the pages that the server itself serves.
func requestOrigin(r *http.Request) origin {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	o, _ := parseOrigin(scheme + "://" + r.Host)
	return o
}

// parseOrigin parses scheme://host[:port], and nothing else.
func parseOrigin(s string) (origin, error) {
	scheme, authority, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return origin{}, fmt.Errorf("not of the form scheme://host:port")
	}
	o := origin{scheme: strings.ToLower(scheme)}
	if strings.ContainsAny(authority, "/?#@\\ \t%") {
		return origin{}, fmt.Errorf("has more than a scheme, host and port")
	}
	u := url.URL{Host: authority}
	host, port := u.Hostname(), u.Port()
	rebuilt := host
	if strings.HasPrefix(authority, "[") {
		ip, err := netip.ParseAddr(host)
		if err != nil || !ip.Is6() {
			return origin{}, fmt.Errorf("host is not an IPv6 address")
		}
		rebuilt = "[" + host + "]"
		host = ip.String()
	} else if strings.ContainsAny(host, ":[]") {
		return origin{}, fmt.Errorf("host is malformed")
	}
	if host == "" {
		return origin{}, fmt.Errorf("host is missing")
	}
	o.host = strings.ToLower(host)
	switch {
	case port != "":
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || authority != rebuilt+":"+port {
			return origin{}, fmt.Errorf("port is malformed")
		}
		o.port = uint16(n)
	case authority != rebuilt:
		return origin{}, fmt.Errorf("port is malformed")
	case o.scheme == "http" || o.scheme == "ws":
		o.port = 80
	case o.scheme == "https" || o.scheme == "wss":
		o.port = 443
	}
	return o, nil
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.')) {
			return false
		}
	}
	return s != ""
}
