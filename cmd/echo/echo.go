package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"hawser/websocket"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// routes says who answers which path.
func routes(ws *server.Server, j *journal, greeting string) http.Handler {
	greet := ws.With(func(ctx context.Context, c *websocket.Conn) { echo(ctx, c, j, greeting) })
	mux := http.NewServeMux()
	mux.Handle("/", greet)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Upgrade"]) == 0 && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			servePage(w)
			return
		}
		greet.ServeHTTP(w, r)
	})
	mux.Handle("/echo", ws.With(func(ctx context.Context, c *websocket.Conn) { echo(ctx, c, j, "") }))
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, "ok\n")
	})
	return mux
}

// echo is the conversation with one client.
func echo(ctx context.Context, c *websocket.Conn, j *journal, greeting string) {
	j.printf("client connected")
	defer func() { j.printf("client disconnected %s", ending(c)) }()
	if greeting != "" && c.Write(ctx, websocket.Text, []byte(greeting)) != nil {
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		j.message(m)
		if c.Write(ctx, m.Type, m.Data) != nil {
			return
		}
	}
}

// ending tells how the connection ended, for the journal.
func ending(c *websocket.Conn) string {
	c.Close(frame.CodeNormal, "") // has no effect if it's over, as mostly
	var e *websocket.CloseError
	if !errors.As(c.Err(), &e) {
		return "?"
	}
	s := fmt.Sprint(uint16(e.Code))
	if e.Reason != "" {
		s += " " + text.Escape(e.Reason)
	}
	if e.Err != nil {
		s += " (" + text.Escape(e.Error()) + ")"
	}
	return s
}

// A journal prints what happens, a line at a time.
type journal struct {
	quiet bool
	mu    sync.Mutex
	w     io.Writer
}

func (j *journal) message(m websocket.Message) {
	switch {
	case j.quiet:
	case m.Type == websocket.Text:
		j.printf("Message: %s", text.Escape(string(m.Data)))
	default:
		j.printf("Message: %d bytes of binary", len(m.Data))
	}
}

func (j *journal) printf(format string, args ...any) {
	if j.quiet {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(j.w, format+"\n", args...)
}
