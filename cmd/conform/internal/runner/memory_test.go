package runner_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// memory is a listener whose connections are pipes.
type memory struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newMemory() *memory { return &memory{conns: make(chan net.Conn), done: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case nc := <-m.conns:
		return nc, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe.test:80" }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := duplex()
	select {
	case m.conns <- b:
		return a, nil
	case <-m.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// half is an end of a connection that is made of a pipe for each direction, so
// that one of them can end before the other, as on a socket.
type half struct{ r, w net.Conn }

func duplex() (a, b *half) {
	ar, bw := net.Pipe()
	br, aw := net.Pipe()
	return &half{ar, aw}, &half{br, bw}
}

func (h *half) Read(p []byte) (int, error)         { return h.r.Read(p) }
func (h *half) Write(p []byte) (int, error)        { return h.w.Write(p) }
func (h *half) CloseWrite() error                  { return h.w.Close() }
func (h *half) Close() error                       { return errors.Join(h.w.Close(), h.r.Close()) }
func (h *half) LocalAddr() net.Addr                { return pipeAddr{} }
func (h *half) RemoteAddr() net.Addr               { return pipeAddr{} }
func (h *half) SetReadDeadline(t time.Time) error  { return h.r.SetReadDeadline(t) }
func (h *half) SetWriteDeadline(t time.Time) error { return h.w.SetWriteDeadline(t) }
func (h *half) SetDeadline(t time.Time) error {
	return errors.Join(h.r.SetDeadline(t), h.w.SetDeadline(t))
}
