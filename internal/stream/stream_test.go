package stream_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/internal/stream"
)

// TestReader: a deadline ends what waits and leaves the rest; nothing is lost.
func TestReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r stream.Reader
		src, w := io.Pipe()
		go r.Pump(src)
		p := make([]byte, 3)
		for range 3 {
			r.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := r.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			r.SetReadDeadline(time.Time{})
		}
		go func() {
			io.WriteString(w, "hello")
			w.Close()
		}()
		if err := r.WaitRead(); err != nil {
			t.Error(err)
		}
		if n, err := r.Read(p); string(p[:n]) != "hel" || err != nil {
			t.Errorf("%q, %v", p[:n], err)
		}
		if all, err := io.ReadAll(&r); string(all) != "lo" || err != nil || !r.Ended() {
			t.Errorf("%q, %v", all, err)
		}
	})
}

// TestReaderEnds: errors of the stream are those of a network, and Close ends what waits.
func TestReaderEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r stream.Reader
		src, w := io.Pipe()
		go r.Pump(src)
		w.CloseWithError(errors.New("reset"))
		var network net.Error
		if _, err := r.Read(nil); !errors.As(err, &network) || r.Ended() {
			t.Error(err)
		}
		var closed stream.Reader
		src, w = io.Pipe()
		go closed.Pump(src)
		go func() {
			synctest.Wait()
			closed.Close()
			w.Close()
		}()
		if _, err := closed.Read(nil); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestWriter: what is written is what is read, in order, of any size, up to the end.
func TestWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w stream.Writer
		var want []byte
		go func() {
			for size := range 300 {
				p := bytes.Repeat([]byte{byte(size)}, size*size)
				want = append(want, p...)
				if n, err := w.Write(p); n != len(p) || err != nil {
					t.Error(n, err)
				}
			}
			if sent := w.End(); sent == nil {
				t.Error("not in peace")
			} else {
				<-sent
			}
		}()
		got, err := io.ReadAll(w.Body())
		synctest.Wait()
		if !bytes.Equal(got, want) || err != nil {
			t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
		}
		if _, err := w.Write(nil); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestWriterStuck: nobody reads, so a deadline or Close ends a Write. Its rest never goes
// out.
func TestWriterStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w stream.Writer
		if n, err := w.Write([]byte("early")); n != 5 || err != nil {
			t.Error(n, err)
		}
		w.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := w.Write(make([]byte, 1<<20)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
		if w.End() != nil {
			t.Error("ends in peace")
		}
		w.Close()
		if got, err := io.ReadAll(w.Body()); string(got) != "early" || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%q, %v", got, err)
		}
		var lost stream.Writer
		lost.Body().Close()
		var network net.Error
		if _, err := lost.Write([]byte("x")); !errors.As(err, &network) {
			t.Error(err)
		}
	})
}
