package client

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// attempt is one request, of which redirects may make several.
type attempt struct {
	d      *Dialer
	e      environment
	u      *url.URL        // scheme http or https, host in ASCII
	header http.Header     // in canonical form, without Host
	host   string          // for the header Host, or "" for that of u
	via    []*http.Request // those that were redirected, oldest first
	http1  bool            // the server has no HTTP/2, or is asked no more
}

func (d *Dialer) newAttempt(rawURL string) (*attempt, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	e, err := d.environment()
	if err != nil {
		return nil, err
	}
	a := &attempt{d: d, e: e, u: u, header: canonical(d.Header)}
	if a.host, err = takeHost(a.header); err != nil {
		return nil, err
	}
	return a, nil
}

// canonical returns a copy of h in which each header has its one canonical name, so
// that what is decided about a header is decided about all that peers take for it.
func canonical(h http.Header) http.Header {
	c := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key := http.CanonicalHeaderKey(name)
		c[key] = append(c[key], h[name]...)
	}
	return c
}

// takeHost takes the header Host out of h, which has its names in canonical form.
func takeHost(h http.Header) (string, error) {
	values := h["Host"]
	delete(h, "Host")
	if len(values) > 1 {
		return "", fmt.Errorf("websocket: there are %d headers Host", len(values))
	}
	host := strings.Join(values, "")
	if host == "" {
		return "", nil
	}
	user, host, err := parseAuthority(host)
	if err != nil || user != nil {
		return "", fmt.Errorf("websocket: header Host is not a host and port")
	}
	return host, nil
}

// dial makes one attempt: the way to the server first, then the handshake on it.
// again tells that the server redirects, and a is now the attempt to make.
func (a *attempt) dial(ctx context.Context) (c *websocket.Conn, resp *http.Response, again bool, err error) {
	var nc net.Conn
	if a.wantsHTTP2() {
		var fallback bool
		if c, resp, again, fallback, nc, err = a.dialHTTP2(ctx); !fallback {
			return c, resp, again, err
		}
		a.http1 = true
		defer func() { a.http1 = false }() // a redirect may lead to another server
	}
	req, key, err := a.request(ctx)
	if err != nil {
		if nc != nil {
			nc.Close()
		}
		return nil, nil, false, err
	}
	if nc == nil {
		if nc, err = a.connect(ctx, req); err != nil {
			return nil, nil, false, err
		}
	}
	c, resp, again, err = a.handshake(ctx, nc, req, key)
	if c == nil {
		nc.Close()
	}
	return c, resp, again, err
}

// wantsHTTP2 reports whether HTTP/2 is to be tried, or is what is offered.
func (a *attempt) wantsHTTP2() bool {
	return a.d.HTTP2 != nil && !a.http1 && (a.u.Scheme == "https" || a.d.HTTP2.Required)
}

// request makes the request of the opening handshake (RFC 6455 section 4.1).
func (a *attempt) request(ctx context.Context) (*http.Request, string, error) {
	key, err := handshake.NewKey()
	if err != nil {
		return nil, "", err
	}
	req := (&http.Request{
		Method:     http.MethodGet,
		URL:        a.u,
		Host:       a.host,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     a.header.Clone(),
	}).WithContext(ctx)
	if req.Host == "" {
		req.Host = hostHeader(a.u)
	}
	if err := handshake.RequestHeader(req.Header, key, a.d.Subprotocols, a.offer()); err != nil {
		return nil, "", err
	}
	if a.u.User != nil && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", basicAuth(a.u.User))
	}
	if a.e.jar != nil {
		for _, cookie := range a.e.jar.Cookies(a.u) {
			req.AddCookie(cookie)
		}
	}
	return req, key, nil
}

// basicAuth returns the credentials in the form of RFC 7617.
func basicAuth(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

// handshake does the opening handshake on nc with HTTP/1.1. A response without a
// connection is a refusal. nc belongs to the caller unless there is a connection.
func (a *attempt) handshake(ctx context.Context, nc net.Conn, req *http.Request, key string) (c *websocket.Conn, resp *http.Response, again bool, err error) {
	stop := guard(ctx, nc)
	defer stop()
	resp, unread, err := roundTrip(nc, req)
	if err != nil {
		return nil, nil, false, &HandshakeError{Err: orContext(ctx, err)}
	}
	if a.e.jar != nil {
		a.e.jar.SetCookies(a.u, resp.Cookies())
	}
	setup, err := a.agreedOn(handshake.CheckResponse(resp, key, a.d.Subprotocols, a.offer()))
	if err != nil {
		again, followErr := a.follow(ctx, req, resp)
		if again {
			return nil, resp, true, nil
		}
		if followErr != nil {
			err = followErr
		}
		return nil, resp, false, refused(ctx, nc, req, resp, err)
	}
	if !stop() {
		return nil, nil, false, &HandshakeError{Err: ctx.Err()}
	}
	resp.Body = http.NoBody
	setup.Unread = unread
	return websocket.NewConn(nc, setup, a.d.Config), resp, false, nil
}

// offer has the extensions to ask for.
func (a *attempt) offer() []handshake.Extension {
	if k := a.d.Config.Compression; k != nil {
		return handshake.OfferDeflate(k.Deflate(frame.Client))
	}
	return nil
}

// tolerated has offers that an answer may be to, besides that which was made. Some
// servers ignore a bound for their window, where they should decline the offer (RFC
// 7692 section 7.1.2.1). That costs memory and breaks nothing, so their answer is
// taken for one to an offer without the bound.
func (a *attempt) tolerated() []handshake.Extension {
	want := a.d.Config.Compression.Deflate(frame.Client)
	want.ServerWindowBits = 0
	return handshake.OfferDeflate(want)
}

// agreedOn returns what was agreed on by the response r that was checked with err.
func (a *attempt) agreedOn(r handshake.Response, err error) (websocket.Setup, error) {
	offer := a.offer()
	setup := websocket.Setup{Role: frame.Client, Subprotocol: r.Protocol}
	if len(r.Extensions) > 0 && err == nil { // there's only one that was offered
		var agreed handshake.Deflate
		agreed, err = handshake.CheckDeflate(append(offer, a.tolerated()...), r.Extensions[0])
		setup.Deflate = &agreed
	}
	return setup, err
}
