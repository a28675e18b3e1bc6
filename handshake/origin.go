package handshake

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// CheckOrigin protects against pages of other sites that connect in the name of a user
// (RFC 6455 section 10.2). It returns nil if the request has no header Origin, as from
// clients that are not browsers, if the origin is the one that the request was sent to,
// or if allowed has it. Otherwise it returns a *[Refusal] with status 403, or 400 for a
// repeated header.
//
// Origins are compared as a whole: scheme, host and port (RFC 6454 section 5). A request
// over TLS was sent to https://Host. One without was sent to http://Host, or, through a
// proxy that ends TLS, to https://Host; both are accepted, since a page of the https
// origin is trusted at least as much. Headers such as X-Forwarded-Proto and
// X-Forwarded-Host are not looked at: behind a proxy that changes Host, list the public
// origin in allowed.
//
// An entry of allowed is one of
//
//	https://example.org        this origin
//	https://example.org:8443   this origin
//	https://*.example.org      all subdomains of the domain, not the domain itself
//	null                       pages without an origin, such as files
//	*                          all, also those that are malformed
//
// An entry of any other form matches nothing; [CheckOrigins] finds such entries.
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
	if err == nil && isOwn(o, r) {
		return nil
	}
	for _, entry := range allowed {
		if entry == "*" || entry == "null" && value == "null" || err == nil && matches(entry, o) {
			return nil
		}
	}
	if err != nil && value != "null" {
		return refuse(http.StatusForbidden, "origin %s: %v", printable(value), err)
	}
	return refuse(http.StatusForbidden, "origin %s is not allowed", printable(value))
}

// CheckOrigins returns an error if an entry of allowed has none of the forms that
// [CheckOrigin] understands. Call it when the server starts, so that a mistake is found
// before it keeps anybody out.
func CheckOrigins(allowed []string) error {
	for _, entry := range allowed {
		if entry == "*" || entry == "null" {
			continue
		}
		o, subdomains, err := parseEntry(entry)
		if _, noAddr := netip.ParseAddr(o.host); subdomains && err == nil && noAddr == nil {
			err = errors.New("an IP address has no subdomains")
		}
		if err != nil {
			return fmt.Errorf("websocket: allowed origin %q: %w", entry, err)
		}
	}
	return nil
}

// isOwn reports whether o is the origin that the request was sent to.
func isOwn(o origin, r *http.Request) bool {
	secure, err := newOrigin("https", r.Host)
	if err != nil {
		return false
	}
	if o == secure {
		return true
	}
	if r.TLS != nil {
		return false
	}
	plain, _ := newOrigin("http", r.Host)
	if o == plain {
		return true
	}
	secure.port = 443 // a proxy that ends TLS may pass on Host with the port 80
	return plain.port == 80 && o == secure
}

// matches reports whether an entry of the allowed origins stands for o.
func matches(entry string, o origin) bool {
	a, subdomains, err := parseEntry(entry)
	if err != nil {
		return false
	}
	if subdomains {
		parent, ok := strings.CutSuffix(o.host, a.host)
		if !ok || !strings.HasSuffix(parent, ".") {
			return false
		}
		o.host = a.host
	}
	return o == a
}

// parseEntry parses an entry of the allowed origins. For an entry with a wildcard, it
// returns the domain and that its subdomains are meant.
func parseEntry(entry string) (o origin, subdomains bool, err error) {
	scheme, authority, _ := strings.Cut(entry, "://")
	authority, subdomains = strings.CutPrefix(authority, "*.")
	o, err = newOrigin(scheme, authority)
	return o, subdomains, err
}

// origin is an origin in its canonical form, so that == compares two of them.
type origin struct {
	scheme, host string // in lower case; an IPv6 address without brackets
	port         uint16 // the default port of the scheme if none is given
}

// parseOrigin parses scheme://host or scheme://host:port. All else is an error.
func parseOrigin(s string) (origin, error) {
	scheme, authority, _ := strings.Cut(s, "://")
	return newOrigin(scheme, authority)
}

// newOrigin parses the parts of an origin before and behind "://".
func newOrigin(scheme, authority string) (o origin, err error) {
	if !isScheme(scheme) || authority == "" {
		return origin{}, errors.New("it is not of the form scheme://host:port")
	}
	o.scheme = strings.ToLower(scheme)
	host := authority
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		n, err := strconv.ParseUint(authority[i+1:], 10, 16)
		if err != nil {
			return origin{}, errors.New("its port is not a number up to 65535")
		}
		host, o.port = authority[:i], uint16(n)
	} else if o.scheme == "http" || o.scheme == "ws" {
		o.port = 80
	} else if o.scheme == "https" || o.scheme == "wss" {
		o.port = 443
	}
	o.host, err = canonicalHost(host)
	return o, err
}

// canonicalHost returns a name in lower case, or an IPv6 address in its shortest form,
// without brackets. International names have to be in ASCII, as browsers send them (RFC
// 6454 section 6.2).
func canonicalHost(host string) (string, error) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		if !ok || err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", errors.New("what its brackets hold is not an IPv6 address")
		}
		return ip.String(), nil
	}
	if !isHostName(host) {
		return "", errors.New("its host is not a name of ASCII letters, digits, - and _, or an address")
	}
	return strings.ToLower(host), nil
}

// isHostName reports whether s consists of labels with a dot between each two, and maybe
// one at the end. Lengths don't matter, as names are compared and not resolved.
func isHostName(s string) bool {
	inLabel := false
	for i := range len(s) {
		switch c := s[i]; {
		case isAlpha(c) || isDigit(c) || c == '-' || c == '_':
			inLabel = true
		case c == '.' && inLabel:
			inLabel = false
		default:
			return false
		}
	}
	return s != ""
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isAlpha(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
