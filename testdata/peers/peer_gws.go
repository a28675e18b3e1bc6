package main

import (
	"net"
	"net/http"

	"github.com/lxzan/gws"
)

func startGWS(l net.Listener, o options) func([]byte)         { return startGWSWith(l, o, false) }
func startGWSParallel(l net.Listener, o options) func([]byte) { return startGWSWith(l, o, true) }

// startGWSWith is the "Best Practice" of its README without the deadline that
// it sets for each connection, which would end the idle ones, and with the
// UTF-8 check, which is off unless asked for.
func startGWSWith(l net.Listener, o options, parallel bool) func([]byte) {
	h := &gwsHandler{}
	upgrader := gws.NewUpgrader(h, &gws.ServerOption{
		ParallelEnabled:  parallel,
		Recovery:         gws.Recovery,
		CheckUtf8Enabled: true,
		Logger:           silent{},
		PermessageDeflate: gws.PermessageDeflate{
			Enabled:               o.Compress,
			ServerContextTakeover: true,
			ClientContextTakeover: true,
		},
		ReadMaxPayloadSize: int(max(16<<20, o.MaxMessage)),
	})
	serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go socket.ReadLoop()
	}))
	return func(p []byte) {
		b := gws.NewBroadcaster(gws.OpcodeBinary, p)
		defer b.Close()
		h.all.each(func(c *gws.Conn) { b.Broadcast(c) })
	}
}

type gwsHandler struct {
	gws.BuiltinEventHandler
	all members[*gws.Conn]
}

func (h *gwsHandler) OnOpen(c *gws.Conn)           { h.all.add(c) }
func (h *gwsHandler) OnClose(c *gws.Conn, _ error) { h.all.remove(c) }
func (h *gwsHandler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

type silent struct{}

func (silent) Error(...any) {}
