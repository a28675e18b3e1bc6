package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"hawser/websocket"
	"hawser/websocket/internal/stream"
)

// A h2stream is a stream of HTTP/2 as the transport of a connection (RFC 8441). Its
// bytes are those of the request's body and the answer's. What net/http gives to a
// handler lives until the handler returns, so somebody has to stay there: run does.
type h2stream struct {
	stream.Reader
	r *http.Request
	w http.ResponseWriter // net/http's own, below what middleware has put around it
	// control is that of w. A read deadline in the past ends the body for good, without
	// a word to the client; a write deadline in the past resets the stream.
	control *http.ResponseController

	writing sync.Mutex // held while w is in use

	mu       sync.Mutex
	answered bool        // the head of the answer is on its way
	busy     bool        // a Write is under way
	ended    bool        // nothing is to be written any more
	reset    bool        // the stream was
	gone     bool        // the handler returns, or has: w must not be used any more
	expired  bool        // the deadline has passed
	deadline time.Time   // for writing; zero for none
	timer    *time.Timer // runs out at the deadline while busy; nil until it's needed

	// lent says that the handler is not this package's own, and returns when it likes.
	lent bool
	over chan struct{} // closed when ended is set
}

// acceptStream takes over the stream of an extended CONNECT. The header of the answer
// is that of w.
func acceptStream(w http.ResponseWriter, r *http.Request, header http.Header, lent bool) (*h2stream, error) {
	inner := w
	for {
		u, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		inner = u.Unwrap()
	}
	s := &h2stream{r: r, w: inner, control: http.NewResponseController(inner), lent: lent, over: make(chan struct{})}
	// The http.Server may have set some; and without deadlines nothing works.
	if err := errors.Join(s.control.SetReadDeadline(time.Time{}), s.control.SetWriteDeadline(time.Time{})); err != nil {
		return nil, fmt.Errorf("websocket: the http.ResponseWriter %T can't give up its stream: %w", w, err)
	}
	if _, set := header["Content-Type"]; !set {
		header["Content-Type"] = nil // or net/http guesses one
	}
	h := inner.Header()
	clear(h)
	for name, values := range header {
		h[name] = values
	}
	return s, nil
}

// streamAnswer stands for the answer, which is the first that a connection writes.
var streamAnswer = []byte("200")

// run receives until the connection is done with the stream, and then waits until
// nothing uses it any more. It's for the goroutine that net/http has called: when that
// returns, the stream ends.
func (s *h2stream) run() {
	s.Pump(s.r.Body)
	<-s.over
	s.leave()
}

// leave waits until nothing uses w any more.
func (s *h2stream) leave() {
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.writing.Lock() // waits for a Write under way
	s.writing.Unlock()
}

// lend is run for a handler that has called Upgrade. It has to close the connection
// before it returns. If it doesn't, that is the end of the connection as well.
func (s *h2stream) lend(c *websocket.Conn) {
	stop := context.AfterFunc(s.r.Context(), func() { s.handlerReturned(c) })
	go func() {
		defer stop()
		s.run()
	}()
}

func (s *h2stream) handlerReturned(c *websocket.Conn) {
	if errors.Is(s.r.Context().Err(), context.DeadlineExceeded) {
		return // middleware's, for requests; the handler may well go on
	}
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	c.CloseNow()
}

// Write sends p in a piece of its own. It waits until net/http has written it to the
// TCP connection, or the stream is reset.
func (s *h2stream) Write(p []byte) (n int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	answer, err := s.beginWrite()
	if err != nil {
		return 0, err
	}
	err = s.endWrite(s.send(p, answer))
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *h2stream) send(p []byte, answer bool) (err error) {
	if s.lent {
		defer func() {
			if recover() != nil { // the handler has just returned
				err = net.ErrClosed
			}
		}()
	}
	if answer {
		s.w.WriteHeader(http.StatusOK)
	} else if _, err := s.w.Write(p); err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *h2stream) beginWrite() (answer bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended, s.gone:
		return false, net.ErrClosed
	case s.expired:
		return false, os.ErrDeadlineExceeded
	}
	s.busy = true
	s.armLocked()
	answer = !s.answered
	s.answered = true
	return answer, nil
}

func (s *h2stream) endWrite(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	if s.timer != nil {
		s.timer.Stop()
	}
	switch {
	case err == nil:
		return nil
	case s.ended:
		return net.ErrClosed
	case s.expired:
		return os.ErrDeadlineExceeded
	}
	return &net.OpError{Op: "write", Net: "http2", Addr: s.RemoteAddr(), Err: err}
}

// SetWriteDeadline is that of a [net.Conn]. A Write that it ends leaves a part of a
// message with the client, so the stream is reset then.
func (s *h2stream) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline, s.expired = t, false
	if s.busy {
		s.armLocked()
	}
	if !t.IsZero() && time.Until(t) <= 0 {
		s.expireLocked()
	}
	return nil
}

// armLocked has the deadline end the Write under way. mu is held.
func (s *h2stream) armLocked() {
	switch wait := time.Until(s.deadline); {
	case s.deadline.IsZero():
		if s.timer != nil {
			s.timer.Stop()
		}
	case s.timer == nil:
		s.timer = time.AfterFunc(wait, s.expire)
	default:
		s.timer.Reset(wait)
	}
}

func (s *h2stream) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deadline.IsZero() && time.Until(s.deadline) <= 0 {
		s.expireLocked()
	}
}

func (s *h2stream) expireLocked() {
	s.expired = true
	if s.busy {
		s.resetLocked()
	}
}

// resetLocked ends the stream both ways at once, and with it a Write under way. mu is
// held.
func (s *h2stream) resetLocked() {
	if !s.reset && !s.gone {
		s.reset = true
		s.control.SetWriteDeadline(time.Unix(1, 0))
	}
}

// CloseWrite ends the stream (END_STREAM) by having net/http's handler return.
func (s *h2stream) CloseWrite() error {
	s.end()
	return nil
}

// Close does the same, and drops what was not read. As with TCP, what was written before
// arrives. If a Write is under way, the stream is reset.
func (s *h2stream) Close() error {
	s.end()
	s.Reader.Close()
	if s.lent {
		s.leave() // the handler may return now
	}
	return nil
}

// end is for the first call only.
func (s *h2stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	if s.busy {
		s.resetLocked()
	}
	if !s.gone {
		s.control.SetReadDeadline(time.Unix(1, 0)) // ends what Pump waits in
	}
	close(s.over)
}

// EndsFirst is for [websocket.Transport]: no state remains of a stream.
func (s *h2stream) EndsFirst() bool { return true }

// LocalAddr is that of the TCP connection.
func (s *h2stream) LocalAddr() net.Addr {
	addr, _ := s.r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return addr
}

// RemoteAddr is that of the TCP connection.
func (s *h2stream) RemoteAddr() net.Addr {
	if addr, err := netip.ParseAddrPort(s.r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(addr)
	}
	return &net.UnixAddr{Name: s.r.RemoteAddr, Net: "unix"}
}

// ConnectionState is that of the TLS connection which the stream is a part of, or the
// zero state without TLS.
func (s *h2stream) ConnectionState() tls.ConnectionState {
	if s.r.TLS == nil {
		return tls.ConnectionState{}
	}
	return *s.r.TLS
}

// Protocol is the version of HTTP.
func (s *h2stream) Protocol() string { return s.r.Proto }
