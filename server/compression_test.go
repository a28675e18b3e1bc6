package server_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/handshake"
	"hawser/websocket/server"
)

// TestCompressionAnswer: what a server with compression answers, and one without.
func TestCompressionAnswer(t *testing.T) {
	t.Parallel()
	const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
	tests := []struct {
		name, head string
		k          *websocket.Compression
		want       string
	}{
		{"5_off", good + offer, nil, ""},
		{"5_not_offered", good, &websocket.Compression{}, ""},
		{"7_browser", good + offer, &websocket.Compression{}, "permessage-deflate; client_max_window_bits=12"},
		{"7_largest", good + offer, &websocket.Compression{Receive: websocket.Window{Bits: 15}}, "permessage-deflate"},
		{"Z6_declined", good + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n", &websocket.Compression{}, ""},
		{"5.2_two_lines", good + "Sec-WebSocket-Extensions: permessage-deflate; x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
			&websocket.Compression{}, "permessage-deflate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := start(t, &server.Server{Handler: echo, Config: websocket.Config{Compression: tt.k}})
			_, br := rawDial(t, url, tt.head, "")
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != tt.want {
				t.Errorf("%q; want %q", got, tt.want)
			}
		})
	}
}

// TestCompression: client and server agree through net/http.
func TestCompression(t *testing.T) {
	t.Parallel()
	url := start(t, &server.Server{Handler: echo, Config: websocket.Config{Compression: &websocket.Compression{Send: websocket.Window{Bits: 10}}}})
	d := &client.Dialer{Config: websocket.Config{Compression: &websocket.Compression{Send: websocket.Window{NoTakeover: true}, Receive: websocket.Window{Bits: 12}}}}
	c, _, err := d.Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for range 3 {
		roundTrip(t, c, "a message that is there for the third time is there for the third time")
	}
	z := c.Compressed()
	if z == nil || z.Sent != 3*70 || z.Received != z.Sent || z.SentWire <= z.ReceivedWire || z.ReceivedWire >= 100 {
		t.Errorf("%+v", z)
	}
	want := handshake.Deflate{ClientNoTakeover: true, ServerWindowBits: 10, ClientWindowBits: 12}
	if diff := cmp.Diff(want, z.Deflate); diff != "" {
		t.Error(diff)
	}
	plain, err := client.Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.CloseNow()
	roundTrip(t, plain, "a message that is there for the third time is there for the third time")
	if plain.Compressed() != nil {
		t.Error("compression that was not offered")
	}
}
