package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"hawser/websocket"
	"hawser/websocket/server"
)

// A chat: each client is in the room that its path names, and what one says all get.
func ExampleTopics() {
	s := &server.Server{}
	topics := &server.Topics{Server: s}
	http.HandleFunc("/room/{name}", func(w http.ResponseWriter, r *http.Request) {
		room := r.PathValue("name")
		s.With(func(ctx context.Context, c *websocket.Conn) {
			if topics.Join(ctx, c, room, server.Position{}) != nil {
				return
			}
			for m, err := range c.Messages(ctx) {
				if err != nil || topics.Publish(ctx, room, m) != nil {
					return
				}
			}
		}).ServeHTTP(w, r)
	})

	// Its members, here in memory.
	ann, a := websocket.Pipe(websocket.Config{}, websocket.Config{})
	bob, b := websocket.Pipe(websocket.Config{}, websocket.Config{})
	ctx := context.Background()
	topics.Join(ctx, a, "lobby", server.Position{})
	topics.Join(ctx, b, "lobby", server.Position{})
	topics.Publish(ctx, "lobby", websocket.Message{Type: websocket.Text, Data: []byte("hello")})
	for _, c := range []*websocket.Conn{ann, bob} {
		_, p, _ := c.Read(ctx)
		fmt.Printf("%s\n", p)
		c.CloseNow()
	}
	// Output:
	// hello
	// hello
}

// With a Bus that keeps a history, clients get the position of each message, and are
// told of gaps. One that comes back with the latest position misses nothing.
func ExampleTopics_resume() {
	type toClient struct {
		Text     string          `json:"text,omitempty"`
		Gap      bool            `json:"gap,omitempty"`
		Position server.Position `json:"position"`
	}
	s := &server.Server{}
	topics := &server.Topics{
		Server: s,
		// Bus: redis.NewStreams(...), of hawser/websocket/server/bus/redis
		Encode: func(d server.Delivery) *websocket.Prepared {
			p, _ := json.Marshal(toClient{string(d.Message.Data), d.Gap, d.Position})
			return websocket.NewPrepared(websocket.Text, p)
		},
	}
	http.HandleFunc("/news", func(w http.ResponseWriter, r *http.Request) {
		after, err := server.ParsePosition(r.URL.Query().Get("after"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.With(func(ctx context.Context, c *websocket.Conn) {
			if topics.Join(ctx, c, "news", after) != nil {
				return
			}
			c.Read(ctx) // until it goes
		}).ServeHTTP(w, r)
	})
}
