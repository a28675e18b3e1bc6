package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hawser/websocket"
	"hawser/websocket/internal/stream"
)

// A h2conn is a stream of HTTP/2 as the transport of a connection (RFC 8441). Its bytes
// are those of the request's body and the response's, which net/http reads and writes on
// its own goroutines.
type h2conn struct {
	in     stream.Reader
	out    stream.Writer
	cancel context.CancelFunc       // of the request
	resp   *http.Response           // set by start
	tcp    atomic.Pointer[net.Conn] // that it's on, to look at
	pumped chan struct{}            // closed when nothing more is received
	close  sync.Once
	ended  func() // called once, when the stream is over
}

// start begins to receive.
func (h *h2conn) start(resp *http.Response) {
	h.resp, h.pumped = resp, make(chan struct{})
	go func() {
		defer close(h.pumped)
		h.in.Pump(resp.Body)
	}()
}

func (h *h2conn) Read(p []byte) (int, error)         { return h.in.Read(p) }
func (h *h2conn) WaitRead() error                    { return h.in.WaitRead() }
func (h *h2conn) Write(p []byte) (int, error)        { return h.out.Write(p) }
func (h *h2conn) SetReadDeadline(t time.Time) error  { return h.in.SetReadDeadline(t) }
func (h *h2conn) SetWriteDeadline(t time.Time) error { return h.out.SetWriteDeadline(t) }

func (h *h2conn) SetDeadline(t time.Time) error {
	h.in.SetReadDeadline(t)
	return h.out.SetWriteDeadline(t)
}

// CloseWrite ends the stream in this direction, behind what was written.
func (h *h2conn) CloseWrite() error { return h.out.CloseWrite() }

// Close ends the stream and drops what was not read. As with TCP, what was written before
// is still sent, and the server gets a while to end the stream as well. If it doesn't, or
// at once if a Write is under way, the stream is reset (RST_STREAM with CANCEL). Close
// doesn't wait for any of that.
func (h *h2conn) Close() error {
	h.close.Do(func() {
		sent := h.out.End()
		if sent == nil {
			h.in.Close()
		} else {
			h.in.Drain()
		}
		h.out.Close()
		go func() {
			if sent != nil && h.bothEnd(sent) {
				return // net/http does the rest
			}
			h.cancel()
			h.resp.Body.Close() // wakes who waits for the window of the stream
		}()
		h.ended()
	})
	return nil
}

// bothEnd waits for the end of both directions, and reports whether they ended in peace.
func (h *h2conn) bothEnd(sent <-chan struct{}) bool {
	timeout := time.NewTimer(websocket.DefaultCloseTimeout)
	defer timeout.Stop()
	for _, end := range []<-chan struct{}{sent, h.pumped} {
		select {
		case <-end:
		case <-timeout.C:
			return false
		}
	}
	return h.in.Ended()
}

// EndsFirst is for [websocket.Transport]: no state remains of a stream, and a server may
// wait for its end.
func (h *h2conn) EndsFirst() bool { return true }

// LocalAddr is that of the TCP connection.
func (h *h2conn) LocalAddr() net.Addr {
	if nc := h.tcp.Load(); nc != nil {
		return (*nc).LocalAddr()
	}
	return nil
}

// RemoteAddr is that of the TCP connection.
func (h *h2conn) RemoteAddr() net.Addr {
	if nc := h.tcp.Load(); nc != nil {
		return (*nc).RemoteAddr()
	}
	return nil
}

// ConnectionState is that of the TLS connection which the stream is a part of, or the
// zero state without TLS.
func (h *h2conn) ConnectionState() tls.ConnectionState {
	if h.resp.TLS == nil {
		return tls.ConnectionState{}
	}
	return *h.resp.TLS
}

// Protocol is the version of HTTP.
func (h *h2conn) Protocol() string { return h.resp.Proto }
