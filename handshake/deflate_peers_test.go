package handshake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

// TestAcceptDeflate_real_clients has the offers that real clients send and the answers of
// servers that want windows of 12 bits, which is the default, of 8 and of 15. Comments say
// which other answers make a client fail.
func TestAcceptDeflate_real_clients(t *testing.T) {
	t.Parallel()
	const (
		name = "permessage-deflate"
		any  = name + "; client_max_window_bits"
	)
	tests := []struct {
		name   string
		offers []string // one for each header
		want   [3]string
	}{
		{"Chromium, Edge, undici, npm ws, Bun, Dart, Tornado 6.6, websockets 17, aiohttp 3.14, libsoup 3.2", []string{any},
			[3]string{any + "=12", any + "=9", name}}, // the clients in Python refuse 8
		{"Firefox, Mojolicious 9.31, OkHttp, Jetty 12.0.16, Tyrus 2.2", []string{name},
			[3]string{name, name, name}}, // Jetty and Tyrus overlook client_no_context_takeover
		{"Netty 4.1.140 and 4.2.20", []string{"permessage-deflate,deflate-frame,x-webkit-deflate-frame"},
			[3]string{name, name, name}}, // Netty closes the connection after client_no_context_takeover
		{"Safari 12", []string{"x-webkit-deflate-frame"}, [3]string{"", "", ""}},
		{"autobahn 26", []string{name + "; client_no_context_takeover; client_max_window_bits"},
			[3]string{name + "; client_no_context_takeover; client_max_window_bits=12", name + "; client_no_context_takeover; client_max_window_bits=9", name + "; client_no_context_takeover"}},
		{"aiohttp asking for 12 bits", []string{any + "; server_max_window_bits=12"},
			[3]string{name + "; server_max_window_bits=12; client_max_window_bits=12", name + "; server_max_window_bits=9; client_max_window_bits=9", name + "; server_max_window_bits=12"}},
		{"websockets asking for 15 and 9 bits", []string{name + "; server_max_window_bits=15; client_max_window_bits=9"},
			[3]string{name + "; server_max_window_bits=12; client_max_window_bits=9", name + "; server_max_window_bits=9; client_max_window_bits=9", name + "; server_max_window_bits=15; client_max_window_bits=9"}},
		{"gorilla", []string{name + "; server_no_context_takeover; client_no_context_takeover"},
			[3]string{name + "; server_no_context_takeover; client_no_context_takeover", name + "; server_no_context_takeover; client_no_context_takeover", name + "; server_no_context_takeover; client_no_context_takeover"}},
		{"one that says 8", []string{name + "; server_max_window_bits=8; client_max_window_bits=8"},
			[3]string{name + "; server_max_window_bits=8; client_max_window_bits=8", name + "; server_max_window_bits=8; client_max_window_bits=8", name + "; server_max_window_bits=8; client_max_window_bits=8"}},
		{"this library's before it offered one thing", []string{name + "; server_max_window_bits=12; client_max_window_bits, " + any},
			[3]string{name + "; server_max_window_bits=12; client_max_window_bits=12", name + "; server_max_window_bits=9; client_max_window_bits=9", name + "; server_max_window_bits=12"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			offered, err := handshake.ParseExtensions(test.offers)
			if err != nil {
				t.Fatal(err)
			}
			var got [3]string
			for i, bits := range []int{12, 8, 15} {
				if answer, agreed, ok := handshake.AcceptDeflate(offered, handshake.Deflate{ServerWindowBits: bits, ClientWindowBits: bits}); ok {
					got[i] = handshake.FormatExtensions([]handshake.Extension{answer})
					if same, err := handshake.CheckDeflate(offered, answer); err != nil || same != agreed {
						t.Errorf("%s: a client makes of it %+v, %v; not %+v", got[i], same, err, agreed)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
