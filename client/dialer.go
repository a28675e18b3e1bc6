package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// DefaultTimeout bounds a dial whose [Dialer] sets no timeout.
const DefaultTimeout = 30 * time.Second

// Dialer dials connections. The zero value is ready to use. Its fields must not
// be changed while it's in use; its method may be called from any goroutine.
type Dialer struct {
	// Config has the limits of each connection.
	Config websocket.Config
	// Header is added to the request, for instance Origin, Authorization or
	// Cookie. What belongs to the handshake itself can't be set.
	Header http.Header
	// Subprotocols are those to offer, best first (RFC 6455 section 1.9).
	Subprotocols []string
	// Timeout bounds the whole dial, redirects included. 0 is [DefaultTimeout],
	// a negative value none but that of the context.
	Timeout time.Duration
	// MaxRedirects is how many redirects to follow; 0 follows none. From wss to
	// ws none is followed, and to another origin none of the credentials go along:
	// not those of the URL, not the headers Authorization and Cookie.
	MaxRedirects int

	// TLSConfig is for wss. The name to verify is the URL's unless it has one.
	TLSConfig *tls.Config
	// Proxy returns the proxy for a request, whose URL has the scheme http or
	// https; nil is none. A nil Proxy is [http.ProxyFromEnvironment]. The schemes
	// http, https, socks5 and socks5h are understood.
	Proxy func(*http.Request) (*url.URL, error)
	// DialContext makes the connections, those to a proxy included. Nil is that
	// of a [net.Dialer].
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// HTTPClient, if not nil, lends its Jar for cookies, and if its Transport is
	// an [http.Transport], the TLSConfig, Proxy and DialContext that are nil here.
	HTTPClient *http.Client
}

// Dial is Dial of the zero [Dialer], without the response.
func Dial(ctx context.Context, url string) (*websocket.Conn, error) {
	var d Dialer
	c, _, err := d.Dial(ctx, url)
	return c, err
}

// Dial connects to a ws or wss URL. ctx is for the dial only; the connection goes
// on when it ends. Userinfo in the URL becomes basic authentication.
//
// When a server refuses, the error is a *[HandshakeError] and the response is
// returned too, with the beginning of its body. With a connection comes the
// response that made it.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*websocket.Conn, *http.Response, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	timeout := d.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	e := d.environment()
	a := attempt{d: d, e: e, u: u, header: d.Header.Clone()}
	if a.header == nil {
		a.header = make(http.Header)
	}
	for redirects := 0; ; redirects++ {
		c, resp, err := a.dial(ctx)
		if err == nil || resp == nil || redirects >= d.MaxRedirects || !isRedirect(resp) {
			return c, resp, err
		}
		if err := a.follow(resp); err != nil {
			return nil, resp, &HandshakeError{Response: resp, Err: err}
		}
	}
}

// environment is what a Dialer takes from its HTTPClient and defaults.
type environment struct {
	tls   *tls.Config
	proxy func(*http.Request) (*url.URL, error)
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	jar   http.CookieJar
}

func (d *Dialer) environment() environment {
	e := environment{d.TLSConfig, d.Proxy, d.DialContext, nil}
	if d.HTTPClient != nil {
		e.jar = d.HTTPClient.Jar
		if t, ok := d.HTTPClient.Transport.(*http.Transport); ok {
			if e.tls == nil {
				e.tls = t.TLSClientConfig
			}
			if e.proxy == nil {
				e.proxy = t.Proxy
			}
			if e.dial == nil {
				e.dial = t.DialContext
			}
		}
	}
	if e.proxy == nil {
		e.proxy = http.ProxyFromEnvironment
	}
	if e.dial == nil {
		e.dial = new(net.Dialer).DialContext
	}
	return e
}

// attempt is one request, of which redirects may make several.
type attempt struct {
	d      *Dialer
	e      environment
	u      *url.URL // scheme http or https
	header http.Header
}

// dial makes one attempt. A response without a connection is a refusal.
func (a *attempt) dial(ctx context.Context) (*websocket.Conn, *http.Response, error) {
	req, key, err := a.request(ctx)
	if err != nil {
		return nil, nil, err
	}
	nc, err := a.connect(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	stop := guard(ctx, nc)
	resp, unread, err := roundTrip(nc, req)
	if err != nil {
		stop()
		nc.Close()
		return nil, nil, &HandshakeError{Err: orContext(ctx, err)}
	}
	if a.e.jar != nil {
		a.e.jar.SetCookies(a.u, resp.Cookies())
	}
	setup, err := a.agreed(resp, key)
	if err != nil {
		keepBody(resp)
		stop()
		nc.Close()
		return nil, resp, &HandshakeError{Response: resp, Err: err}
	}
	if !stop() {
		nc.Close()
		return nil, nil, &HandshakeError{Err: ctx.Err()}
	}
	resp.Body = http.NoBody
	setup.Unread = unread
	return websocket.NewConn(nc, setup, a.d.Config), resp, nil
}

// offer has the extensions to ask for.
func (a *attempt) offer() []handshake.Extension {
	if k := a.d.Config.Compression; k != nil {
		return handshake.OfferDeflate(k.Deflate(frame.Client))
	}
	return nil
}

// agreed checks the response and returns what was agreed on.
func (a *attempt) agreed(resp *http.Response, key string) (websocket.Setup, error) {
	offer := a.offer()
	r, err := handshake.CheckResponse(resp, key, a.d.Subprotocols, offer)
	setup := websocket.Setup{Role: frame.Client, Subprotocol: r.Protocol}
	if len(r.Extensions) > 0 && err == nil { // there's only one that was offered
		var agreed handshake.Deflate
		agreed, err = handshake.CheckDeflate(offer, r.Extensions[0])
		setup.Deflate = &agreed
	}
	return setup, err
}

// request makes the opening handshake (RFC 6455 section 4.1).
func (a *attempt) request(ctx context.Context) (*http.Request, string, error) {
	key, err := handshake.NewKey()
	if err != nil {
		return nil, "", err
	}
	req := (&http.Request{
		Method:     http.MethodGet,
		URL:        a.u,
		Host:       hostHeader(a.u),
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     a.header.Clone(),
	}).WithContext(ctx)
	if host := a.header.Get("Host"); host != "" {
		req.Host = host
	}
	if err := handshake.RequestHeader(req.Header, key, a.d.Subprotocols, a.offer()); err != nil {
		return nil, "", err
	}
	if u := a.u.User; u != nil && req.Header.Get("Authorization") == "" {
		password, _ := u.Password()
		req.SetBasicAuth(u.Username(), password)
	}
	if a.e.jar != nil {
		for _, cookie := range a.e.jar.Cookies(a.u) {
			req.AddCookie(cookie)
		}
	}
	return req, key, nil
}

// guard lets the end of ctx end what happens on nc. stop returns false if it did.
func guard(ctx context.Context, nc net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
}

// orContext returns the error of ctx if that is the reason for err.
func orContext(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}
