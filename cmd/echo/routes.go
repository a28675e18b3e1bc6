package main

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"hawser/websocket"
	"hawser/websocket/server"
)

// routes says who answers which path.
func routes(ws *server.Server, j *journal, greeting string, health http.Handler) http.Handler {
	greet := ws.With(func(ctx context.Context, c *websocket.Conn) { echo(ctx, c, j, greeting) })
	topics := &server.Topics{Server: ws, MaxMessage: -1} // -max-message is the limit
	mux := http.NewServeMux()
	mux.Handle("/", greet)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if wantsPage(r) {
			servePage(w)
			return
		}
		greet.ServeHTTP(w, r)
	})
	mux.Handle("/echo", ws.With(func(ctx context.Context, c *websocket.Conn) { echo(ctx, c, j, "") }))
	mux.Handle("/all", ws.With(func(ctx context.Context, c *websocket.Conn) { talk(ctx, c, j, topics, "/all") }))
	mux.HandleFunc("/room/{name}", func(w http.ResponseWriter, r *http.Request) {
		room := r.URL.Path
		if err := server.CheckTopic(room); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if wantsPage(r) {
			servePage(w)
			return
		}
		ws.With(func(ctx context.Context, c *websocket.Conn) { talk(ctx, c, j, topics, room) }).ServeHTTP(w, r)
	})
	mux.Handle("/healthz", health)
	return mux
}

// wantsPage reports whether r is a browser's for the page to chat with, which connects to
// where it came from.
func wantsPage(r *http.Request) bool {
	return len(r.Header["Upgrade"]) == 0 && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// health tells proxies and the like whether to send clients here.
type health struct{ draining atomic.Bool }

func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if h.draining.Load() {
		if r.ProtoMajor == 1 { // others share a connection of HTTP/2
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "draining\n")
		return
	}
	io.WriteString(w, "ok\n")
}
