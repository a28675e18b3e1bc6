package netconn

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"hawser/websocket"
)

func TestConn(t *testing.T) {
	for name, transport := range transports {
		for _, role := range []string{"client", "server"} {
			t.Run(name+"/"+role, func(t *testing.T) {
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					c, s, err := transport(websocket.Config{})
					if err != nil {
						return nil, nil, nil, err
					}
					stop = func() { c.CloseNow(); s.CloseNow() }
					if role == "server" {
						c, s = s, c
					}
					return websocket.NetConn(c, websocket.Binary), websocket.NetConn(s, websocket.Binary), stop, nil
				})
			})
		}
	}
}
