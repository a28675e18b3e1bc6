package main

import (
	"context"
	"sync"

	"hawser/websocket"
	"hawser/websocket/server"
)

// echo is the conversation with one client.
func echo(ctx context.Context, c *websocket.Conn, j *journal, greeting string) {
	converse(ctx, c, j, greeting, func(m websocket.Message) error { return c.Write(ctx, m.Type, m.Data) })
}

// converse has each message of a client be answered.
func converse(ctx context.Context, c *websocket.Conn, j *journal, greeting string, answer func(websocket.Message) error) {
	j.printf("client connected")
	defer j.disconnected(c)
	if greeting != "" && c.Write(ctx, websocket.Text, []byte(greeting)) != nil {
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		j.message(m)
		if answer(m) != nil {
			return
		}
	}
}

// A room sends what one of its clients says to all of them, in the same order.
type room struct {
	ws    *server.Server
	mu    sync.Mutex
	conns map[*websocket.Conn]struct{}
}

func newRoom(ws *server.Server) *room {
	return &room{ws: ws, conns: make(map[*websocket.Conn]struct{})}
}

func (r *room) converse(ctx context.Context, c *websocket.Conn, j *journal) {
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
	}()
	converse(ctx, c, j, "", r.post)
}

// post waits for nobody: those who are too slow are the server's to deal with.
func (r *room) post(m websocket.Message) error {
	p := websocket.NewPrepared(m.Type, m.Data)
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		r.ws.Post(c, p)
	}
	return nil
}
