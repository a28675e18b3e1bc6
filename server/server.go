package server

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// Handler has a conversation on c. ctx is [websocket.Conn.Context]: it has the
// values of the request's context and is done when the connection is over. When
// the Handler returns, the connection is closed, with [frame.CodeNormal] unless
// it's already closing.
type Handler func(ctx context.Context, c *websocket.Conn)

// Server upgrades requests and tracks the connections. Its fields must not be
// changed once it's in use; its methods may be called from any goroutine. The
// zero value with a Handler is ready to use, and safe.
type Server struct {
	// Handler is for the requests that come through ServeHTTP. It runs in a
	// goroutine of its own, so that nothing of the request is kept meanwhile.
	Handler Handler
	// Config has the limits of each connection.
	Config websocket.Config
	// Origins are those allowed besides the server's own, such as
	// "https://example.org" or "https://*.example.org". "*" allows all, which is
	// safe only if nothing depends on who the user is. [handshake.CheckOrigin]
	// describes the forms. An entry that is none of them is an error of every
	// upgrade.
	Origins []string
	// Subprotocols are those that the server speaks. The first of the client's
	// list that is among them is agreed on (RFC 6455 section 1.9).
	Subprotocols []string
	// Check, if not nil, is asked before each upgrade. An error refuses it with
	// status 403, a *[handshake.Refusal] with its own. It's the place to
	// authenticate, unless middleware does.
	Check func(r *http.Request) error
	// Logger gets the panics of handlers. Nil is [slog.Default].
	Logger *slog.Logger

	mu       sync.Mutex
	conns    map[*websocket.Conn]struct{}
	handlers int           // upgrades and handlers that have not ended
	ended    chan struct{} // closed when Shutdown waits and handlers gets to 0
	closing  bool
}

// ServeHTTP upgrades the request and returns; [Server.Handler] goes on by itself.
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
	c, err := s.Upgrade(w, r)
	if err != nil {
		return
	}
	upgraded = true
	go s.handle(c, h)
}

func (s *Server) handle(c *websocket.Conn, h Handler) {
	defer s.end()
	defer func() {
		if p := recover(); p != nil {
			s.logger().Error("websocket: panic in handler", "remote", c.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
			c.Close(frame.CodeInternalError, "")
			return
		}
		c.Close(frame.CodeNormal, "")
	}()
	h(c.Context(), c)
}

func (s *Server) logger() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

// track takes c into account until it's over. It reports whether a Shutdown has
// begun, which doesn't know of c.
func (s *Server) track(c *websocket.Conn) (closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = make(map[*websocket.Conn]struct{})
	}
	if c.Err() == nil { // else forget has been called already
		s.conns[c] = struct{}{}
	}
	return s.closing
}

func (s *Server) forget(c *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
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

// Broadcast sends m to all connections, each in its turn, and returns without
// waiting for any. A connection whose peer is so slow that its queue is full
// ([websocket.Config.MaxQueue]) is closed with [frame.CodePolicyViolation].
func (s *Server) Broadcast(m *websocket.Prepared) {
	for c := range s.Conns() {
		if c.Post(m) == websocket.ErrQueueFull {
			go c.Close(frame.CodePolicyViolation, "too slow")
		}
	}
}
