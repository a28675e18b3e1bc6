package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"hawser/websocket"
	"hawser/websocket/handshake"
)

// What HTTP/2 is used with.
const (
	http2StreamBuffer = 1 << 20          // bytes that a server may send ahead on a stream
	http2ConnBuffer   = 32 << 20         // on all of a TCP connection
	http2FrameSize    = 64 << 10         // bytes
	http2Idle         = time.Minute      // for how long a TCP connection without streams is kept
	http2Without      = 10 * time.Minute // for how long it's remembered that a server has no HTTP/2
)

// HTTP2 has dials use WebSockets over HTTP/2 (RFC 8441), and has the TCP connections that
// they share. See [Dialer.HTTP2]. Dialers may share one if they connect in the same way,
// by TLSConfig and dial functions. It must not be copied once it's in use.
//
// A server that doesn't choose HTTP/2 in the TLS handshake, doesn't announce WebSockets
// over it, or fails before it has answered, gets HTTP/1.1; for ten minutes it's not asked
// again. An answer counts, also if it's a refusal. With ws there's no way to ask, so
// HTTP/1.1 is used unless Required is set.
type HTTP2 struct {
	// Required makes it an error if a server has no WebSockets over HTTP/2. With ws,
	// it's taken for granted that it has (h2c, RFC 9113 section 3.3).
	Required bool

	mu     sync.Mutex
	routes map[route]*sharing
}

// A route is what connections have to have in common to be shared.
type route struct{ scheme, addr, proxy string }

// sharing has the TCP connections of one route.
type sharing struct {
	t *http.Transport
	// turn is held by a dial from looking for a connection until it has one, so that
	// several that begin together don't make a connection each.
	turn chan struct{}

	users   int         // dials and streams; guarded by HTTP2.mu
	idle    *time.Timer // forgets it when there have been no users for a while; guarded by HTTP2.mu
	without time.Time   // until when HTTP/1.1 is used instead; guarded by HTTP2.mu
}

// join returns what is shared on a route. It has to be followed by leave.
func (p *HTTP2) join(r route) *sharing {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.routes[r]
	if s == nil {
		s = &sharing{t: newHTTP2Transport(), turn: make(chan struct{}, 1)}
		s.idle = time.AfterFunc(time.Hour, func() { p.forget(r, s) })
		if p.routes == nil {
			p.routes = make(map[route]*sharing)
		}
		p.routes[r] = s
	}
	s.idle.Stop()
	s.users++
	return s
}

func (p *HTTP2) leave(s *sharing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.users--; s.users == 0 {
		s.idle.Reset(max(http2Idle, time.Until(s.without)))
	}
}

func (p *HTTP2) forget(r route, s *sharing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.users == 0 {
		delete(p.routes, r)
		s.t.CloseIdleConnections()
	}
}

// CloseIdle closes the TCP connections that have no WebSocket, and forgets which
// servers have no HTTP/2.
func (p *HTTP2) CloseIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r, s := range p.routes {
		s.without = time.Time{}
		s.t.CloseIdleConnections()
		if s.users == 0 {
			s.idle.Stop()
			delete(p.routes, r)
		}
	}
}

func (p *HTTP2) isWithout(s *sharing) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(s.without)
}

func (p *HTTP2) setWithout(s *sharing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.without = time.Now().Add(http2Without)
}

func newHTTP2Transport() *http.Transport {
	t := &http.Transport{
		DialContext:            dialForHTTP2,
		DialTLSContext:         dialForHTTP2,
		Protocols:              new(http.Protocols),
		DisableCompression:     true,
		IdleConnTimeout:        http2Idle,
		MaxResponseHeaderBytes: maxHead,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     http2StreamBuffer,
			MaxReceiveBufferPerConnection: http2ConnBuffer,
			MaxReadFrameSize:              http2FrameSize,
			WriteByteTimeout:              websocket.DefaultWriteTimeout,
		},
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// h2dial is one dial, as the context of a request brings it to the Transport's dial
// function. That may go on when the dial is over.
type h2dial struct {
	ctx   context.Context
	a     *attempt
	proxy *url.URL // nil for none

	mu    sync.Mutex
	over  bool
	err   error    // of connecting
	http1 net.Conn // a connection for HTTP/1.1, which is what the server chose
}

type h2dialKey struct{}

var errNoHTTP2 = errors.New("the server has no WebSockets over HTTP/2")

func dialForHTTP2(ctx context.Context, _, _ string) (net.Conn, error) {
	d := ctx.Value(h2dialKey{}).(*h2dial)
	nc, err := d.a.connectThrough(d.ctx, d.proxy)
	if err == nil && d.a.u.Scheme == "https" {
		if tc, ok := nc.(*tls.Conn); !ok || tc.ConnectionState().NegotiatedProtocol != "h2" {
			err = errNoHTTP2
		}
	}
	if err == nil {
		return nc, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case nc == nil:
		d.err = err
	case d.over:
		nc.Close()
	default:
		d.http1 = nc
	}
	return nil, err
}

// end returns what came of connecting.
func (d *h2dial) end() (http1 net.Conn, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	return d.http1, d.err
}

// dialHTTP2 makes one attempt over HTTP/2. If it returns fallback, HTTP/1.1 is to be
// used, on nc if that isn't nil.
func (a *attempt) dialHTTP2(ctx context.Context) (c *websocket.Conn, resp *http.Response, again, fallback bool, nc net.Conn, err error) {
	pool := a.d.HTTP2
	req, err := a.connectRequest(ctx)
	if err != nil {
		return nil, nil, false, false, nil, err
	}
	proxy, err := a.proxyFor(req)
	if err != nil {
		return nil, nil, false, false, nil, err
	}
	r := route{a.u.Scheme, address(a.u), ""}
	if proxy != nil {
		r.proxy = proxy.String()
	}
	s := pool.join(r)
	defer func() {
		if c == nil {
			pool.leave(s)
		}
	}()
	if !pool.Required && pool.isWithout(s) {
		return nil, nil, false, true, nil, nil
	}
	own := *a // as the dial function may go on
	d := &h2dial{ctx: ctx, a: &own, proxy: proxy}
	h := &h2conn{ended: func() { pool.leave(s) }}
	resp, err = s.roundTrip(d, h, req)
	if err == nil {
		c, resp, again, err = a.finishHTTP2(ctx, h, req, resp)
		return c, resp, again, false, nil, err
	}
	nc, connectErr := d.end()
	unsupported := nc != nil || strings.Contains(err.Error(), "extended connect not supported")
	switch {
	case connectErr != nil:
		return nil, nil, false, false, nil, connectErr
	case ctx.Err() != nil:
		err = &HandshakeError{Err: orContext(ctx, err)}
	case pool.Required && unsupported:
		err = &HandshakeError{Err: fmt.Errorf("%w, which is required here", errNoHTTP2)}
	case pool.Required:
		err = &HandshakeError{Err: err}
	default:
		if unsupported {
			pool.setWithout(s)
		}
		return nil, nil, false, true, nc, nil
	}
	if nc != nil {
		nc.Close()
	}
	return nil, nil, false, false, nil, err
}

// roundTrip sends the request on a connection of s and returns the response. Until then
// the end of d.ctx ends it.
func (s *sharing) roundTrip(d *h2dial, h *h2conn, req *http.Request) (*http.Response, error) {
	select {
	case s.turn <- struct{}{}:
	case <-d.ctx.Done():
		return nil, d.ctx.Err()
	}
	var once sync.Once
	pass := func() { once.Do(func() { <-s.turn }) }
	defer pass()
	ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(d.ctx), h2dialKey{}, d))
	h.cancel = cancel
	// net/http refuses a request with the header :protocol, which is how it takes this
	// pseudo-header, but for the one moment between its check of the headers and the
	// writing of them. golang/go#53208 is about a way for it.
	header := req.Header
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		h.tcp.Store(&i.Conn)
		header[handshake.HeaderConnectProtocol] = []string{"websocket"}
		pass()
	}})
	stop := context.AfterFunc(d.ctx, cancel)
	sent := req.WithContext(ctx)
	sent.Body = h.out.Body()
	resp, err := s.t.RoundTrip(sent)
	switch {
	case err == nil && resp.ProtoMajor < 2:
		err = fmt.Errorf("the server answers with %s", resp.Proto)
	case !stop() && err == nil:
		err = d.ctx.Err()
	}
	if err != nil {
		cancel()
		h.out.Close()
		if resp != nil {
			resp.Body.Close()
		}
		return nil, err
	}
	return resp, nil
}

// connectRequest makes the request for an extended CONNECT (RFC 8441 section 5).
func (a *attempt) connectRequest(ctx context.Context) (*http.Request, error) {
	req, _, err := a.request(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Key"} {
		delete(req.Header, name)
	}
	req.Method = http.MethodConnect
	req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/2.0", 2, 0
	req.ContentLength = -1
	return req, nil
}

// finishHTTP2 makes a connection of the stream, if the response accepts that.
func (a *attempt) finishHTTP2(ctx context.Context, h *h2conn, req *http.Request, resp *http.Response) (c *websocket.Conn, _ *http.Response, again bool, err error) {
	leave := h.ended
	h.ended = func() {}
	h.start(resp)
	defer func() {
		if c == nil {
			h.Close()
		}
	}()
	if a.e.jar != nil {
		a.e.jar.SetCookies(a.u, resp.Cookies())
	}
	setup, err := a.agreedOn(handshake.CheckConnectResponse(resp, a.d.Subprotocols, a.offer()))
	if err != nil {
		again, followErr := a.follow(ctx, req, resp)
		if again {
			return nil, resp, true, nil
		}
		if followErr != nil {
			err = followErr
		}
		kept := *resp
		kept.Body = struct {
			*h2conn
		}{h}
		return nil, &kept, false, refused(ctx, h, req, &kept, err)
	}
	h.ended = leave
	answer := *resp
	answer.Body = http.NoBody
	return websocket.NewConn(h, setup, a.d.Config), &answer, false, nil
}
