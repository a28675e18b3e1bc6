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

const goodResponse = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: " + accept + "\r\n" +
	"\r\n"

var deflate = []handshake.Extension{{Name: "permessage-deflate", Params: []handshake.Param{{Name: "server_max_window_bits", Value: "10"}, {Name: "client_no_context_takeover"}}}}

func TestAppendResponse(t *testing.T) {
	t.Parallel()
	head := strings.TrimSuffix(goodResponse, "\r\n")
	tests := []struct {
		name       string
		protocol   string
		extensions []handshake.Extension
		extra      http.Header
		want       string
		err        string
	}{
		{"4.2.2_plain", "", nil, nil, head, ""},
		{"4.2.2_protocol", "chat", nil, nil, head + "Sec-WebSocket-Protocol: chat\r\n", ""},
		{"4.2.2_all", "chat", deflate, http.Header{"X-B": {"2", ""}, "Set-Cookie": {"a=b"}, "X-A": {"\tä ~"}, "X-None": nil}, head +
			"Sec-WebSocket-Protocol: chat\r\n" +
			"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_no_context_takeover\r\n" +
			"Set-Cookie: a=b\r\nX-A: \tä ~\r\nX-B: 2\r\nX-B: \r\n", ""},
		{"H13_protocol_CRLF", "a\r\nb", nil, nil, "", "subprotocol"},
		{"H13_protocol_list", "a, b", nil, nil, "", "subprotocol"},
		{"H13_protocol_NUL", "\x00", nil, nil, "", "subprotocol"},
		{"H13_extension_CRLF", "", []handshake.Extension{{Name: "a\r\nb: c"}}, nil, "", "extension"},
		{"H13_extension_parameter", "", []handshake.Extension{{Name: "a", Params: []handshake.Param{{Name: "b\n"}}}}, nil, "", "parameter"},
		{"H13_extension_value", "", []handshake.Extension{{Name: "a", Params: []handshake.Param{{Name: "b", Value: "c, d"}}}}, nil, "", "parameter"},
		{"H13_value_CR", "", nil, http.Header{"A": {"b\r"}}, "", `header A has the control character '\r'`},
		{"H13_value_LF", "", nil, http.Header{"A": {"\nb"}}, "", `'\n'`},
		{"H13_value_NUL", "", nil, http.Header{"A": {"", "b\x00"}}, "", `'\x00'`},
		{"H13_value_ESC", "", nil, http.Header{"A": {"\x1b[0m"}}, "", `'\x1b'`},
		{"H13_value_DEL", "", nil, http.Header{"A": {"\x7f"}}, "", `'\x7f'`},
		{"H13_name_CRLF", "", nil, http.Header{"A\r\nB": {"c"}}, "", "is not the name of a header"},
		{"H13_name_empty", "", nil, http.Header{"": {"c"}}, "", "is not the name of a header"},
		{"H13_name_colon", "", nil, http.Header{"A:": {"c"}}, "", "is not the name of a header"},
		{"headers_of_middleware", "", nil, http.Header{"Upgrade": {"h2c"}, "connection": {"close"}, "Keep-Alive": {"timeout=5"}, "Proxy-Connection": {"close"},
			"SEC-WEBSOCKET-ACCEPT": {"x"}, "Sec-Websocket-Protocol": {"x"}, "Sec-Websocket-Extensions": {"x"}, "Sec-Websocket-Version": {"8"}, "Sec-Websocket-Key": {"x"},
			"Content-Length": {"5"}, "Content-Encoding": {"gzip"}, "Content-Range": {"x"}, "Transfer-Encoding": {"chunked"}, "trailer": {"X"},
			"Date": {"now"}, "Content-Security-Policy": {"sandbox"}}, head + "Content-Security-Policy: sandbox\r\nDate: now\r\n", ""},
		{"H13_one_of_many", "chat", deflate, http.Header{"A": {"b"}, "Z": {"\r\n"}}, "", "header Z has"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := handshake.AppendResponse([]byte("before"), key, test.protocol, test.extensions, test.extra)
			if test.err != "" {
				wantError(t, err, test.err)
				test.want = "before"
			} else {
				if err != nil {
					t.Fatal(err)
				}
				test.want = "before" + test.want + "\r\n"
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error("-want +got\n" + diff)
			}
		})
	}
}

// A client accepts the response that AppendResponse makes.
func TestAppendResponse_CheckResponse(t *testing.T) {
	t.Parallel()
	head, err := handshake.AppendResponse(nil, key, "chat", deflate, http.Header{"Set-Cookie": {"a=b"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := handshake.CheckResponse(readResponse(t, string(head)), key, []string{"chat"}, deflate)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(handshake.Response{Protocol: "chat", Extensions: deflate}, got); diff != "" {
		t.Error("-want +got\n" + diff)
	}
}

func readResponse(t testing.TB, raw string) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("net/http refuses %.200q: %v", raw, err)
	}
	return resp
}

func TestCheckResponse(t *testing.T) {
	t.Parallel()
	ext := func(name string, params ...handshake.Param) handshake.Response {
		return handshake.Response{Extensions: []handshake.Extension{{Name: name, Params: params}}}
	}
	tests := []struct {
		name  string
		lines []string
		want  handshake.Response
		err   string
	}{
		{"4.1_good", nil, handshake.Response{}, ""},
		{"C1_Accept_with_spaces", []string{"Sec-WebSocket-Accept: \t" + accept + " "}, handshake.Response{}, ""},
		{"4.1_case", []string{"Upgrade: WEBSocket", "Connection: upgrade"}, handshake.Response{}, ""},
		{"4.1_header_names_in_lower_case", []string{"Upgrade: (none)", "upgrade: websocket"}, handshake.Response{}, ""},
		{"4.1_Connection_list", []string{"Connection: keep-alive, Upgrade"}, handshake.Response{}, ""},
		{"4.1_no_reason_phrase", []string{"HTTP/1.1 101 "}, handshake.Response{}, ""},
		{"4.1_unknown_headers", []string{"Server: x", "Date: now"}, handshake.Response{}, ""},
		{"4.1_protocol", []string{"Sec-WebSocket-Protocol: superchat"}, handshake.Response{Protocol: "superchat"}, ""},
		{"9.1_extension", []string{"Sec-WebSocket-Extensions: x; a=1"}, ext("x", handshake.Param{Name: "a", Value: "1"}), ""},
		{"9.1_extensions_over_lines", []string{"Sec-WebSocket-Extensions: y", "Sec-WebSocket-Extensions: x"},
			handshake.Response{Extensions: []handshake.Extension{{Name: "y"}, {Name: "x"}}}, ""},

		{"empty_extensions", []string{"Sec-WebSocket-Extensions: ,"}, handshake.Response{}, ""},

		{"C1_403", []string{"HTTP/1.1 403 Forbidden"}, handshake.Response{}, `status "403 Forbidden" instead of 101`},
		{"C1_200", []string{"HTTP/1.1 200 OK"}, handshake.Response{}, "instead of 101"},
		{"C1_escapes_in_status", []string{"HTTP/1.1 400 \x1b]0;evil\a"}, handshake.Response{}, `"400 \x1b]0;evil\a"`},
		{"C1_HTTP/1.0", []string{"HTTP/1.0 101 x"}, handshake.Response{}, `answers with "HTTP/1.0"`},
		{"C1_Upgrade_missing", []string{"Upgrade: (none)"}, handshake.Response{}, "Upgrade is not websocket"},
		{"C1_Upgrade_other", []string{"Upgrade: h2c"}, handshake.Response{}, "Upgrade is not websocket"},
		{"C1_Upgrade_list", []string{"Upgrade: websocket, h2c"}, handshake.Response{}, "Upgrade is not websocket"},
		{"C1_Upgrade_twice", []string{"Upgrade: websocket", "Upgrade: websocket"}, handshake.Response{}, "Upgrade is not websocket"},
		{"C1_Upgrade_Kelvin_sign", []string{"Upgrade: websoc\u212aet"}, handshake.Response{}, "Upgrade is not websocket"},
		{"C1_Connection_missing", []string{"Connection: (none)"}, handshake.Response{}, "Connection does not list Upgrade"},
		{"C1_Connection_other", []string{"Connection: keep-alive"}, handshake.Response{}, "Connection does not list Upgrade"},
		{"C1_Accept_missing", []string{"Sec-WebSocket-Accept: (none)"}, handshake.Response{}, "0 headers Sec-WebSocket-Accept"},
		{"C1_Accept_twice", []string{"Sec-WebSocket-Accept: " + accept, "Sec-WebSocket-Accept: " + accept}, handshake.Response{}, "2 headers Sec-WebSocket-Accept"},
		{"C1_Accept_wrong", []string{"Sec-WebSocket-Accept: " + key}, handshake.Response{}, "doesn't answer the key"},
		{"C1_Accept_empty", []string{"Sec-WebSocket-Accept:"}, handshake.Response{}, "doesn't answer the key"},
		{"C1_Accept_in_other_case", []string{"Sec-WebSocket-Accept: " + strings.ToLower(accept)}, handshake.Response{}, "doesn't answer the key"},
		{"C2_protocol_not_offered", []string{"Sec-WebSocket-Protocol: other"}, handshake.Response{}, `subprotocol "other", which was not offered`},
		{"C2_protocol_in_other_case", []string{"Sec-WebSocket-Protocol: Chat"}, handshake.Response{}, "not offered"},
		{"C2_protocol_empty", []string{"Sec-WebSocket-Protocol:"}, handshake.Response{}, "not offered"},
		{"C2_two_protocols", []string{"Sec-WebSocket-Protocol: chat, superchat"}, handshake.Response{}, "not offered"},
		{"C2_two_protocol_headers", []string{"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"}, handshake.Response{}, "Protocol is repeated"},
		{"C2_extension_not_offered", []string{"Sec-WebSocket-Extensions: x, z"}, handshake.Response{}, `extension "z", which was not offered`},
		{"C2_extension_twice", []string{"Sec-WebSocket-Extensions: x; a, x; b"}, handshake.Response{}, `extension "x" twice`},
		{"C2_extension_malformed", []string{"Sec-WebSocket-Extensions: x;"}, handshake.Response{}, "Extensions: the name of a parameter is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			resp := readResponse(t, edit(goodResponse, test.lines...))
			got, err := handshake.CheckResponse(resp, key, []string{"chat", "superchat"}, []handshake.Extension{{Name: "x"}, {Name: "y"}, {Name: "x"}})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error("-want +got\n" + diff)
			}
			if test.err == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.err)
			var re *handshake.ResponseError
			if !errors.As(err, &re) || re.Status != resp.StatusCode {
				t.Errorf("got %#v, want a ResponseError with status %d", err, resp.StatusCode)
			}
		})
	}
}

// Whatever a server chooses is an error if nothing was offered, as by Qt's client.
func TestCheckResponse_C2_nothing_offered(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol:", "Sec-WebSocket-Extensions: x"} {
		if _, err := handshake.CheckResponse(readResponse(t, edit(goodResponse, line)), key, nil, nil); err == nil {
			t.Errorf("%s is accepted", line)
		}
	}
}
