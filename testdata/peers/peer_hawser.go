package main

import (
	"context"
	"net"

	"hawser/websocket"
	"hawser/websocket/server"
)

// startHawser is the echo of our README with all limits at their defaults: pings,
// timeouts and UTF-8 checks are on.
func startHawser(l net.Listener, o options) func([]byte) {
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}}
	if o.MaxMessage > websocket.DefaultMaxMessage {
		s.Config.MaxMessage = o.MaxMessage
	}
	if o.Compress {
		s.Config.Compression = &websocket.Compression{}
	}
	serveHTTP(l, s)
	return func(p []byte) {
		s.Broadcast(websocket.NewPrepared(websocket.Binary, p))
	}
}
