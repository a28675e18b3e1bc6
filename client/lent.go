// Dialing, the functions and limits that a Dialer goes by: its own, those of the
// http.Client that it was lent, and the defaults.

package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"time"
)

type (
	proxyFunc = func(*http.Request) (*url.URL, error)
	dialFunc  = func(ctx context.Context, network, addr string) (net.Conn, error)
)

// environment is what a Dialer takes from its fields, its HTTPClient and defaults.
type environment struct {
	timeout       time.Duration // 0 is none
	tls           *tls.Config   // may be nil
	proxy         proxyFunc
	dial          dialFunc
	dialTLS       dialFunc       // nil: dial and tls
	jar           http.CookieJar // may be nil
	checkRedirect func(*http.Request, []*http.Request) error
	connectHeader func(ctx context.Context, proxy *url.URL, target string) (http.Header, error)
	onConnect     func(ctx context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error
}

func (d *Dialer) environment() (environment, error) {
	e := environment{timeout: d.Timeout, tls: d.TLSConfig, proxy: d.Proxy, dial: d.DialContext, dialTLS: d.DialTLSContext}
	e.connectHeader = func(context.Context, *url.URL, string) (http.Header, error) {
		return canonical(d.ProxyConnectHeader), nil
	}
	if hc := d.HTTPClient; hc != nil {
		e.jar, e.checkRedirect = hc.Jar, hc.CheckRedirect
		if e.timeout == 0 {
			e.timeout = max(hc.Timeout, 0)
		}
		switch t := hc.Transport.(type) {
		case nil:
		case *http.Transport:
			if t != nil {
				e.borrow(d, t)
			}
		default:
			return e, fmt.Errorf("websocket: the Transport of HTTPClient is a %T; only an *http.Transport can be used", t)
		}
	}
	if e.timeout == 0 {
		e.timeout = DefaultTimeout
	}
	e.timeout = max(e.timeout, 0)
	if e.proxy == nil || reflect.ValueOf(e.proxy).Pointer() == reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		e.proxy = ProxyFromEnvironment
	}
	if e.dial == nil {
		e.dial = new(net.Dialer).DialContext
	}
	return e, nil
}

// borrow takes from t what d doesn't have itself.
func (e *environment) borrow(d *Dialer, t *http.Transport) {
	if e.dialTLS == nil && e.tls == nil && e.dial == nil {
		if e.dialTLS = t.DialTLSContext; e.dialTLS == nil && t.DialTLS != nil {
			e.dialTLS = withContext(t.DialTLS)
		}
	}
	if e.dial == nil {
		if e.dial = t.DialContext; e.dial == nil && t.Dial != nil {
			e.dial = withContext(t.Dial)
		}
	}
	if e.tls == nil {
		e.tls = t.TLSClientConfig
	}
	if e.proxy == nil {
		if e.proxy = t.Proxy; e.proxy == nil {
			e.proxy = http.ProxyURL(nil) // none, as in net/http
		}
	}
	if d.ProxyConnectHeader == nil {
		e.connectHeader = func(ctx context.Context, proxy *url.URL, target string) (http.Header, error) {
			h := t.ProxyConnectHeader
			if t.GetProxyConnectHeader != nil {
				var err error
				if h, err = t.GetProxyConnectHeader(ctx, proxy, target); err != nil {
					return nil, err
				}
			}
			return canonical(h), nil
		}
	}
	e.onConnect = t.OnProxyConnectResponse
}

// withContext is for the functions of a Transport that know no context: the end of
// one ends the waiting for them.
func withContext(dial func(network, addr string) (net.Conn, error)) dialFunc {
	type result struct {
		nc  net.Conn
		err error
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		done := make(chan result)
		go func() {
			nc, err := dial(network, addr)
			select {
			case done <- result{nc, err}:
			case <-ctx.Done():
				if err == nil {
					nc.Close()
				}
			}
		}()
		select {
		case r := <-done:
			return r.nc, r.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
