package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/server"
)

// listen talks with all clients that connect. It returns the exit code.
func (t *talk) listen() int {
	l, err := net.Listen("tcp", t.o.listen)
	if err != nil {
		t.s.failure("%s", text.Escape(err.Error()))
		return exitConnect
	}
	ws := &server.Server{
		Handler:      t.client,
		Config:       t.config(),
		Origins:      t.o.header["Origin"],
		Check:        ownHosts(l.Addr(), t.o.header["Origin"]),
		Subprotocols: t.o.subprotocols,
	}
	hs := &http.Server{
		Handler:           ws,
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 10 * time.Second,
	}
	scheme := "ws"
	if t.o.certificates != nil {
		scheme = "wss"
		l = tls.NewListener(l, &tls.Config{Certificates: t.o.certificates, NextProtos: []string{"http/1.1"}})
	}
	t.s.status("listening on %s://%s", scheme, l.Addr())
	if t.s.inTerminal {
		t.s.spawn(t.readTerminal)
	}
	t.s.spawn(func() {
		if err := hs.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.s.failure("%s", text.Escape(err.Error()))
			t.stop(errLeft)
		}
	})
	<-t.ctx.Done()
	hs.Close()
	ws.Shutdown(context.Background()) // bounded, as all are being closed
	return t.verdict(exitNormal)
}

// client talks with one client.
func (t *talk) client(_ context.Context, c *websocket.Conn) {
	defer t.s.rescue()
	p := t.join(c, func(p *peer) { t.s.status("client%s connected from %v", p.name(), c.RemoteAddr()) })
	t.receive(p)
	t.leave(p)
	var e *websocket.CloseError
	if err := c.Err(); errors.As(err, &e) && e.Err != nil {
		t.s.status("client%s gone: %s", p.name(), t.s.explain(e.Err))
	} else if e != nil {
		t.s.status("client%s gone%s", p.name(), codeAndReason(e))
	}
}

func (p *peer) name() string { return fmt.Sprintf(" %d", p.number) }

// from tells which client p is, if there may be several.
func (t *talk) from(p *peer) string {
	if t.o.listen == "" {
		return ""
	}
	return " from client" + p.name()
}
