package interop

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"hawser/websocket/handshake"
)

// TestQtClientOnServers: what our QML client shows of servers that go, or that
// are none.
func TestQtClientOnServers(t *testing.T) {
	t.Parallel()
	const badUpgrade = "# socket error Invalid parameter(s) presented during protocol upgrade: "
	for _, tt := range []struct {
		name   string
		answer string // to the request; empty: nobody listens
		want   []string
	}{
		{"refused", "", []string{"# socket closed", "# socket error Connection refused"}},
		{"HTTP_URL", "http://", []string{"# socket error Unsupported WebSocket scheme: http"}},
		{"403", "HTTP/1.1 403 Forbidden\r\n\r\n",
			[]string{"# socket error QWebSocketPrivate::processHandshake: Unhandled http status code: 403 (Forbidden)."}},
		{"302", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
			[]string{"# socket error QWebSocketPrivate::processHandshake: Unhandled http status code: 302 (Found)."}},
		{"400", "HTTP/1.1 400 Bad Request\r\n\r\n",
			[]string{"# socket error QWebSocketPrivate::processHandshake: Unknown error condition encountered. Aborting connection."}},
		{"unrequested_subprotocol", upgrade + "Sec-WebSocket-Protocol: chat\r\n\r\n",
			[]string{"# socket error WebSocket server has chosen protocol chat which has not been requested"}},
		{"HTTP/1.0", strings.Replace(upgrade, "1.1", "1.0", 1) + "\r\n", []string{badUpgrade + "Accept-key size: 28, version: 1.0, upgrade: websocket, connection: Upgrade"}},
		{"keep-alive", strings.Replace(upgrade, ": Upgrade", ": keep-alive, Upgrade", 1) + "\r\n",
			[]string{badUpgrade + "Accept-key size: 28, version: 1.1, upgrade: websocket, connection: keep-alive, Upgrade"}},
		{"cut_off", upgrade + "\r\n", []string{"# socket open", "# socket error The remote host closed the connection", "# socket closed"}},
		{"greeting_in_the_segment_of_the_101", upgrade + "\r\n\x81\x02hi\x88\x00", []string{"# socket open", "< hi", "# socket closed"}},
		{"close_1000", upgrade + "\r\n\x88\x02\x03\xe8", []string{"# socket open", "# socket closed"}},
		{"close_1011", upgrade + "\r\n\x88\x06\x03\xf3oops", []string{"# socket open", "# socket closed"}},
		{"close_4999", upgrade + "\r\n\x88\x02\x13\x87", []string{"# socket open", "# socket closed"}},
		{"binary", upgrade + "\r\n\x82\x03\xff\x00\x80", []string{"# socket open", "< (3 bytes) ff0080"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			url := "ws://" + l.Addr().String()
			switch tt.answer {
			case "":
				l.Close()
			case "http://":
				url = tt.answer + l.Addr().String()
			}
			defer l.Close()
			go answerOnce(l, tt.answer)
			qml(t, clientQML, url).expect(tt.want...)
		})
	}
}

// upgrade is the answer to a request, but for the key's and the empty line.
const upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"

// answerOnce answers the first request, whatever it is, and hangs up.
func answerOnce(l net.Listener, answer string) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	key := handshake.Accept(req.Header.Get("Sec-WebSocket-Key"))
	fmt.Fprint(c, strings.Replace(answer, "KEY", key, 1))
}
