package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
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
	if err := s.upgrade(w, r, &o, s.beginHandshake()); err != nil {
		return nil, nil, err
	}
	c := s.open(&o)
	stream, _ := o.t.(*h2stream)
	if err := c.Err(); err != nil {
		return c, stream, fmt.Errorf("websocket: upgrade: %w", err)
	}
	if o.place.late {
		if stream == nil {
			c.Close(frame.CodeGoingAway, "")
		} else {
			go c.Close(frame.CodeGoingAway, "") // the answer to it comes when the stream is run
		}
		return c, stream, errClosing.error
	}
	return c, stream, nil
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
	t     websocket.Transport // nil before it has come to it
	brw   *bufio.ReadWriter   // of t, if that is from net/http
	buf   *[answerSize]byte   // of answers
	setup websocket.Setup
	place *slot
	lent  bool // see establish
}

// answers are buffers that most answers fit into, for as long as it takes to send them.
var answers = sync.Pool{New: func() any { return new([answerSize]byte) }}

const answerSize = 512

// upgrade is for a handshake that has begun, where err is why it can't go on. It has to
// be followed by open, unless it returns an error. What it calls is not a part of it, so
// that frames are small: the hash of the answer just fits into a stack of 4 KiB.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, o *opening, err error) error {
	defer func() {
		if o.t != nil {
			return
		}
		if o.place != nil { // or Check panics
			s.release(o.place)
		}
		s.endHandshake()
	}()
	var key string
	var extensions []handshake.Extension
	if err == nil {
		key, extensions, err = s.agree(w, r, o)
	}
	switch {
	case err != nil:
	case r.ProtoMajor > 1:
		err = o.takeStream(w, r, extensions)
	default:
		err = o.takeConn(w, key, extensions)
	}
	if err != nil {
		return s.refuse(w, r, err)
	}
	s.logRequest(slog.LevelDebug, r, "websocket: opened", "proto", r.Proto)
	if ctx := r.Context(); ctx != context.Background() {
		o.setup.Context = context.WithoutCancel(ctx)
	}
	return nil
}

// agree decides on the answer to r, and finds a place for the connection.
func (s *Server) agree(w http.ResponseWriter, r *http.Request, o *opening) (key string, extensions []handshake.Extension, err error) {
	req, err := s.parse(r)
	if err != nil {
		return "", nil, err
	}
	if o.place, err = s.admit(r); err != nil {
		return "", nil, err
	}
	if extensions, err = s.accept(r, req, &o.setup); err != nil {
		return "", nil, err
	}
	s.warnOfLeftOut(w, r)
	return req.Key, extensions, nil
}

// warnOfLeftOut warns of headers for the answer that are not middleware's to choose.
func (s *Server) warnOfLeftOut(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if len(h) == 0 {
		return
	}
	for _, name := range []string{"Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		if len(h[name]) > 0 {
			s.warn(&s.leftOutHeaders, r, "websocket: header left out of the answer: it is for the Server to choose", "header", name)
		}
	}
}

// takeConn takes the connection of w, with what has arrived on it behind the request.
func (o *opening) takeConn(w http.ResponseWriter, key string, extensions []handshake.Extension) (err error) {
	o.buf = answers.Get().(*[answerSize]byte)
	o.setup.Answer, err = handshake.AppendResponse(o.buf[:0], key, o.setup.Subprotocol, extensions, w.Header())
	if err != nil {
		return err
	}
	var nc net.Conn
	if x, ok := w.(*exchange); ok {
		nc, o.setup.Unread = x.nc, x.in[x.size:]
	} else {
		if nc, o.brw, err = http.NewResponseController(w).Hijack(); err != nil {
			return fmt.Errorf("websocket: the http.ResponseWriter %T can't give up its connection: %w", w, err)
		}
		o.setup.Unread, _ = o.brw.Reader.Peek(o.brw.Reader.Buffered())
	}
	if nc.SetDeadline(time.Time{}) != nil { // there may be those of the handshake
		nc.Close() // which the connection finds out
	}
	o.t = nc
	return nil
}

// takeStream takes the stream of an extended CONNECT.
func (o *opening) takeStream(w http.ResponseWriter, r *http.Request, extensions []handshake.Extension) error {
	header := w.Header().Clone()
	if header == nil {
		header = make(http.Header)
	}
	if err := handshake.SetConnectResponse(header, o.setup.Subprotocol, extensions); err != nil {
		return err
	}
	stream, err := acceptStream(w, r, header, o.lent)
	if err != nil {
		return err
	}
	o.t, o.setup.Answer = stream, streamAnswer
	return nil
}

// open makes the connection, which sends the answer. By then it's tracked, so that a
// client who has the answer gets all that is broadcast from there on.
func (s *Server) open(o *opening) *websocket.Conn {
	defer s.endHandshake()
	place := o.place
	o.setup.Opened = func(c *websocket.Conn) { s.track(c, place) }
	o.setup.Ended = func(c *websocket.Conn) { s.forget(c, place) }
	c := websocket.NewConn(o.t, o.setup, s.Config)
	if o.buf != nil {
		answers.Put(o.buf) // it has been sent, or never will be
	}
	s.startLife(c, place)
	if o.brw != nil {
		// net/http doesn't look at these any more, but keeps their buffers as long
		// as its goroutine lives.
		*o.brw.Reader, *o.brw.Writer = bufio.Reader{}, bufio.Writer{}
	}
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
	setup.Subprotocol = strings.Clone(handshake.SelectProtocol(req.Protocols, s.Subprotocols)) // not all of the head
	if k := s.Config.Compression; k != nil {
		if answer, agreed, ok := handshake.AcceptDeflate(req.Extensions, k.Deflate(frame.Server)); ok {
			setup.Deflate = &agreed
			return []handshake.Extension{answer}, nil
		}
	}
	return nil, nil
}
