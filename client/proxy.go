// Dialing, through a proxy: HTTP CONNECT here, SOCKS5 in socks.go. What is behind the
// proxy, TLS included, is for attempt.go and connect.go.

package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// ProxyError is a proxy that didn't make a connection to the server. Find it with
// [errors.As]. Where an HTTP proxy answered, its Err holds a *[HandshakeError].
type ProxyError struct {
	Kind string // of the proxy: the scheme of its URL, http, https, socks5 or socks5h
	Addr string // host and port of the proxy
	Step string // what failed, such as "connect", "TLS handshake", "CONNECT example.org:443" or "SOCKS5 greeting"
	Err  error
}

// Error says which proxy failed, at what, and why.
func (e *ProxyError) Error() string {
	err := e.Err
	var refusal *HandshakeError
	if errors.As(err, &refusal) {
		err = refusal.Err
	}
	return fmt.Sprintf("websocket: %s at %s, the %s proxy: %s", e.Step, e.Addr, e.Kind, trimPrefix(err))
}

// Unwrap returns e.Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// proxyFor returns the proxy to use for req, nil if none, with its host in ASCII.
func (a *attempt) proxyFor(req *http.Request) (*url.URL, error) {
	proxy, err := a.e.proxy(req)
	if err == nil && proxy != nil {
		u := *proxy
		proxy = &u
		if _, u.Host, err = parseAuthority(u.Host); err == nil {
			err = checkProxy(proxy)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("websocket: proxy: %w", withoutURL(err))
	}
	return proxy, nil
}

// withoutURL replaces the error of a URL that doesn't parse: its text may have a
// password.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) && ue.Op == "parse" {
		return errors.New("its URL is malformed")
	}
	return err
}

// checkProxy returns an error if u is not the URL of a proxy.
func checkProxy(u *url.URL) error {
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return fmt.Errorf("the scheme %q is not one of a proxy: http, https, socks5, socks5h", u.Scheme)
	}
	if u.Hostname() == "" {
		return errors.New("it has no host")
	}
	return nil
}

// connectProxy returns a connection to the host of u through proxy.
func (a *attempt) connectProxy(ctx context.Context, proxy, u *url.URL) (net.Conn, error) {
	host, port, _ := net.SplitHostPort(address(u))
	target := net.JoinHostPort(withoutZone(host), port)
	fail := func(step string, err error) error {
		return &ProxyError{proxy.Scheme, address(proxy), step, orContext(ctx, err)}
	}
	nc, step, err := a.reach(ctx, proxy)
	if err != nil {
		return nil, fail(step, err)
	}
	stop := guard(ctx, nc)
	switch proxy.Scheme {
	case "http", "https":
		step, err = "CONNECT "+target, a.connectHTTP(ctx, nc, proxy, target)
	default:
		step, err = connectSOCKS(nc, proxy.User, target)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, fail(step, err)
	}
	return nc, nil
}

// connectHTTP asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6).
func (a *attempt) connectHTTP(ctx context.Context, nc net.Conn, proxy *url.URL, target string) error {
	header, err := a.e.connectHeader(ctx, proxy, target)
	if err != nil {
		return err
	}
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: target},
		Host:   target,
		Header: header,
	}
	if u := proxy.User; u != nil && header.Get("Proxy-Authorization") == "" {
		header.Set("Proxy-Authorization", basicAuth(u))
	}
	resp, unread, err := roundTrip(nc, req)
	if err != nil {
		return err
	}
	if check := a.e.onConnect; check != nil {
		if err := check(ctx, proxy, req, resp); err != nil {
			return err
		}
	}
	if resp.StatusCode/100 != 2 {
		return refused(ctx, nc, req, resp, fmt.Errorf("the proxy answers with status %q", resp.Status))
	}
	if len(unread) > 0 {
		// The server speaks only after it has been asked, so this is the proxy's.
		return fmt.Errorf("the proxy sends %d bytes behind its answer", len(unread))
	}
	return nil
}
