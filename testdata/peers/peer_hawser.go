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
	s := hawserServer(o)
	serveHTTP(l, s)
	return hawserBroadcast(s)
}

// startHawserServe is the same without net/http.
func startHawserServe(l net.Listener, o options) func([]byte) {
	s := hawserServer(o)
	go s.Serve(l)
	return hawserBroadcast(s)
}

func hawserEcho(ctx context.Context, c *websocket.Conn) {
	for m, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

func hawserServer(o options) *server.Server {
	s := &server.Server{Handler: hawserEcho}
	if o.MaxMessage > websocket.DefaultMaxMessage {
		s.Config.MaxMessage = o.MaxMessage
	}
	if o.Compress {
		s.Config.Compression = &websocket.Compression{}
	}
	return s
}

func hawserBroadcast(s *server.Server) func([]byte) {
	return func(p []byte) { s.Broadcast(websocket.NewPrepared(websocket.Binary, p)) }
}
