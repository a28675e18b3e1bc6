// The program is a server whose connections belong to a path, a query and a user:
//
//	go run ./testdata/examples/user
//	go run ./cmd/chat -user ann:pears 'ws://localhost:8080/rooms/go?name=Ann'
package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log"
	"net/http"

	"hawser/websocket"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// passwords would be hashes in a database.
var passwords = map[string]string{"ann": "pears", "bob": "apples"}

// authenticate refuses who isn't a user. A browser's page can't send the header
// Authorization with a WebSocket: it has a cookie instead, which is checked here in
// the same way.
func authenticate(r *http.Request) error {
	name, password, _ := r.BasicAuth()
	want, known := passwords[name]
	if !known || subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 0 {
		return &handshake.Refusal{
			Status: http.StatusUnauthorized,
			Reason: "unknown user or wrong password",
			Header: http.Header{"Www-Authenticate": {`Basic realm="rooms"`}},
		}
	}
	return nil
}

func routes() *http.ServeMux {
	s := &server.Server{Check: authenticate}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		c, err := s.Upgrade(w, r)
		if err != nil {
			return // it has been answered
		}
		defer c.CloseNow()
		user, _, _ := r.BasicAuth()
		talk(c.Context(), c, user, r.URL.Query().Get("name"), r.PathValue("room"))
	})
	return mux
}

// talk is the conversation with one user.
func talk(ctx context.Context, c *websocket.Conn, user, name, room string) {
	if name == "" {
		name = user
	}
	greeting := fmt.Sprintf("welcome to %s, %s", room, name)
	if c.Write(ctx, websocket.Text, []byte(greeting)) != nil {
		return
	}
	for m, err := range c.Messages(ctx) {
		if err != nil {
			return
		}
		if c.Write(ctx, websocket.Text, fmt.Appendf(nil, "%s: %s", name, m.Data)) != nil {
			return
		}
	}
	c.Close(websocket.CodeNormal, "")
}

func main() {
	log.Fatal(http.ListenAndServe("localhost:8080", routes()))
}
