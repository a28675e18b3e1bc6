package websocket_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket"
)

type key struct{}

// TestContextsBesideTheConnections: with or without a standard context of the connection,
// the context of a call ends that call alone; one that was made of the connection's own
// ends it by the end of the connection, and its error is that of the connection.
func TestContextsBesideTheConnections(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *websocket.Conn) error{
		"Read": func(ctx context.Context, c *websocket.Conn) error { _, _, err := c.Read(ctx); return err },
		"Ping": func(ctx context.Context, c *websocket.Conn) error { _, err := c.Ping(ctx, nil); return err },
		"Write": func(ctx context.Context, c *websocket.Conn) error {
			return c.Write(ctx, websocket.Binary, make([]byte, 1<<20)) // the peer reads nothing
		},
		"Writer": func(ctx context.Context, c *websocket.Conn) error {
			if _, err := c.Writer(context.Background(), websocket.Text); err != nil {
				return err
			}
			_, err := c.Writer(ctx, websocket.Text) // waits for the one before
			return err
		},
	}
	for _, asked := range []bool{false, true} {
		for name, call := range calls {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, peer := websocket.Pipe(websocket.Config{}, websocket.Config{})
					defer peer.CloseNow()
					if asked {
						c.Done()
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					if err := call(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("asked %v: with a context of its own: %v", asked, err)
					}
					c.CloseNow()
				})
				for what, own := range map[string]func(context.Context) context.Context{
					"the connection's own": func(ctx context.Context) context.Context { return ctx },
					"one made of that":     func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, "x") },
				} {
					synctest.Test(t, func(t *testing.T) {
						c, peer := websocket.Pipe(websocket.Config{}, websocket.Config{})
						defer peer.CloseNow()
						if asked {
							c.Done()
						}
						time.AfterFunc(time.Second, func() { c.CloseNow() })
						err := call(own(c.Context()), c)
						var end *websocket.CloseError
						if !errors.As(err, &end) {
							t.Errorf("asked %v: with %s: %v", asked, what, err)
						}
						synctest.Wait()
					})
				}
			})
		}
	}
}
