package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// maxSaid is the size of the longest message of a client, in bytes.
const maxSaid = 64 << 10

// said is what a client sends: something to say to all in the room, itself included.
type said struct {
	ID   uint64 `json:"id"` // the client's number for it
	From string `json:"from,omitempty"`
	Text string `json:"text"`
}

// heard is what a client gets.
type heard struct {
	// Type is "begin" when it has joined, "message" for what somebody said, "gap" if
	// something before may be missing, "sent" if the room has what it said, and
	// "refused" if it hasn't, or perhaps hasn't.
	Type string `json:"type"`
	// Position is where it is in what is said in the room. If it comes back with the
	// latest, as the value of "after" in the query, it gets what it missed.
	Position server.Position `json:"position,omitzero"`
	From     string          `json:"from,omitempty"`
	Text     string          `json:"text,omitempty"`
	ID       uint64          `json:"id,omitempty"`    // of what was sent or refused
	Why      string          `json:"why,omitempty"`   // it was refused
	Again    bool            `json:"again,omitempty"` // it can be said again without coming twice
}

// marshal never fails: there is nothing in a heard that has no JSON.
func (h heard) marshal() []byte {
	p, _ := json.Marshal(h)
	return p
}

// encode makes what all in a room get.
func encode(d server.Delivery) *websocket.Prepared {
	h := heard{Type: "begin", Position: d.Position}
	switch {
	case d.Gap:
		h.Type = "gap"
	case d.Message.Type != 0:
		var s said
		if json.Unmarshal(d.Message.Data, &s) != nil {
			return nil // of another program
		}
		h.Type, h.From, h.Text = "message", s.From, s.Text
	}
	return websocket.NewPrepared(websocket.Text, h.marshal())
}

// routes says who answers which path.
func routes(ws *server.Server, topics *server.Topics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", http.RedirectHandler("/room/lobby", http.StatusFound))
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	mux.HandleFunc("/room/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if err := server.CheckTopic(name); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !handshake.IsUpgrade(r) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			servePage(w)
			return
		}
		after, err := server.ParsePosition(r.URL.Query().Get("after"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ws.With(func(ctx context.Context, c *websocket.Conn) {
			converse(ctx, c, topics, name, after)
		}).ServeHTTP(w, r)
	})
	return mux
}

// patience is how long the engine has to take a message.
const patience = 5 * time.Second

// converse is the conversation with one client.
func converse(ctx context.Context, c *websocket.Conn, topics *server.Topics, room string, after server.Position) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	err := topics.Join(bounded, c, room, after)
	cancel()
	if err != nil {
		c.Close(frame.CodeTryAgainLater, reason(err))
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		var s said
		if json.Unmarshal(m.Data, &s) != nil {
			c.Close(frame.CodePolicyViolation, "not JSON with an id and a text")
			return
		}
		answer := heard{Type: "sent", ID: s.ID}
		bounded, cancel := context.WithTimeout(ctx, patience)
		err := topics.Publish(bounded, room, websocket.Message{Type: websocket.Text, Data: m.Data})
		cancel()
		if err != nil {
			answer.Type, answer.Why, answer.Again = "refused", reason(err), errors.Is(err, server.ErrBusUnavailable)
		}
		if c.Write(ctx, websocket.Text, answer.marshal()) != nil {
			return
		}
	}
}

// reason is what a client is told of err, of which it's to know no more.
func reason(err error) string {
	switch {
	case errors.Is(err, server.ErrMessageSize):
		return "too long"
	case errors.Is(err, server.ErrMessageText):
		return "not text"
	case errors.Is(err, server.ErrBusUnconfirmed):
		return "not confirmed"
	}
	return "not now"
}
