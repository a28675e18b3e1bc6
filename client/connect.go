package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"hawser/websocket/internal/belowtls"
)

// connect returns a connection to the server that req is for, through a proxy
// and TLS as need be.
func (a *attempt) connect(ctx context.Context, req *http.Request) (net.Conn, error) {
	proxy, err := a.e.proxy(req)
	if err != nil {
		return nil, fmt.Errorf("websocket: proxy: %w", err)
	}
	target := address(a.u, defaultPort(a.u.Scheme))
	var nc net.Conn
	if proxy == nil {
		nc, err = a.e.dial(ctx, "tcp", target)
	} else {
		nc, err = a.connectProxy(ctx, proxy, target)
	}
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if a.u.Scheme == "https" {
		if nc, err = startTLS(ctx, nc, a.e.tls, a.u.Hostname()); err != nil {
			return nil, fmt.Errorf("websocket: %w", err)
		}
	}
	return nc, nil
}

// startTLS does the TLS handshake. It offers HTTP/1.1 only: the upgrade is
// nothing that HTTP/2 has.
func startTLS(ctx context.Context, nc net.Conn, config *tls.Config, host string) (net.Conn, error) {
	if config == nil {
		config = new(tls.Config)
	} else {
		config = config.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{"http/1.1"}
	tc := tls.Client(belowtls.New(nc), config)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", host, err)
	}
	return tc, nil
}

// connectProxy returns a connection to target through proxy.
func (a *attempt) connectProxy(ctx context.Context, proxy *url.URL, target string) (net.Conn, error) {
	nc, err := a.e.dial(ctx, "tcp", address(proxy, defaultPort(proxy.Scheme)))
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if proxy.Scheme == "https" {
		if nc, err = startTLS(ctx, nc, a.e.tls, proxy.Hostname()); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	stop := guard(ctx, nc)
	switch proxy.Scheme {
	case "http", "https":
		err = connectHTTP(nc, proxy, target)
	case "socks5", "socks5h":
		err = connectSOCKS(nc, proxy.User, target)
	default:
		err = fmt.Errorf("scheme %q is not one of a proxy", proxy.Scheme)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("proxy: %w", orContext(ctx, err))
	}
	return nc, nil
}

// connectHTTP asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6).
func connectHTTP(nc net.Conn, proxy *url.URL, target string) error {
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: target},
		Host:   target,
		Header: make(http.Header),
	}
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		req.SetBasicAuth(u.Username(), password)
		req.Header["Proxy-Authorization"] = req.Header["Authorization"]
		req.Header.Del("Authorization")
	}
	resp, unread, err := roundTrip(nc, req)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		keepBody(resp)
		return &HandshakeError{Response: resp, Err: fmt.Errorf("the proxy answers CONNECT with status %s", resp.Status)}
	}
	if len(unread) > 0 {
		// The server speaks only after it has been asked, so this is the proxy's.
		return fmt.Errorf("the proxy sends %d bytes behind its answer", len(unread))
	}
	return nil
}
