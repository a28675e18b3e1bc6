package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Serve accepts connections on l and has [Server.Handler] speak with all that ask for an
// upgrade, until [Server.Shutdown] or [Server.Close]; it then returns
// [http.ErrServerClosed]. It's for servers of very many connections that have nothing
// else on their port: handshakes are cheaper than below an [http.Server] and leave nearly
// nothing behind for the garbage collector. All that a Server has, such as limits, Check,
// Refuse, Origins, Stats and Shutdown, holds as it does for ServeHTTP. Connections that
// MaxHandshakes or MaxConnsPerAddr has no place for are told so, if they are plain
// sockets, and closed.
//
// A connection has [Server.HandshakeTimeout] for the whole head of its request, which may
// have 64 KiB and 256 header lines. What is no proper request to upgrade gets an answer
// that says why, and the connection is closed behind it: pages, bodies, keep-alive and
// HTTP/2 are for an [http.Server]. Refuse isn't asked about what isn't even a request.
//
// For TLS, l is that of [tls.NewListener], best on that of [BelowTLS]; NextProtos of its
// [tls.Config] should be empty or http/1.1. The handshake of TLS is a part of ours: it counts as one from the beginning
// and has the same time. A listener of TCP has the kernel send its own keepalive, which
// costs four system calls for each connection; as a Server sends pings, a
// [net.ListenConfig] with KeepAlive -1 saves them.
//
// To Serve all paths are the same. [Server.Check] can refuse those that there are not,
// with a [handshake.Refusal] of status 404, and hand on to the Handler what that needs of
// the request: *r = *r.WithContext(context.WithValue(r.Context(), key, value)). The
// request's context has no values before, and doesn't end with the connection.
//
// If the listener fails for a while, as when there are no file descriptors left, Serve
// tries again, in 5 milliseconds first and a second at last. If it fails for good, Serve
// returns its error. In each case l is closed. Serve may be called for several listeners
// at the same time.
func (s *Server) Serve(l net.Listener) error {
	if s.Handler == nil {
		l.Close()
		return errors.New("websocket: this server.Server has no Handler")
	}
	stop := s.addListener(&l)
	if stop == nil {
		l.Close()
		return http.ErrServerClosed
	}
	defer s.removeListener(&l)
	a := attendants{s: s, next: make(chan *exchange)}
	defer close(a.next)
	var wait time.Duration
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			wait = 0
			if x := s.welcome(nc); x != nil {
				a.attend(x)
			}
			continue
		case isStopped(stop):
			return http.ErrServerClosed
		case !isTemporary(err):
			return err
		}
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.logger().Error("websocket: accept failed, to be tried again", "error", err, "after", wait)
		select {
		case <-stop:
			return http.ErrServerClosed
		case <-time.After(wait):
		}
	}
}

// serving is what Serve has under way. It's guarded by Server.mu.
type serving struct {
	listeners map[*net.Listener]chan struct{} // closed when it's time to stop
	exchanges map[*exchange]struct{}          // whose head is being read
}

// addListener returns nil if a Shutdown has begun.
func (s *Server) addListener(l *net.Listener) (stop <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	if s.serving.listeners == nil {
		s.serving.listeners = make(map[*net.Listener]chan struct{})
	}
	c := make(chan struct{})
	s.serving.listeners[l] = c
	return c
}

// removeListener closes l, unless a Shutdown has done so.
func (s *Server) removeListener(l *net.Listener) {
	s.mu.Lock()
	_, there := s.serving.listeners[l]
	delete(s.serving.listeners, l)
	s.mu.Unlock()
	if there {
		(*l).Close()
	}
}

// beginClosing is the beginning of Shutdown and Close: nothing new is accepted, and
// nobody waits for requests any more, which are refused.
func (s *Server) beginClosing() {
	s.mu.Lock()
	s.closing = true
	listeners := s.serving.listeners
	s.serving.listeners = nil
	for _, stop := range listeners {
		close(stop)
	}
	for x := range s.serving.exchanges {
		x.nc.SetReadDeadline(time.Unix(1, 0))
	}
	s.mu.Unlock()
	for l := range listeners {
		(*l).Close()
	}
}

func isStopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// welcome finds a place among the handshakes for nc. It returns nil if there is none.
func (s *Server) welcome(nc net.Conn) *exchange {
	timeout := s.HandshakeTimeout
	if timeout == 0 {
		timeout = DefaultHandshakeTimeout
	}
	if timeout > 0 {
		nc.SetDeadline(time.Now().Add(timeout))
	}
	x := newExchange(nc, s.headAddr(nc))
	if reason := s.beginExchange(x); reason != "" {
		s.turnAway(x, reason)
		return nil
	}
	return x
}

// maxAttendants is how many goroutines wait for the next handshake.
const maxAttendants = 16

// attendants have the handshakes of one listener, each a goroutine for one at a time. A
// few stay when they have none: a new one would have to grow its stack first.
type attendants struct {
	s    *Server
	next chan *exchange // closed when the listener is
	idle atomic.Int32   // those that wait for next
}

func (a *attendants) attend(x *exchange) {
	select {
	case a.next <- x:
	default:
		go a.run(x)
	}
}

func (a *attendants) run(x *exchange) {
	for {
		a.s.attend(x)
		if a.idle.Add(1) > maxAttendants {
			a.idle.Add(-1)
			return
		}
		var ok bool
		if x, ok = <-a.next; !ok {
			return
		}
		a.idle.Add(-1)
	}
}

// beginExchange returns the reason why there is no place for x, "" if there is. In both
// cases it has to be followed by endHandshake, endExchange and end.
func (s *Server) beginExchange(x *exchange) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers++
	s.load.handshakes++
	if reason = s.takeHeadLocked(x.addr); reason != "" {
		return reason
	}
	if s.closing {
		s.count.refuse(reasonClosing)
		return reasonClosing
	}
	if s.serving.exchanges == nil {
		s.serving.exchanges = make(map[*exchange]struct{})
	}
	s.serving.exchanges[x] = struct{}{}
	return ""
}

// headIsRead has Shutdown leave the deadlines of x alone from here on. It reports whether
// one has begun.
func (s *Server) headIsRead(x *exchange) (closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.serving.exchanges, x)
	return s.closing
}

// endExchange gives back the place of x, once. It's called before the peer can see that x
// is over or upgraded, so that it finds the place free if it comes back.
func (s *Server) endExchange(x *exchange) {
	if x.ended {
		return
	}
	x.ended = true
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.serving.exchanges, x)
	s.load.addHead(x.addr, -1)
}

// turnAway is for a connection that there is no place for. On a plain socket there's
// always room for an answer as short as this one; nothing waits for others.
func (s *Server) turnAway(x *exchange, reason string) {
	defer s.end()
	defer x.release()
	defer x.nc.Close()
	s.endHandshake()
	s.endExchange(x)
	switch x.nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		err := error(errClosing)
		switch reason {
		case reasonHandshakes:
			err = errHandshakes()
		case reasonAddr:
			err = errAddr()
		}
		var refusal *handshake.Refusal
		errors.As(err, &refusal)
		x.refuse(refusal)
	}
}

// attend reads the request of x and upgrades it, or refuses it. The handler has a
// goroutine of its own, for this one's stack has grown.
func (s *Server) attend(x *exchange) {
	defer s.end()
	defer x.release()
	if c := s.upgradeExchange(x); c != nil {
		s.begin()
		go s.handle(c, s.Handler)
	}
}

// upgradeExchange returns nil if x isn't upgraded, or is over at once.
func (s *Server) upgradeExchange(x *exchange) *websocket.Conn {
	var o opening
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { // of Check or Refuse
			s.logger().Error("websocket: panic in handshake", "remote", remoteAddr(x.nc), "panic", p, "stack", string(debug.Stack()))
		}
		s.endExchange(x)
		if o.t == nil {
			x.nc.Close()
		}
	}()
	if err := s.readRequest(x); err != nil {
		defer s.endHandshake()
		s.refuseHead(x, err)
		return nil
	}
	if err := s.upgrade(x, &x.head.Request, &o, nil); err != nil {
		x.finish()
		x.linger()
		return nil
	}
	s.endExchange(x)
	c := s.open(&o)
	if o.place.late {
		c.Close(frame.CodeGoingAway, "")
	}
	if c.Err() != nil {
		return nil
	}
	return c
}

// readRequest has the handshake of TLS, if l is of TLS, and reads the head of the request.
func (s *Server) readRequest(x *exchange) error {
	tc, secure := x.nc.(interface {
		Handshake() error
		ConnectionState() tls.ConnectionState
	})
	if secure {
		if err := tc.Handshake(); err != nil {
			return refused{reasonTLS, err}
		}
	}
	err := x.readHead()
	if s.headIsRead(x) {
		err = errClosing
	}
	x.shown = s.Check != nil || s.Refuse != nil
	r := &x.head.Request
	r.RemoteAddr = remoteAddr(x.nc)
	if secure {
		state := tc.ConnectionState()
		r.TLS = &state
	}
	return err
}

// refuseHead is for what isn't even a request: [Server.Refuse] is not asked.
func (s *Server) refuseHead(x *exchange, err error) {
	s.headIsRead(x)
	r := &x.head.Request
	if r.URL == nil {
		r.URL = new(url.URL)
	}
	reason := reasonRequest
	var why refused
	if errors.As(err, &why) {
		reason, err = why.reason, why.error
	}
	var refusal *handshake.Refusal
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &noTLS) && noTLS.Conn != nil && isTokenByte(noTLS.RecordHeader[0]):
		x.nc = noTLS.Conn
		refusal = malformed(http.StatusBadRequest, "this server speaks TLS, not plain HTTP")
	case reason == reasonTLS && err == io.EOF: // nor here
		return
	case reason == reasonTLS:
		refusal = malformed(0, err.Error())
	case len(x.in) == 0: // nobody has asked for anything
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		refusal = malformed(http.StatusRequestTimeout, "the head of the request did not arrive in time")
	case err == io.EOF:
		refusal = malformed(http.StatusBadRequest, "the head of the request ends early")
	default:
		return
	}
	s.logRefusal(r, reason, refusal.Status, err)
	s.mu.Lock()
	s.count.refuse(reason)
	s.mu.Unlock()
	if refusal.Status == 0 {
		return
	}
	s.boundAnswer(x, r)
	x.refuse(refusal)
	x.linger()
}

// remoteAddr is the address that nc has, "" for none.
func remoteAddr(nc net.Conn) string {
	if addr := nc.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return ""
}
