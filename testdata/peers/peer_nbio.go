//go:build nbio

package main

import (
	"net"
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

// It's only built in with the tag nbio: its packages make an engine with pools
// of 1.6 MB when a program starts, and as the collector runs by how much memory
// is in use, that would cost all other servers of this program something.
func init() {
	peers = append(peers, peer{name: "nbio", module: "github.com/lesismal/nbio", how: "README \"With Std Server\": net/http, blocking mode", utf8: "yes",
		compress: "", extra: true, start: startNbio})
}

// startNbio is the echo of its README's "Using Websocket With Std Server". Its
// own poller, for very many connections, is not what is compared here.
func startNbio(l net.Listener, o options) func([]byte) {
	logging.SetLevel(logging.LevelNone)
	var all members[*websocket.Conn]
	u := websocket.NewUpgrader()
	u.MessageLengthLimit = int(max(16<<20, o.MaxMessage))
	u.OnOpen(func(c *websocket.Conn) { all.add(c) })
	u.OnClose(func(c *websocket.Conn, _ error) { all.remove(c) })
	u.OnMessage(func(c *websocket.Conn, t websocket.MessageType, p []byte) { c.WriteMessage(t, p) })
	serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.Upgrade(w, r, nil)
	}))
	return func(p []byte) {
		all.each(func(c *websocket.Conn) { c.WriteMessage(websocket.BinaryMessage, p) })
	}
}
