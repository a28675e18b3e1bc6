// The program is a chat with rooms, the hub of many a WebSocket server:
//
//	go run ./testdata/examples/hub
//	go run ./cmd/chat 'ws://localhost:8080/rooms/go?name=ann'
//	go run ./cmd/chat 'ws://localhost:8080/rooms/go?name=bob'
//	curl localhost:8080/rooms
//
// It has no goroutine of its own, no channel and no mutex: topics know who is in which
// room, give each message to all of them in one order, and take out who has gone. A
// member who reads too slowly is closed with code 1008 and holds up nobody else.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"slices"

	"hawser/websocket"
	"hawser/websocket/server"
)

// Hub has the rooms.
type Hub struct {
	server *server.Server
	topics *server.Topics
}

func newHub() *Hub {
	s := &server.Server{Config: websocket.Config{MaxMessage: 4 << 10}}
	return &Hub{s, &server.Topics{Server: s}}
}

func (h *Hub) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rooms", h.list)
	mux.HandleFunc("GET /rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		room, name := r.PathValue("room"), r.URL.Query().Get("name")
		if name == "" {
			http.Error(w, "who are you? ?name= is missing", http.StatusBadRequest)
			return
		}
		c, err := h.server.Upgrade(w, r)
		if err != nil {
			return // it has been answered
		}
		defer c.CloseNow()
		h.talk(c.Context(), c, room, name)
	})
	return mux
}

// talk is one member's stay in a room. It leaves by itself when its connection ends.
func (h *Hub) talk(ctx context.Context, c *websocket.Conn, room, name string) {
	if err := h.topics.Join(ctx, c, room, server.Position{}); err != nil {
		c.Close(websocket.CodeInternalError, "")
		return
	}
	h.say(ctx, room, "* %s is here", name)
	// By then ctx has ended with the connection, and the others are still to know.
	defer h.say(context.WithoutCancel(ctx), room, "* %s has left", name)
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		if m.Type != websocket.Text {
			c.Close(websocket.CodeUnsupportedData, "text only")
			return
		}
		h.say(ctx, room, "%s: %s", name, m.Data) // copied, as m.Data is borrowed
	}
}

func (h *Hub) say(ctx context.Context, room, format string, args ...any) {
	m := websocket.Message{Type: websocket.Text, Data: fmt.Appendf(nil, format, args...)}
	if err := h.topics.Publish(ctx, room, m); err != nil {
		log.Printf("room %s: %v", room, err)
	}
}

// list answers with a line for each room: its name, and how many are there.
func (h *Hub) list(w http.ResponseWriter, r *http.Request) {
	for _, room := range slices.Sorted(slices.Values(h.topics.Names())) {
		members := 0
		for range h.topics.Members(room) {
			members++
		}
		fmt.Fprintf(w, "%s %d\n", room, members)
	}
}

func main() {
	log.Fatal(http.ListenAndServe("localhost:8080", newHub().routes()))
}
