package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// parseURL parses a ws or wss URL (RFC 6455 section 3) and returns it with the
// scheme that its opening handshake has, http or https.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the URL itself may hold a password
		}
		return nil, fmt.Errorf("websocket: malformed URL: %w", err)
	}
	switch strings.ToLower(u.Scheme) {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("websocket: URL scheme %q is neither ws nor wss", u.Scheme)
	}
	return u, checkURL(u)
}

func checkURL(u *url.URL) error {
	switch {
	case u.Opaque != "":
		return errors.New("websocket: URL has no // after its scheme")
	case u.Hostname() == "":
		return errors.New("websocket: URL has no host")
	case u.Fragment != "" || u.RawFragment != "":
		return errors.New("websocket: URL has a fragment (RFC 6455 section 3)")
	}
	return nil
}

// address returns the host and port to connect to.
func address(u *url.URL, defaultPort string) string {
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return "80"
}

// hostHeader is the host with its port, unless that is the scheme's own, and
// without the zone of an IPv6 address, which means nothing to others.
func hostHeader(u *url.URL) string {
	host := u.Hostname()
	if i := strings.IndexByte(host, '%'); i >= 0 && strings.Contains(host, ":") {
		host = host[:i]
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return host
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// follow makes a the attempt that resp redirects to.
func (a *attempt) follow(resp *http.Response) error {
	to, err := a.u.Parse(resp.Header.Get("Location"))
	if err != nil {
		return errors.New("redirect to a malformed URL")
	}
	switch to.Scheme {
	case "ws":
		to.Scheme = "http"
	case "wss":
		to.Scheme = "https"
	case "http", "https":
	default:
		return fmt.Errorf("redirect to the scheme %q", to.Scheme)
	}
	if a.u.Scheme == "https" && to.Scheme == "http" {
		return errors.New("redirect from wss to ws")
	}
	to.Fragment, to.RawFragment = "", ""
	if err := checkURL(to); err != nil {
		return err
	}
	if sameOrigin(a.u, to) {
		if to.User == nil {
			to.User = a.u.User
		}
	} else {
		a.header.Del("Authorization")
		a.header.Del("Cookie")
		a.header.Del("Host")
	}
	a.u = to
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(address(a, defaultPort(a.Scheme)), address(b, defaultPort(b.Scheme)))
}
