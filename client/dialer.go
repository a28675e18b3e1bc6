package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"hawser/websocket"
)

// DefaultTimeout bounds a dial whose [Dialer] sets no timeout.
const DefaultTimeout = 30 * time.Second

// Dialer dials connections. The zero value is ready to use. Its fields must not
// be changed while it's in use; its method may be called from any goroutine.
type Dialer struct {
	// Config has the limits of each connection. The zero value has the defaults
	// that [websocket.Config] names.
	Config websocket.Config
	// Header is added to the request, for instance Origin, Authorization or Cookie,
	// or Host in place of the URL's; nil adds none. Names are sent in their canonical
	// form, whatever their spelling is here. What belongs to the handshake itself
	// can't be set.
	Header http.Header
	// Subprotocols are those to offer, best first (RFC 6455 section 1.9); nil offers
	// none.
	Subprotocols []string
	// Timeout bounds the whole dial, redirects included. 0 is that of HTTPClient, if
	// it has one, and else [DefaultTimeout]; a negative value is none but that of
	// the context.
	Timeout time.Duration
	// MaxRedirects is how many redirects to follow; 0 follows none. From wss to
	// ws none is followed, and to another origin none of the credentials go along:
	// not those of the URL, and none of the headers Authorization, Cookie, Cookie2,
	// Proxy-Authorization, Proxy-Authenticate, WWW-Authenticate and Host.
	MaxRedirects int

	// TLSConfig is for wss, and for a proxy with the scheme https. The name to verify
	// is the URL's unless it has one. Nil is the zero Config. Its NextProtos are not
	// used: HTTP/1.1 is what is offered, and HTTP/2 before it as HTTP2 says.
	TLSConfig *tls.Config
	// HTTP2 has WebSockets share TCP connections over HTTP/2 (RFC 8441), where a
	// server takes them. Nil is HTTP/1.1 only.
	HTTP2 *HTTP2
	// Proxy returns the proxy for a request, whose URL has the scheme http or
	// https; a nil URL is none. Nil, like [http.ProxyFromEnvironment], stands for
	// [ProxyFromEnvironment]. The schemes http, https, socks5 and socks5h are
	// understood; the last two both have the proxy resolve the name.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyConnectHeader is added to the request CONNECT to a proxy with the scheme
	// http or https; nil adds none. Userinfo in the proxy's URL becomes the header
	// Proxy-Authorization unless it is here.
	ProxyConnectHeader http.Header
	// DialContext makes the connections, those to a proxy included. Nil is that
	// of a [net.Dialer].
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// DialTLSContext makes the connections for wss, and to a proxy with the scheme
	// https, as in an [http.Transport]: it's given the host and port, and returns a
	// connection on which TLS is under way or done, with HTTP/1.1 to be spoken on
	// it, or HTTP/2 if HTTP2 is set and a *[tls.Conn] has agreed on that. Through a proxy it isn't used for the server. Nil is DialContext and
	// TLSConfig.
	DialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// HTTPClient lends what isn't set here: its Jar, Timeout and CheckRedirect (which
	// is asked besides MaxRedirects), and of its Transport, which has to be an
	// [http.Transport] or nil, TLSClientConfig, Proxy (of which nil is none),
	// DialContext, the headers for CONNECT and OnProxyConnectResponse, and
	// DialTLSContext if neither TLSConfig nor DialContext is set here. What else it
	// has is about single steps, which Timeout bounds as a whole, or about the pool of
	// connections, and is not used. Another Transport is an error. Nil lends nothing.
	HTTPClient *http.Client
}

// dialBrowser takes the place of the dial where a browser does it (GOOS=js).
var dialBrowser func(a *attempt, ctx context.Context) (*websocket.Conn, error)

// Dial is Dial of the zero [Dialer], without the response.
func Dial(ctx context.Context, url string) (*websocket.Conn, error) {
	var d Dialer
	c, _, err := d.Dial(ctx, url)
	return c, err
}

// Dial connects to a ws or wss URL, or one with http or https, which stand for
// them. ctx is for the dial only; the connection goes on when it ends. Userinfo in
// the URL becomes basic authentication. What a URL can't have as it is, spaces and
// other than ASCII characters, is escaped, and a host converted to its ASCII form
// (UTS #46), as browsers do.
//
// When a server refuses, the error is a *[HandshakeError] and the response is
// returned too, with the beginning of its body. With a connection comes the
// response that made it. When a proxy fails, the error is a *[ProxyError]. When
// time is up, the error matches [context.DeadlineExceeded] under [errors.Is] or
// holds a [net.Error] whose Timeout is true. No error has the URL's password in
// its text.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*websocket.Conn, *http.Response, error) {
	a, err := d.newAttempt(rawURL)
	if err != nil {
		return nil, nil, err
	}
	if a.e.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.e.timeout)
		defer cancel()
	}
	if dialBrowser != nil {
		c, err := dialBrowser(a, ctx)
		return c, nil, err
	}
	for {
		c, resp, again, err := a.dial(ctx)
		if !again {
			return c, resp, err
		}
	}
}
