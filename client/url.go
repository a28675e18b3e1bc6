// Dialing, what the user gives as a URL, and the forms of it that are sent. It connects
// to nothing.

package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// malformed is the error for a URL of which reason tells the part that is wrong.
// A reason quotes nothing but single characters of the host: where a URL is not
// what was meant, any other part may be a piece of a password.
func malformed(reason error) error { return fmt.Errorf("websocket: malformed URL: %w", reason) }

// parseURL parses the URL of a WebSocket (RFC 6455 section 3) and returns it with
// the scheme that its opening handshake has, http or https. These are aliases of
// ws and wss here, as in browsers.
func parseURL(raw string) (*url.URL, error) {
	p := splitURL(strings.Trim(raw, " "))
	switch p.scheme {
	case "ws", "http":
		p.scheme = "http"
	case "wss", "https":
		p.scheme = "https"
	case "":
		return nil, malformed(errors.New("it has no scheme, which is ws or wss"))
	default:
		return nil, fmt.Errorf("websocket: URL scheme %q is neither ws nor wss", p.scheme)
	}
	switch {
	case !p.hasAuthority:
		return nil, malformed(errors.New("it has no // after its scheme"))
	case p.hasFragment:
		return nil, malformed(errors.New(`it has a fragment, which a WebSocket can't have (RFC 6455 section 3); a "#" that is meant is written %23`))
	}
	u, err := p.url()
	if err != nil {
		return nil, malformed(err)
	}
	return u, nil
}

// parts are the parts of a URI reference (RFC 3986 section 4.1), as written.
type parts struct {
	scheme, authority, path, query      string // the scheme is in lower case
	hasAuthority, hasQuery, hasFragment bool
}

// splitURL takes a URI reference apart (RFC 3986 appendix B).
func splitURL(s string) (p parts) {
	s, _, p.hasFragment = strings.Cut(s, "#")
	s, p.query, p.hasQuery = strings.Cut(s, "?")
	if i := strings.IndexAny(s, ":/"); i >= 0 && s[i] == ':' && isScheme(s[:i]) {
		p.scheme, s = strings.ToLower(s[:i]), s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		p.hasAuthority = true
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			i = len(rest)
		}
		p.authority, s = rest[:i], rest[i:]
	}
	p.path = s
	return p
}

// isScheme reports whether s is a scheme by its form (RFC 3986 section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if letter := 'a' <= c && c <= 'z'; !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

// url checks the parts and returns them in the form in which they are sent: path
// and query escaped where they have to be, the host in ASCII. The fragment is left
// out.
func (p parts) url() (u *url.URL, err error) {
	u = &url.URL{Scheme: p.scheme, ForceQuery: p.hasQuery && p.query == ""}
	if p.hasAuthority {
		if u.User, u.Host, err = parseAuthority(p.authority); err != nil {
			return nil, err
		}
	}
	if hasControl(p.path) || hasControl(p.query) {
		return nil, errors.New("the path or the query has a control character")
	}
	// Of the path url.URL keeps only an escaped form that has no other characters.
	u.RawPath = escape(p.path, "\"<>\\^`{|}")
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, errors.New(`the path has a "%" that begins no escape; one that is meant is written %25`)
	}
	u.RawQuery = escape(p.query, `"<>'`)
	return u, nil
}

// hasControl reports whether s has a control character of ASCII.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// escape escapes the spaces, the bytes that are not ASCII and those of unsafe. What
// is escaped already stays as it is.
func escape(s, unsafe string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(unsafe, c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// parseAuthority parses userinfo, host and port (RFC 3986 section 3.2).
func parseAuthority(s string) (user *url.Userinfo, host string, err error) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if user, err = parseUserinfo(s[:i]); err != nil {
			return nil, "", err
		}
		s = s[i+1:]
	}
	name, port, literal := s, "", strings.HasPrefix(s, "[")
	if literal {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return nil, "", errors.New(`the "[" of the address is not closed`)
		}
		name, port = s[1:end], s[end+1:]
		if port != "" && port[0] != ':' {
			return nil, "", errors.New("something other than a port follows the address")
		}
		port = strings.TrimPrefix(port, ":")
	} else if i := strings.LastIndexByte(s, ':'); i >= 0 {
		name, port = s[:i], s[i+1:]
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, "", errors.New("the port is not a number up to 65535")
		}
		port = ":" + strconv.FormatUint(n, 10)
	}
	if literal {
		host, err = parseLiteral(name)
	} else {
		host, err = parseHost(name)
	}
	return user, host + port, err
}

// parseUserinfo parses a name and a password. It is more lenient than RFC 3986:
// what should have been escaped is taken as it is.
func parseUserinfo(s string) (*url.Userinfo, error) {
	name, password, hasPassword := strings.Cut(s, ":")
	name, err := url.PathUnescape(name)
	password, err2 := url.PathUnescape(password)
	switch {
	case err != nil || err2 != nil:
		return nil, errors.New(`the user name or the password has a "%" that begins no escape; one that is meant is written %25`)
	case hasControl(name) || hasControl(password):
		return nil, errors.New("the user name or the password has a control character")
	case hasPassword:
		return url.UserPassword(name, password), nil
	}
	return url.User(name), nil
}

// parseLiteral parses an IPv6 address as it stands in brackets, and returns it with
// these. Its zone, if any, is told off with "%25" (RFC 6874), or just "%".
func parseLiteral(s string) (string, error) {
	addr, zone, hasZone := strings.Cut(s, "%")
	zone = strings.TrimPrefix(zone, "25")
	zone, err := url.PathUnescape(zone)
	ip, err2 := netip.ParseAddr(addr)
	if err != nil || err2 != nil || !ip.Is6() || hasZone && zone == "" || hasControl(zone) {
		return "", errors.New("what stands in brackets is no IPv6 address")
	}
	if hasZone {
		addr += "%" + zone
	}
	return "[" + strings.ToLower(addr[:len(addr)-len(zone)]) + zone + "]", nil
}

// parseHost parses a name or an IPv4 address, and returns it in ASCII.
func parseHost(s string) (string, error) {
	s, err := url.PathUnescape(s)
	if err != nil {
		return "", errors.New(`the host has a "%" that begins no escape`)
	}
	if s, err = toASCII(s); err != nil {
		return "", err
	}
	if s == "" {
		return "", errors.New("it has no host")
	}
	for _, r := range s {
		switch {
		case r == ':':
			return "", errors.New("the host has a colon; an IPv6 address stands in brackets")
		case r <= ' ' || r > '~' || strings.ContainsRune("\"#%/<>?@[\\]^`{|}", r):
			return "", fmt.Errorf("the host has the character %q", r)
		}
	}
	return s, nil
}

// address returns the host and port to connect to.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// defaultPort returns the port of a URL that has none.
func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return "80"
}

// withoutZone removes the zone of an IPv6 address, which means nothing to others.
func withoutZone(host string) string {
	if i := strings.IndexByte(host, '%'); i >= 0 && strings.Contains(host, ":") {
		return host[:i]
	}
	return host
}

// hostHeader is the host with its port, unless that is the scheme's own.
func hostHeader(u *url.URL) string {
	host := withoutZone(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return host
}
