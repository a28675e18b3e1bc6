package server

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Handler has a conversation on c. ctx is [websocket.Conn.Context]: it has the
// values of the request's context and is done when the connection is over. When
// the Handler returns, the connection is closed, with [frame.CodeNormal] unless
// it's already closing.
type Handler func(ctx context.Context, c *websocket.Conn)

// Server upgrades requests and tracks the connections. Its fields must not be
// changed once it's in use; its methods may be called from any goroutine. The
// zero value with a Handler is ready to use, and safe: each field says what its zero
// value stands for.
type Server struct {
	// Handler is for the requests that come through ServeHTTP and Serve, each in a
	// goroutine of its own, so that nothing of the request is kept meanwhile. Nil is for
	// servers that are used by [Server.With] and [Server.Upgrade] only: ServeHTTP
	// then answers with status 500, and Serve returns an error.
	Handler Handler
	// Config has the limits of each connection. The zero value has them all at their
	// defaults, and no compression.
	Config websocket.Config
	// Origins are those allowed besides the server's own, such as
	// "https://example.org" or "https://*.example.org". "*" allows all, which is
	// safe only if nothing depends on who the user is. [handshake.CheckOrigin]
	// describes the forms. An entry that is none of them is an error of every
	// upgrade. None means the server's own alone.
	Origins []string
	// Subprotocols are those that the server speaks. The first of the client's
	// list that is among them is agreed on (RFC 6455 section 1.9), or none.
	// "*" stands for all.
	Subprotocols []string
	// Check, if not nil, is asked before each upgrade. A *[handshake.Refusal]
	// refuses it with its own status, headers and reason; another error with status
	// 403, and without its text, which is only logged. It's the place to
	// authenticate, unless middleware does. It runs in the goroutine of the request,
	// several at a time, and counts as a handshake under way meanwhile.
	Check func(r *http.Request) error
	// Refuse, if not nil, answers a request that isn't upgraded, in place of
	// [handshake.Refusal.ServeHTTP], for bodies of one's own. w has refusal's headers
	// already; write refusal.Status, or another status but 101, and a body. If it
	// writes nothing, the refusal is answered as usual. The connection is closed
	// behind the answer, unless it's one of HTTP/2, and the client has
	// Config.WriteTimeout to accept it. refusal is shared and must not be changed. A
	// fault of the server is a refusal with status 500.
	Refuse func(w http.ResponseWriter, r *http.Request, refusal *handshake.Refusal)
	// Logger gets the panics of handlers and the faults of the server at
	// [slog.LevelError], refused origins and headers that had to be left out at
	// [slog.LevelWarn], ten of each at once and then one in ten seconds, and, if it's
	// enabled for that level, each connection and refusal at [slog.LevelDebug]. Of a
	// request it gets the client's address, the path, and of a refused origin also
	// Origin and Host; never the query, other headers or messages. Nil is
	// [slog.Default].
	Logger *slog.Logger

	// MaxConns is how many connections may be open at a time. One more is
	// refused with status 503. 0 is [DefaultMaxConns], a negative value no limit.
	MaxConns int
	// MaxConnsPerAddr is how many of them may have the same client address, or,
	// with IPv6, the same first 64 bits, which is what one customer has. One more
	// is refused with status 429. 0 and negative values are no limit, as behind a
	// proxy all clients have one address unless TrustedProxies has it.
	MaxConnsPerAddr int
	// MaxHandshakes is how many opening handshakes may be under way. One more is
	// refused with status 503. On [Server.Serve] a handshake begins when its
	// connection is accepted; with [Server.ConnState] in place the limit also bounds
	// the TCP connections of an [http.Server] that are not upgraded, where idle ones
	// give way to new ones. 0 is [DefaultMaxHandshakes], a negative value no limit.
	MaxHandshakes int
	// HandshakeTimeout is how long a connection of [Server.Serve] may take until its
	// request is there, the handshake of TLS included. 0 is
	// [DefaultHandshakeTimeout], a negative value no limit. In front of ServeHTTP the
	// timeouts of the [http.Server] stand for it.
	HandshakeTimeout time.Duration
	// MaxLifetime is how long a connection may last. It's closed with
	// [frame.CodeGoingAway] then, so that it comes back to another server, or with
	// a new token. Each gets between three quarters and all of it, by chance, so
	// that those that came together don't go together. 0 is for ever.
	MaxLifetime time.Duration
	// TrustedProxies are the addresses of proxies that are believed when they say
	// with X-Forwarded-For who the client is: see [Server.ClientAddr]. None means
	// that nobody is.
	TrustedProxies []netip.Prefix
	// Slow is what becomes of a connection whose peer doesn't keep up with what
	// is posted to it. The zero value is [CloseSlow].
	Slow SlowPolicy

	mu       sync.Mutex
	conns    map[*websocket.Conn]struct{}
	load     load
	count    counters
	handlers int           // upgrades, connections and handlers that have not ended
	ended    chan struct{} // closed when Shutdown waits and handlers gets to 0
	closing  bool
	serving  serving // what Serve has under way

	refusedOrigins, leftOutHeaders warnings
}

// ServeHTTP upgrades the request and returns; [Server.Handler] goes on by itself. On a
// stream of HTTP/2 it returns when the connection is over.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, s.Handler)
}

// With returns a handler that is s but for its [Server.Handler]: its connections
// are among those of s.
func (s *Server) With(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, h) })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, h Handler) {
	if h == nil {
		s.refuse(w, r, errors.New("websocket: this server.Server has no Handler"))
		return
	}
	s.begin()
	upgraded := false
	defer func() {
		if !upgraded { // or Check panics
			s.end()
		}
	}()
	c, stream, err := s.establish(w, r, false)
	if err == nil {
		upgraded = true
		go s.handle(c, h)
	}
	if stream != nil {
		stream.run()
	}
}

// handle has a small frame: the less it leaves of a goroutine's first stack, the
// fewer handlers outgrow that.
func (s *Server) handle(c *websocket.Conn, h Handler) {
	defer s.handled(c)
	h(c.Context(), c)
}

// handled is deferred.
func (s *Server) handled(c *websocket.Conn) {
	defer s.end()
	if p := recover(); p != nil {
		s.logger().Error("websocket: panic in handler", "remote", c.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
		c.Close(frame.CodeInternalError, "")
		return
	}
	c.Close(frame.CodeNormal, "")
}

// track takes c into account until it's over. If a Shutdown has begun, which
// doesn't know of c, c is late.
func (s *Server) track(c *websocket.Conn, p *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.opened++
	s.handlers++
	if s.conns == nil {
		s.conns = make(map[*websocket.Conn]struct{})
	}
	s.conns[c] = struct{}{}
	p.late = s.closing
}

// forget is called once for each connection, when it's over. It and what it calls
// have small frames: most handlers end below a Read, with little left of their
// goroutine's first stack.
func (s *Server) forget(c *websocket.Conn, p *slot) {
	e, _ := c.Err().(*websocket.CloseError)
	failed := kind(e.Err)
	s.mu.Lock()
	s.releaseLocked(p)
	delete(s.conns, c)
	s.count.end(e, failed)
	s.mu.Unlock()
	if s.logs(slog.LevelDebug) {
		s.logEnd(c, e, p.since)
	}
	s.end()
}

func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers++
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers--
	if s.handlers == 0 && s.ended != nil {
		close(s.ended)
		s.ended = nil
	}
}

// Conns returns an iterator over the connections that are open now, those made
// by [Server.Upgrade] included.
func (s *Server) Conns() iter.Seq[*websocket.Conn] {
	return func(yield func(*websocket.Conn) bool) {
		for _, c := range s.snapshot() {
			if !yield(c) {
				return
			}
		}
	}
}

func (s *Server) snapshot() []*websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	cs := make([]*websocket.Conn, 0, len(s.conns))
	for c := range s.conns {
		if c.Err() == nil { // may be over and not yet taken out
			cs = append(cs, c)
		}
	}
	return cs
}
