// Package relay is a reverse proxy that takes part in both conversations: messages
// and the ends of connections go through it one by one, so it may look at them.
// (One that only passes bytes on needs no library: [net/http/httputil.ReverseProxy]
// upgrades too.)
package relay

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// Proxy relays each connection to the server at Target, with the same path and
// query.
type Proxy struct {
	Target string        // such as ws://localhost:3000
	Server server.Server // its Subprotocols are those that may be agreed on
	Dialer client.Dialer
}

// ServeHTTP dials the target first, so that the client gets to see a refusal.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := p.Dialer
	d.Subprotocols = nil
	for _, name := range strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if name = strings.TrimSpace(name); slices.Contains(p.Server.Subprotocols, name) {
			d.Subprotocols = append(d.Subprotocols, name)
		}
	}
	back, resp, err := d.Dial(r.Context(), p.Target+r.URL.RequestURI())
	if err != nil {
		status := http.StatusBadGateway
		if resp != nil {
			status = resp.StatusCode
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	defer back.CloseNow()
	// What the target has chosen is the only one left to choose.
	if r.Header.Del("Sec-WebSocket-Protocol"); back.Subprotocol() != "" {
		r.Header.Set("Sec-WebSocket-Protocol", back.Subprotocol())
	}
	front, err := p.Server.Upgrade(w, r)
	if err != nil {
		return
	}
	defer front.CloseNow()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		copyMessages(front, back)
	}()
	copyMessages(back, front)
	<-ended
}

// copyMessages passes what from sends on to to, in pieces as it comes, and then the
// end.
func copyMessages(to, from *websocket.Conn) {
	ctx := context.Background() // the end of either connection ends this
	for {
		if err := copyMessage(ctx, to, from); err != nil {
			passEnd(to, err)
			return
		}
	}
}

func copyMessage(ctx context.Context, to, from *websocket.Conn) error {
	t, r, err := from.Reader(ctx)
	if err != nil {
		return err
	}
	w, err := to.Writer(ctx, t)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

// passEnd closes c the way the other connection was closed.
func passEnd(c *websocket.Conn, err error) {
	var end *websocket.CloseError
	errors.As(err, &end)
	switch {
	case end == nil || end.Code == websocket.CodeAbnormal:
		// It was cut, which no Close frame can say. A server that lost what is
		// behind it says 1014, a client can only be cut too.
		if c.Role() == frame.Server {
			c.Close(websocket.CodeBadGateway, "")
		} else {
			c.CloseNow()
		}
	default:
		c.Close(end.Code, end.Reason)
	}
}
