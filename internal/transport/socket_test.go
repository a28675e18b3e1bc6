//go:build unix

package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sockets returns both ends of a TCP connection.
func sockets(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn)
}

// TestSocketsWaitWithoutABuffer: what has arrived is read without any waiting, and before
// it waits a read gives the buffer back.
func TestSocketsWaitWithoutABuffer(t *testing.T) {
	t.Parallel()
	a, b := sockets(t)
	s, r := on(a, new(record))
	src := s.Source()
	done := make(chan error)
	go func() {
		_, err := src.ReadLate(r.Lender())
		done <- err
	}()
	for waits := false; !waits; { // the peer's bytes come only then
		for _, call := range r.take() {
			waits = waits || call == "before wait"
		}
	}
	io.WriteString(b, "abc")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"take", "after read of 3"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

// TestSocketReadErrors: the end, a context and a closed connection are told apart.
func TestSocketReadErrors(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		do   func(a, b *net.TCPConn, r *reader)
		want error
	}{
		{"end of the stream", func(a, b *net.TCPConn, r *reader) { b.Close() }, io.EOF},
		{"context over", func(a, b *net.TCPConn, r *reader) { r.ctx = canceled }, os.ErrDeadlineExceeded},
		{"closed", func(a, b *net.TCPConn, r *reader) { a.Close() }, net.ErrClosed},
		{"reset", func(a, b *net.TCPConn, r *reader) { b.SetLinger(0); b.Close() }, syscall.ECONNRESET},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := sockets(t)
			s, r := on(a, new(record))
			src := s.Source()
			test.do(a, b, r)
			n, err := src.ReadLate(r.Lender())
			if n != 0 || !errors.Is(err, test.want) {
				t.Errorf("%d, %v, want %v", n, err, test.want)
			}
		})
	}
}

// TestTryWriteTakesWhatFits: it never waits, and writes head and payload in one piece.
func TestTryWriteTakesWhatFits(t *testing.T) {
	t.Parallel()
	a, b := sockets(t)
	s, _ := on(a, new(record))
	if !s.Tries() {
		t.Fatal("a TCP connection is no socket")
	}
	if n, err := s.TryWrite([]byte("head"), []byte("payload")); n != 11 || err != nil {
		t.Error(n, err)
	}
	p := make([]byte, 11)
	if _, err := io.ReadFull(b, p); string(p) != "headpayload" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	large, total := make([]byte, 1<<20), 0
	for {
		n, err := s.TryWrite(large, nil)
		if err != nil {
			t.Fatal(err)
		}
		if total += n; n == 0 {
			break // the peer reads nothing
		}
	}
	if k, err := io.CopyN(io.Discard, b, int64(total)); k != int64(total) || err != nil {
		t.Errorf("%d of %d bytes, %v", k, total, err)
	}
}

// TestTryWriteAfterAWriteThatWaited: a deadline that is left over is taken back.
func TestTryWriteAfterAWriteThatWaited(t *testing.T) {
	t.Parallel()
	a, b := sockets(t)
	s, _ := on(a, new(record))
	a.SetWriteDeadline(time.Unix(1, 0))
	if n, err := s.TryWrite([]byte("abc"), nil); n != 3 || err != nil {
		t.Error(n, err)
	}
	p := make([]byte, 3)
	if _, err := io.ReadFull(b, p); err != nil {
		t.Error(err)
	}
}

// TestWrappedSocketsAreNone: their own Read and Write must be heard.
func TestWrappedSocketsAreNone(t *testing.T) {
	t.Parallel()
	a, _ := sockets(t)
	if s, _ := on(struct{ *net.TCPConn }{a}, new(record)); s.Tries() {
		t.Error("a wrapped socket is taken for one")
	}
}

// TestDiscardOfASocket: it reads to the end of what the peer sends.
func TestDiscardOfASocket(t *testing.T) {
	t.Parallel()
	a, b := sockets(t)
	s, _ := on(a, new(record))
	go func() {
		b.Write(make([]byte, 1<<20))
		b.CloseWrite()
	}()
	s.Discard(64 << 20)
	if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
}

// TestTryWriteErrors: a write that the system refuses is an error, and one of nothing is none.
func TestTryWriteErrors(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(a, b *net.TCPConn){
		"closed": func(a, b *net.TCPConn) { a.Close() },
		"ended":  func(a, b *net.TCPConn) { a.CloseWrite() },
	} {
		a, b := sockets(t)
		s, _ := on(a, new(record))
		if n, err := s.TryWrite(nil, nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		do(a, b)
		if n, err := s.TryWrite([]byte("head"), []byte("payload")); n != 0 || err == nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if err := s.Write(context.Background(), []byte("head"), nil, 0, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
