package main

import (
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

// startGorilla is its examples/echo. It has no limit of the message size unless
// one is set, and leaves UTF-8 to its users.
func startGorilla(l net.Listener, o options) func([]byte) {
	var all members[*websocket.Conn]
	upgrader := websocket.Upgrader{EnableCompression: o.Compress}
	serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		all.add(c)
		defer all.remove(c)
		for {
			mt, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err = c.WriteMessage(mt, message); err != nil {
				return
			}
		}
	}))
	return func(p []byte) {
		m, err := websocket.NewPreparedMessage(websocket.BinaryMessage, p)
		if err != nil {
			panic(err)
		}
		all.each(func(c *websocket.Conn) { c.WritePreparedMessage(m) })
	}
}
