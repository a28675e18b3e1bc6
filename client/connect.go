package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"hawser/websocket/internal/belowtls"
)

// connect returns a connection to the server that req is for, through a proxy
// and TLS as need be. What is spoken on it is for others to know.
func (a *attempt) connect(ctx context.Context, req *http.Request) (net.Conn, error) {
	proxy, err := a.proxyFor(req)
	if err != nil {
		return nil, err
	}
	return a.connectThrough(ctx, proxy)
}

// connectThrough is connect through proxy, or directly if that is nil.
func (a *attempt) connectThrough(ctx context.Context, proxy *url.URL) (nc net.Conn, err error) {
	if proxy == nil {
		nc, _, err = a.reach(ctx, a.u)
	} else {
		if nc, err = a.connectProxy(ctx, proxy, a.u); err != nil {
			return nil, err
		}
		if a.u.Scheme == "https" {
			nc, err = a.startTLS(ctx, nc, a.u)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", orContext(ctx, err))
	}
	return nc, nil
}

// reach connects to the host of u, which is the server's or a proxy's, with TLS if
// its scheme is https. If that fails it tells which step did.
func (a *attempt) reach(ctx context.Context, u *url.URL) (nc net.Conn, step string, err error) {
	if u.Scheme != "https" {
		nc, err = a.e.dial(ctx, "tcp", address(u))
		return nc, "connect", err
	}
	if a.e.dialTLS != nil {
		if nc, err = a.e.dialTLS(ctx, "tcp", address(u)); err != nil {
			return nil, "connect with TLS", err
		}
		nc, err = a.finishTLS(ctx, nc, u)
		return nc, "TLS handshake", err
	}
	if nc, err = a.e.dial(ctx, "tcp", address(u)); err != nil {
		return nil, "connect", err
	}
	nc, err = a.startTLS(ctx, nc, u)
	return nc, "TLS handshake", err
}

// startTLS does the TLS handshake with the host of u. It offers HTTP/1.1 only: the
// upgrade is nothing that HTTP/2 has.
func (a *attempt) startTLS(ctx context.Context, nc net.Conn, u *url.URL) (net.Conn, error) {
	config := a.e.tls.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = withoutZone(u.Hostname())
	}
	config.NextProtos = []string{"http/1.1"}
	if u == a.u && a.wantsHTTP2() {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	return a.finishTLS(ctx, tls.Client(belowtls.New(nc), config), u)
}

// finishTLS does what is left of the TLS handshake on a connection to the host of
// u, and checks that HTTP/1.1 is spoken on it.
func (a *attempt) finishTLS(ctx context.Context, nc net.Conn, u *url.URL) (net.Conn, error) {
	tc, ok := nc.(*tls.Conn)
	if !ok {
		return nc, nil // from DialTLSContext; who made it has seen to it
	}
	err := tc.HandshakeContext(ctx)
	if err == nil && tc.ConnectionState().NegotiatedProtocol == "h2" && !(u == a.u && a.wantsHTTP2()) {
		err = errors.New("the connection was made for HTTP/2, and a WebSocket needs HTTP/1.1 here")
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", u.Hostname(), orContext(ctx, err))
	}
	return tc, nil
}

// guard lets the end of ctx end what happens on nc. stop returns false if it did.
func guard(ctx context.Context, nc net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
}

// orContext returns the error of ctx if that is the reason for err.
func orContext(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}
