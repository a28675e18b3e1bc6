package websocket_test

import (
	"io"
	"testing"

	"hawser/websocket"
)

// panicWriter panics at the first write.
type panicWriter struct{}

func (panicWriter) Write([]byte) (int, error) { panic("oh no") }

// TestPanics is line R9: what panics in the midst of a message that is being read
// or written leaves the connection as it is.
func TestPanics(t *testing.T) {
	t.Parallel()
	forPairs(t, large, func(t *testing.T, c, s *websocket.Conn) {
		caught := func(f func()) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		}
		for range 3 {
			for range 2 {
				if err := c.Write(ctx, websocket.Text, []byte("hello")); err != nil {
					t.Fatal(err)
				}
			}
			caught(func() {
				_, r, err := s.Reader(ctx)
				if err != nil {
					t.Error(err)
				}
				io.Copy(panicWriter{}, r)
			})
			caught(func() {
				for range s.Messages(ctx) {
					panic("oh no")
				}
			})
			caught(func() {
				w, err := s.Writer(ctx, websocket.Binary)
				if err != nil {
					t.Error(err)
				}
				defer w.Close()
				io.WriteString(w, "before it")
				panic("oh no")
			})
			if _, p, err := c.Read(ctx); string(p) != "before it" || err != nil {
				t.Errorf("%q, %v", p, err)
			}
		}
		done := goEcho(s)
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		closeError(t, <-done)
	})
}
