package handshake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

// TestAcceptDeflate_real_clients has offers of real clients, as they send them, and the
// answers of a server with windows of 12 bits, which is the default, of 8 and of 15.
// What makes a client fail is in the comment.
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
			[3]string{any + "=12", any + "=9", name}}, // those of Python refuse 8
		{"Firefox, Mojolicious 9.31, OkHttp, Jetty 12.0.16, Tyrus 2.2", []string{name},
			[3]string{name, name, name}}, // Jetty and Tyrus overlook client_no_context_takeover
		{"Netty 4.1.140 and 4.2.20", []string{"permessage-deflate,deflate-frame,x-webkit-deflate-frame"},
			[3]string{name, name, name}}, // hangs up on client_no_context_takeover
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

// TestCheckDeflate_real_servers has answers of real servers to what a client offers by
// default, to windows of 8 bits, and to doing without takeover.
func TestCheckDeflate_real_servers(t *testing.T) {
	t.Parallel()
	const name = "permessage-deflate"
	type deflate = handshake.Deflate
	tests := []struct {
		name   string
		want   deflate
		offer  string
		answer string
		agreed deflate
	}{
		{"Mojolicious 9.31, libwebsockets 4.1, ratchet", deflate{}, name + "; client_max_window_bits", name, deflate{}},
		{"Tornado 6.6, npm ws, gorilla without takeover", deflate{}, name + "; client_max_window_bits",
			name + "; server_no_context_takeover; client_no_context_takeover", deflate{ServerNoTakeover: true, ClientNoTakeover: true}},
		{"websockets 17", deflate{}, name + "; client_max_window_bits",
			name + "; server_max_window_bits=12; client_max_window_bits=12", deflate{ServerWindowBits: 12, ClientWindowBits: 12}},
		{"libsoup 3.2", deflate{}, name + "; client_max_window_bits", name + "; client_max_window_bits=15", deflate{ClientWindowBits: 15}},

		{"8 bits: Mojolicious overlooks it", deflate{ServerWindowBits: 8}, name + "; server_max_window_bits=9; client_max_window_bits", name, deflate{}},
		{"8 bits: websockets, aiohttp, Tornado", deflate{ServerWindowBits: 8}, name + "; server_max_window_bits=9; client_max_window_bits",
			name + "; server_max_window_bits=9", deflate{ServerWindowBits: 9}},
		{"no takeover: Tornado drops parameters without a value", deflate{ServerNoTakeover: true, ClientNoTakeover: true},
			name + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits", name, deflate{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			offered := handshake.OfferDeflate(test.want)
			if got := handshake.FormatExtensions(offered); got != test.offer {
				t.Errorf("offers %s", got)
			}
			agreed, err := handshake.CheckDeflate(offered, parse(t, test.answer)[0])
			if diff := cmp.Diff(test.agreed, agreed); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}
