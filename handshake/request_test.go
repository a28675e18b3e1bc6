package handshake_test

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

const goodRequest = "GET /chat HTTP/1.1\r\n" +
	"Host: example.org\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Key: " + key + "\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"\r\n"

// edit returns head with its headers replaced by those of lines with the same name, and its
// first line by a line that is no header. The value (none) removes a header.
func edit(head string, lines ...string) string {
	all := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")
	seen := make(map[string]bool)
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.Contains(name, " ") {
			all[0] = line
			continue
		}
		if !seen[name] { // a second line with this name repeats the header
			var kept []string
			for _, l := range all {
				if !strings.HasPrefix(l, name+":") {
					kept = append(kept, l)
				}
			}
			all = kept
		}
		seen[name] = true
		if value != " (none)" {
			all = append(all, line)
		}
	}
	return strings.Join(all, "\r\n") + "\r\n\r\n"
}

func readRequest(t testing.TB, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatalf("net/http refuses %.200q: %v", raw, err)
	}
	return r
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	none := handshake.Request{Key: key}
	offers := func(p ...string) handshake.Request { return handshake.Request{Key: key, Protocols: p} }
	extensions := func(name string) handshake.Request {
		return handshake.Request{Key: key, Extensions: []handshake.Extension{{Name: name}}}
	}
	tests := []struct {
		name  string
		lines []string
		want  handshake.Request
	}{
		{"4.2.1_good", nil, none},
		{"H3_case", []string{"Upgrade: WebSocket"}, none},
		{"H3_spaces", []string{"Upgrade: \t websocket \t "}, none},
		{"H3_list", []string{"Upgrade: h2c, websocket"}, none},
		{"H3_two_lines", []string{"Upgrade: h2c", "Upgrade: websocket"}, none},
		{"H4_browser", []string{"Connection: keep-alive, Upgrade"}, none},
		{"H4_case", []string{"Connection: KEEP-ALIVE,upGRADE"}, none},
		{"H4_two_lines", []string{"Connection: keep-alive", "Connection: Upgrade"}, none},
		{"H4_empty_elements", []string{"Connection: ,, Upgrade ,"}, none},
		{"H2_newer_minor", []string{"GET / HTTP/1.2"}, none},
		{"H10_no_content", []string{"Content-Length: 0"}, none},
		{"4.1_protocols", []string{"Sec-WebSocket-Protocol: chat, superchat"}, offers("chat", "superchat")},
		{"H8_several_lines", []string{"Sec-WebSocket-Protocol: a ,b", "Sec-WebSocket-Protocol: c"}, offers("a", "b", "c")},
		{"H8_case_differs", []string{"Sec-WebSocket-Protocol: chat,Chat"}, offers("chat", "Chat")},
		{"H8_all_of_64", []string{"Sec-WebSocket-Protocol: " + strings.Join(numbered(64), ",")}, offers(numbered(64)...)},
		{"empty_protocols", []string{"Sec-WebSocket-Protocol:"}, none},
		{"empty_protocols_of_spaces", []string{"Sec-WebSocket-Protocol:  \t "}, none},
		{"empty_protocol_elements", []string{"Sec-WebSocket-Protocol: ,a,, b ,"}, offers("a", "b")},
		{"trailing_comma", []string{"Sec-WebSocket-Protocol: chat,"}, offers("chat")},
		{"empty_protocol_line", []string{"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: ", "Sec-WebSocket-Protocol: b"}, offers("a", "b")},
		{"empty_extensions", []string{"Sec-WebSocket-Extensions:"}, none},
		{"empty_extension_elements", []string{"Sec-WebSocket-Extensions: , a,, "}, extensions("a")},
		{"extensions_that_nobody_uses", []string{`Sec-WebSocket-Extensions: a; b="c d, \"e\""; f="", g`}, extensions("g")},
		{"9.1_extensions", []string{"Sec-WebSocket-Extensions: a; b", "Sec-WebSocket-Extensions: c"},
			handshake.Request{Key: key, Extensions: []handshake.Extension{{Name: "a", Params: []handshake.Param{{Name: "b"}}}, {Name: "c"}}}},
		{"4.2.1_header_names_in_lower_case", []string{"Sec-WebSocket-Key: (none)", "sec-websocket-key: " + key}, none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := handshake.ParseRequest(readRequest(t, edit(goodRequest, test.lines...)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

func TestParseRequest_refusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		lines  []string
		status int
		reason string
	}{
		{"H1_POST", []string{"POST / HTTP/1.1"}, 405, `method "POST" is not GET`},
		{"H1_HEAD", []string{"HEAD / HTTP/1.1"}, 405, "is not GET"},
		{"H1_CONNECT", []string{"CONNECT example.org:80 HTTP/1.1"}, 405, "is not GET"},
		{"H1_get", []string{"get / HTTP/1.1"}, 405, "is not GET"},
		{"H1_long", []string{strings.Repeat("X", 5000) + " / HTTP/1.1"}, 405, `XXXX"... is not GET`},
		{"H2_HTTP/1.0", []string{"GET / HTTP/1.0"}, 505, `"HTTP/1.0" is older`},
		{"H2_HTTP/2", []string{"GET / HTTP/2.0"}, 400, `with "HTTP/2.0" it takes an extended CONNECT (RFC 8441), not "GET"`},
		{"H2_HTTP/2_CONNECT", []string{"CONNECT x HTTP/2.0"}, 400, "CONNECT has no :protocol"},
		{"H3_missing", []string{"Upgrade: (none)"}, 426, "Upgrade does not list websocket"},
		{"H3_empty", []string{"Upgrade:"}, 426, "Upgrade does not list"},
		{"H3_notwebsocket", []string{"Upgrade: notwebsocket"}, 426, "Upgrade does not list"},
		{"H3_websocket/13", []string{"Upgrade: websocket/13"}, 426, "Upgrade does not list"},
		{"H3_two_words", []string{"Upgrade: web socket"}, 426, "Upgrade does not list"},
		{"H3_Kelvin_sign", []string{"Upgrade: websoc\u212aet"}, 426, "Upgrade does not list"},
		{"H3_long_s", []string{"Upgrade: web\u017focket"}, 426, "Upgrade does not list"},
		{"H4_missing", []string{"Connection: (none)"}, 426, "Connection does not list Upgrade"},
		{"H4_notupgrade", []string{"Connection: notupgrade"}, 426, "Connection does not list"},
		{"H4_parameter", []string{"Connection: Upgrade;x"}, 426, "Connection does not list"},
		{"H4_substrings", []string{"Connection: keep-alive Upgrade, upgrades"}, 426, "Connection does not list"},
		{"H5_missing", []string{"Sec-WebSocket-Key: (none)"}, 400, "Key is missing"},
		{"H5_two_keys", []string{"Sec-WebSocket-Key: " + key, "Sec-WebSocket-Key: " + key}, 400, "Key is repeated"},
		{"H5_two_in_one", []string{"Sec-WebSocket-Key: " + key + ", " + key}, 400, "base64 of 16 bytes"},
		{"H5_empty", []string{"Sec-WebSocket-Key:"}, 400, "base64 of 16 bytes"},
		{"H5_15_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"}, 400, "base64 of 16 bytes"},
		{"H5_17_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="}, 400, "base64 of 16 bytes"},
		{"H5_18_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA"}, 400, "base64 of 16 bytes"},
		{"H5_no_padding", []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"}, 400, "base64 of 16 bytes"},
		{"H5_trailing_bits", []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=="}, 400, "base64 of 16 bytes"},
		{"H5_not_base64", []string{"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="}, 400, "base64 of 16 bytes"},
		{"H5_URL_alphabet", []string{"Sec-WebSocket-Key: --------------------_w=="}, 400, "base64 of 16 bytes"},
		{"H6_missing", []string{"Sec-WebSocket-Version: (none)"}, 426, "Version is missing"},
		{"H6_empty", []string{"Sec-WebSocket-Version:"}, 426, `version "" is not 13`},
		{"H6_12", []string{"Sec-WebSocket-Version: 12"}, 426, `version "12" is not 13`},
		{"H6_8", []string{"Sec-WebSocket-Version: 8"}, 426, "is not 13"},
		{"H6_013", []string{"Sec-WebSocket-Version: 013"}, 426, "is not 13"},
		{"H6_list", []string{"Sec-WebSocket-Version: 13, 8"}, 426, `"13, 8" is not 13`},
		{"H6_+13", []string{"Sec-WebSocket-Version: +13"}, 426, "is not 13"},
		{"H6_twice", []string{"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"}, 426, "Version is repeated"},
		{"4.2.1_no_Host", []string{"Host: (none)"}, 400, "Host is missing"},
		{"4.2.1_empty_Host", []string{"Host:"}, 400, "Host is missing"},
		{"H10_body", []string{"Content-Length: 5"}, 400, "no body"},
		{"H10_chunked", []string{"Transfer-Encoding: chunked"}, 400, "no body"},
		{"H8_too_many_empty_elements", []string{"Sec-WebSocket-Protocol: a" + strings.Repeat(",", 65)}, 400, "Protocol: more than 64 elements are empty"},
		{"H8_space_inside", []string{"Sec-WebSocket-Protocol: a b"}, 400, `"a b" is not a token`},
		{"H8_not_ASCII", []string{"Sec-WebSocket-Protocol: чат"}, 400, `"\u0447\u0430\u0442" is not a token`},
		{"H8_quoted", []string{`Sec-WebSocket-Protocol: "a"`}, 400, "is not a token"},
		{"H8_duplicate", []string{"Sec-WebSocket-Protocol: a, b, a"}, 400, `"a" is repeated`},
		{"H8_duplicate_over_lines", []string{"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"}, 400, `"a" is repeated`},
		{"H8_too_many", []string{"Sec-WebSocket-Protocol: " + strings.Join(numbered(65), ",")}, 400, "more than 64 subprotocols"},
		{"H9_quotes_not_closed", []string{`Sec-WebSocket-Extensions: x; a="b`}, 400, "quotes are not closed"},
		{"H9_too_many_empty_elements", []string{"Sec-WebSocket-Extensions: a" + strings.Repeat(",", 65)}, 400, "Extensions: more than 64 elements are empty"},
		{"H9_malformed", []string{"Sec-WebSocket-Extensions: ,;x"}, 400, "Extensions: the name of an extension is missing"},
		{"H9_1000_offers", []string{"Sec-WebSocket-Extensions: " + strings.Join(numbered(1000), ",")}, 400, "more than 64 extensions"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := handshake.ParseRequest(readRequest(t, edit(goodRequest, test.lines...)))
			wantRefusal(t, err, test.status, test.reason)
			if diff := cmp.Diff(handshake.Request{}, got); diff != "" {
				t.Error("a refused request is not zero: " + diff)
			}
		})
	}
}

func TestIsUpgrade(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  bool
	}{
		{"good", nil, true},
		{"browser", []string{"Connection: keep-alive, Upgrade", "Upgrade: WebSocket"}, true},
		{"wrong_version", []string{"Sec-WebSocket-Version: 8"}, true},
		{"page", []string{"Upgrade: (none)", "Connection: keep-alive"}, false},
		{"h2c", []string{"Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"}, false},
		{"no_Connection", []string{"Connection: (none)"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := handshake.IsUpgrade(readRequest(t, edit(goodRequest, test.lines...))); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func wantRefusal(t *testing.T, err error, status int, reason string) {
	t.Helper()
	var refusal *handshake.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a Refusal with %d", err, status)
	}
	if refusal.Status != status || !strings.Contains(refusal.Reason, reason) {
		t.Errorf("got %v, want %d %s", err, status, reason)
	}
	if len(refusal.Reason) > 300 || strings.ContainsAny(refusal.Reason, "\r\n\x1b") {
		t.Errorf("the reason isn't fit for one line: %q", refusal.Reason)
	}
	want := http.Header(nil)
	switch status {
	case 405:
		want = http.Header{"Allow": {"GET"}}
	case 426:
		want = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}}
	}
	if diff := cmp.Diff(want, refusal.Header); diff != "" {
		t.Error("header: -want +got\n" + diff)
	}
}

// It isn't parallel: it counts allocations.
func TestParseRequest_allocations(t *testing.T) {
	r := readRequest(t, edit(goodRequest, "Connection: keep-alive, Upgrade"))
	if n := testing.AllocsPerRun(100, func() {
		if _, err := handshake.ParseRequest(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a request without offers costs %v allocations, want none", n)
	}
}

// The requests of real clients, byte for byte.
func TestParseRequest_4_1_real_clients(t *testing.T) {
	t.Parallel()
	deflate := []handshake.Extension{{Name: "permessage-deflate", Params: []handshake.Param{{Name: "client_max_window_bits"}}}}
	tests := []struct {
		name, raw string
		want      handshake.Request
	}{
		{
			"Qt_6.4.2",
			"GET /path?query HTTP/1.1\r\nHost: localhost:3000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
				"Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: 13\r\n" +
				"Sec-WebSocket-Protocol: chat, superchat\r\n\r\n",
			handshake.Request{Key: key, Protocols: []string{"chat", "superchat"}},
		},
		{
			"Chromium_156",
			"GET / HTTP/1.1\r\nHost: localhost:3000\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n" +
				"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nUpgrade: websocket\r\nOrigin: http://localhost:3000\r\n" +
				"Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n" +
				"Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
			handshake.Request{Key: key, Extensions: deflate},
		},
		{
			"npm_ws_8.23",
			"GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\nConnection: Upgrade\r\n" +
				"Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nHost: localhost:3000\r\n\r\n",
			handshake.Request{Key: key, Extensions: deflate},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := readRequest(t, test.raw)
			got, err := handshake.ParseRequest(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error("-want +got\n" + diff)
			}
			if err := handshake.CheckOrigin(r, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRequestHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		h          http.Header
		protocols  []string
		extensions []handshake.Extension
		want       string // error
	}{
		{"4.1_plain", nil, nil, nil, ""},
		{"4.1_all", http.Header{"Origin": {"http://a"}, "Cookie": {"a=b"}}, []string{"b", "a"}, []handshake.Extension{{Name: "x", Params: []handshake.Param{{Name: "y", Value: "1"}}}}, ""},
		{"4.1_key_set_already", http.Header{"Sec-Websocket-Key": {key}}, nil, nil, "header Sec-Websocket-Key belongs to the handshake"},
		{"4.1_key_in_lower_case", http.Header{"sec-websocket-key": {key}}, nil, nil, "header Sec-Websocket-Key belongs"},
		{"4.1_key_without_value", http.Header{"Sec-Websocket-Key": nil}, nil, nil, "header Sec-Websocket-Key belongs"},
		{"4.1_Connection", http.Header{"Connection": {"Upgrade"}}, nil, nil, "header Connection belongs"},
		{"4.1_Content-Length", http.Header{"content-length": {"5"}}, nil, nil, "header Content-Length belongs"},
		{"C6_value_with_a_break", http.Header{"Cookie": {"a", "b\r\nHost: evil"}}, nil, nil, `header Cookie has the control character '\r'`},
		{"C6_name_with_a_break", http.Header{"a\r\nb": {"c"}}, nil, nil, `"a\r\nb" is not the name of a header`},
		{"4.1_protocol_twice", nil, []string{"a", "b", "a"}, nil, `subprotocol "a" is repeated`},
		{"4.1_protocol_not_a_token", nil, []string{"a,b"}, nil, `subprotocol "a,b" is not a token`},
		{"4.1_protocol_empty", nil, []string{""}, nil, `subprotocol "" is not a token`},
		{"9.1_extension_not_a_token", nil, nil, []handshake.Extension{{Name: "a b"}}, `extension "a b" is not a token`},
		{"9.1_parameter_not_a_token", nil, nil, []handshake.Extension{{Name: "a", Params: []handshake.Param{{Name: "b", Value: "\n"}}}}, `parameter "b"="\n" of extension a`},
		{"9.1_parameter_without_name", nil, nil, []handshake.Extension{{Name: "a", Params: []handshake.Param{{Value: "b"}}}}, `parameter ""="b" of extension a`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := test.h.Clone()
			if h == nil {
				h = make(http.Header)
			}
			before := h.Clone()
			err := handshake.RequestHeader(h, key, test.protocols, test.extensions)
			if test.want != "" {
				wantError(t, err, test.want)
				if diff := cmp.Diff(before, h); diff != "" {
					t.Error("the header has changed: " + diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := readRequest(t, goodRequest)
			r.Header = h
			got, err := handshake.ParseRequest(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(handshake.Request{Key: key, Protocols: test.protocols, Extensions: test.extensions}, got); diff != "" {
				t.Error("-want +got\n" + diff)
			}
			for name, values := range before {
				if diff := cmp.Diff(values, h[name]); diff != "" {
					t.Errorf("header %s: %s", name, diff)
				}
			}
		})
	}
}

// RequestHeader writes the headers of section 4.1, and none without a value: some servers
// refuse an empty Sec-WebSocket-Protocol.
func TestRequestHeader_exactly(t *testing.T) {
	t.Parallel()
	least := func() http.Header {
		return http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Key": {key}, "Sec-Websocket-Version": {"13"}}
	}
	most := least()
	most["Sec-Websocket-Protocol"] = []string{"a, b"}
	most["Sec-Websocket-Extensions"] = []string{"x; y=1"}
	for name, test := range map[string]struct {
		protocols  []string
		extensions []handshake.Extension
		want       http.Header
	}{
		"none": {nil, nil, least()},
		"all":  {[]string{"a", "b"}, parse(t, "x; y=1"), most},
	} {
		got := make(http.Header)
		if err := handshake.RequestHeader(got, key, test.protocols, test.extensions); err != nil {
			t.Error(name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(name, "-want +got\n"+diff)
		}
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want %s", err, text)
	}
}
