package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// Upgrade upgrades the request (RFC 6455 section 4.2) and returns the
// connection, for handlers that want to look at the request themselves. The
// caller has to read from it and to close it; [Server.Shutdown] closes it too.
// What w.Header() holds goes out with the answer, but for what belongs to the handshake
// and to HTTP's framing, such as Connection and Sec-WebSocket-Protocol. The connection's
// context has the values of r.Context(), not its end.
//
// On a stream of HTTP/2 (RFC 8441) the caller has to close the connection, by
// [websocket.Conn.Close] or CloseNow, before its handler returns: the stream ends with
// it.
//
// A request that can't be upgraded has been answered when Upgrade returns its
// error, which is a *[handshake.Refusal] if it's the client's fault or there are
// too many.
func (s *Server) Upgrade(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	c, stream, err := s.establish(w, r, true)
	if stream != nil {
		stream.lend(c)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// establish is Upgrade, but for that somebody has to run the stream if there's one,
// which may also be with an error, besides a connection that ends. lent says that the
// caller is not this package's own handler.
func (s *Server) establish(w http.ResponseWriter, r *http.Request, lent bool) (*websocket.Conn, *h2stream, error) {
	s.begin() // a Shutdown waits
	defer s.end()
	o := opening{lent: lent}
	if err := s.upgrade(w, r, &o); err != nil {
		return nil, nil, err
	}
	c := s.open(&o)
	if err := c.Err(); err != nil {
		return c, o.stream, fmt.Errorf("websocket: upgrade: %w", err)
	}
	if o.place.late {
		if o.stream == nil {
			c.Close(frame.CodeGoingAway, "")
		} else {
			go c.Close(frame.CodeGoingAway, "") // the answer to it comes when the stream is run
		}
		return c, o.stream, errClosing.error
	}
	return c, o.stream, nil
}

// refused is why a request isn't upgraded, and what that counts as.
type refused struct {
	reason string
	error
}

func (e refused) Unwrap() error { return e.error }

var errClosing = refused{reasonClosing, &handshake.Refusal{
	Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}, Reason: "the server is shutting down"}}

// opening is what an upgrade comes to.
type opening struct {
	t      websocket.Transport // nil before it has come to it
	stream *h2stream           // t, if it's one
	brw    *bufio.ReadWriter   // of t, if it's a connection of its own
	setup  websocket.Setup
	place  *slot
	lent   bool // see establish
}

// upgrade has to be followed by open, unless it returns an error.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, o *opening) error {
	defer func() {
		if o.t == nil { // or Check panics
			s.endHandshake()
		}
	}()
	if err := s.beginHandshake(); err != nil {
		return s.refuse(w, r, err)
	}
	req, err := s.parse(r)
	if err != nil {
		return s.refuse(w, r, err)
	}
	if o.place, err = s.admit(r); err != nil {
		return s.refuse(w, r, err)
	}
	defer func() {
		if o.t == nil {
			s.release(o.place)
		}
	}()
	extensions, err := s.accept(r, req, &o.setup)
	if err != nil {
		return s.refuse(w, r, err)
	}
	for _, name := range []string{"Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		if len(w.Header()[name]) > 0 {
			s.warn(&s.leftOutHeaders, r, "websocket: header left out of the answer: it is for the Server to choose", "header", name)
		}
	}
	if r.ProtoMajor > 1 {
		err = o.takeStream(w, r, extensions)
	} else {
		err = o.takeConn(w, req.Key, extensions)
	}
	if err != nil {
		return s.refuse(w, r, err)
	}
	s.logRequest(slog.LevelDebug, r, "websocket: opened", "proto", r.Proto)
	o.setup.Context = context.WithoutCancel(r.Context())
	return nil
}

// takeConn takes the TCP connection from net/http.
func (o *opening) takeConn(w http.ResponseWriter, key string, extensions []handshake.Extension) (err error) {
	o.setup.Answer, err = handshake.AppendResponse(nil, key, o.setup.Subprotocol, extensions, w.Header())
	if err != nil {
		return err
	}
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("websocket: the http.ResponseWriter %T can't give up its connection: %w", w, err)
	}
	if nc.SetDeadline(time.Time{}) != nil { // the http.Server may have set some
		nc.Close() // which the connection finds out
	}
	o.t, o.brw = nc, brw
	return nil
}

// takeStream takes the stream of an extended CONNECT.
func (o *opening) takeStream(w http.ResponseWriter, r *http.Request, extensions []handshake.Extension) (err error) {
	header := w.Header().Clone()
	if header == nil {
		header = make(http.Header)
	}
	if err := handshake.SetConnectResponse(header, o.setup.Subprotocol, extensions); err != nil {
		return err
	}
	if o.stream, err = acceptStream(w, r, header, o.lent); err != nil {
		return err
	}
	o.t, o.setup.Answer = o.stream, streamAnswer
	return nil
}

// open makes the connection, which sends the answer. By then it's tracked, so that a
// client who has the answer gets all that is broadcast from there on.
func (s *Server) open(o *opening) *websocket.Conn {
	defer s.endHandshake()
	place := o.place
	if o.brw != nil {
		o.setup.Unread, _ = o.brw.Reader.Peek(o.brw.Reader.Buffered())
	}
	o.setup.Opened = func(c *websocket.Conn) { s.track(c, place) }
	o.setup.Ended = func(c *websocket.Conn) { s.forget(c, place) }
	c := websocket.NewConn(o.t, o.setup, s.Config)
	s.startLife(c, place)
	if o.brw == nil {
		return c
	}
	// net/http doesn't look at these any more, but keeps their buffers as long
	// as its goroutine lives.
	*o.brw.Reader, *o.brw.Writer = bufio.Reader{}, bufio.Writer{}
	return c
}

// parse checks what the client asks for, and whether its page may.
func (s *Server) parse(r *http.Request) (handshake.Request, error) {
	req, err := handshake.ParseRequest(r)
	if err != nil {
		return req, refused{reasonRequest, err}
	}
	if err := handshake.CheckOrigins(s.Origins); err != nil {
		return req, err
	}
	if err := handshake.CheckOrigin(r, s.Origins); err != nil {
		return req, refused{reasonOrigin, err}
	}
	return req, nil
}

// accept asks Check and decides on what is agreed on. It returns the extensions to
// answer with.
func (s *Server) accept(r *http.Request, req handshake.Request, setup *websocket.Setup) ([]handshake.Extension, error) {
	if s.Check != nil {
		if err := s.Check(r); err != nil {
			var refusal *handshake.Refusal
			if !errors.As(err, &refusal) { // its text is not for strangers
				err = fmt.Errorf("%w (%w)", &handshake.Refusal{Status: http.StatusForbidden, Reason: "not allowed"}, err)
			}
			return nil, refused{reasonCheck, err}
		}
	}
	setup.Role = frame.Server
	setup.Subprotocol = handshake.SelectProtocol(req.Protocols, s.Subprotocols)
	if k := s.Config.Compression; k != nil {
		if answer, agreed, ok := handshake.AcceptDeflate(req.Extensions, k.Deflate(frame.Server)); ok {
			setup.Deflate = &agreed
			return []handshake.Extension{answer}, nil
		}
	}
	return nil, nil
}
