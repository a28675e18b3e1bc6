//go:build unix

package deploy

import (
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
)

// TestQuietConnection: pings keep a connection without messages from being cut off by a
// proxy whose timeout is longer than -ping, if only by half of it. It has the ratios of
// the defaults, at a fifteenth of their times.
func TestQuietConnection(t *testing.T) {
	t.Parallel()
	shorten := func(config string) string {
		if !strings.Contains(config, "75s;") && !strings.Contains(config, "tunnel 75s") {
			t.Fatal("the timeouts for silence are not 75s")
		}
		return strings.ReplaceAll(config, "75s", "3500ms")
	}
	eachEdited(t, shorten, func(t *testing.T, p *proxy, _ [2]*echo) {
		pings := make(chan struct{}, 10)
		d := p.dialer()
		d.Config.PingInterval = -1
		d.Config.Trace = &websocket.Trace{FrameReceived: func(_ *websocket.Conn, h frame.Header) {
			if h.Opcode == frame.Ping {
				pings <- struct{}{}
			}
		}}
		c, _, err := d.Dial(ctx, p.url("/echo"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		ended := make(chan error, 1)
		go func() {
			_, _, err := c.Read(ctx)
			ended <- err
		}()
		for range 3 {
			select {
			case <-pings:
			case err := <-ended:
				t.Fatal(err)
			}
		}
	}, "-ping", "2s", "-ping-timeout", "1300ms")
}
