package main

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// startCoder echoes with Read and Write, which for this library is cheaper
// than its other way, io.Copy from a Reader to a Writer; a context that never
// ends is cheaper than one that does. Its limit of 32 KiB is raised for all
// loads, as the other libraries have none so low.
func startCoder(l net.Listener, o options) func([]byte) {
	var all members[*websocket.Conn]
	accept := websocket.AcceptOptions{}
	if o.Compress {
		accept.CompressionMode = websocket.CompressionContextTakeover
	}
	ctx := context.Background()
	serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &accept)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(max(1<<20, o.MaxMessage))
		all.add(c)
		defer all.remove(c)
		for {
			t, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			if err := c.Write(ctx, t, p); err != nil {
				return
			}
		}
	}))
	return func(p []byte) {
		all.each(func(c *websocket.Conn) { c.Write(ctx, websocket.MessageBinary, p) })
	}
}
