package handshake

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const key = "dGhlIHNhbXBsZSBub25jZQ=="

// parse parses a request as a server does.
func parse(t *testing.T, head string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// request is a good one with lines replaced: "Name: value" sets a header, "-Name"
// removes it, "+Name: value" repeats it, and a line with HTTP in it is the first.
func request(t *testing.T, changes ...string) *http.Request {
	t.Helper()
	first := "GET /chat HTTP/1.1"
	lines := []string{"Host: example.org", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13"}
	for _, c := range changes {
		name, _, _ := strings.Cut(strings.TrimLeft(c, "+-"), ":")
		kept := lines[:0:0]
		for _, l := range lines {
			if strings.HasPrefix(c, "+") || !strings.HasPrefix(l, name+":") {
				kept = append(kept, l)
			}
		}
		switch {
		case strings.Contains(c, " HTTP/"):
			first = c
		case !strings.HasPrefix(c, "-"):
			kept = append(kept, strings.TrimPrefix(c, "+"))
		}
		lines = kept
	}
	return parse(t, first+"\n"+strings.Join(lines, "\n")+"\n")
}

func statusOf(err error) int {
	var e *Refusal
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes []string
		status  int
	}{
		{"4.2.1_good", nil, 0},
		{"H1_POST", []string{"POST /chat HTTP/1.1"}, 405},
		{"H1_HEAD", []string{"HEAD /chat HTTP/1.1"}, 405},
		{"H1_CONNECT", []string{"CONNECT example.org:80 HTTP/1.1"}, 405},
		{"H2_HTTP/1.0", []string{"GET /chat HTTP/1.0"}, 505},
		{"H3_no_Upgrade", []string{"-Upgrade"}, 426},
		{"H3_case", []string{"Upgrade: WebSocket", "Connection: upgrade"}, 0},
		{"H3_spaces", []string{"Upgrade:   websocket \t "}, 0},
		{"H3_list", []string{"Upgrade: h2c, websocket"}, 0},
		{"H3_two_lines", []string{"Upgrade: h2c", "+Upgrade: websocket"}, 0},
		{"H3_notwebsocket", []string{"Upgrade: notwebsocket"}, 426},
		{"H3_websocket/13", []string{"Upgrade: websocket/13"}, 426},
		{"H4_no_Connection", []string{"-Connection"}, 426},
		{"H4_list", []string{"Connection: keep-alive, Upgrade"}, 0},
		{"H4_notupgrade", []string{"Connection: notupgrade"}, 426},
		{"H4_parameter", []string{"Connection: Upgrade;x"}, 426},
		{"H5_no_key", []string{"-Sec-WebSocket-Key"}, 400},
		{"H5_two_keys", []string{"+Sec-WebSocket-Key: " + key}, 400},
		{"H5_empty_key", []string{"Sec-WebSocket-Key: "}, 400},
		{"H5_15_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"}, 400},
		{"H5_17_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="}, 400},
		{"H5_18_bytes", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA"}, 400},
		{"H5_not_base64", []string{"Sec-WebSocket-Key: ????????????????????????"}, 400},
		{"H5_trailing_bits", []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=="}, 400},
		{"H6_no_version", []string{"-Sec-WebSocket-Version"}, 426},
		{"H6_12", []string{"Sec-WebSocket-Version: 12"}, 426},
		{"H6_013", []string{"Sec-WebSocket-Version: 013"}, 426},
		{"H6_list", []string{"Sec-WebSocket-Version: 13, 8"}, 426},
		{"H6_+13", []string{"Sec-WebSocket-Version: +13"}, 426},
		{"H6_twice", []string{"+Sec-WebSocket-Version: 13"}, 426},
		{"H8_tokens", []string{"Sec-WebSocket-Protocol: chat,superchat , v1.x"}, 0},
		{"H8_empty_element", []string{"Sec-WebSocket-Protocol: a,,b"}, 400},
		{"H8_empty", []string{"Sec-WebSocket-Protocol: "}, 400},
		{"H8_duplicate", []string{"Sec-WebSocket-Protocol: a, b", "+Sec-WebSocket-Protocol: a"}, 400},
		{"H8_not_a_token", []string{"Sec-WebSocket-Protocol: a b"}, 400},
		{"H8_too_many", []string{"Sec-WebSocket-Protocol: a" + manyProtocols()}, 400},
		{"H8_64_KiB_of_spaces", []string{"Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 64<<10) + "b"}, 400},
		{"H8_64_KiB_of_commas", []string{"Sec-WebSocket-Protocol: " + strings.Repeat(",", 64<<10)}, 400},
		{"H9_deflate", []string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, 0},
		{"H9_bad", []string{"Sec-WebSocket-Extensions: ,;x"}, 400},
		{"H9_1000_offers", []string{"Sec-WebSocket-Extensions: a" + strings.Repeat(", a", 999)}, 400},
		{"H9_64_KiB", []string{"Sec-WebSocket-Extensions: a; b=" + strings.Repeat(`"`, 64<<10)}, 400},
		{"H10_body", []string{"+Content-Length: 5"}, 400},
		{"H10_chunked", []string{"+Transfer-Encoding: chunked"}, 400},
		{"4.2.1_no_Host", []string{"-Host"}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, tt.changes...)
			req, err := ParseRequest(r)
			if statusOf(err) != tt.status || err == nil && req.Key != key {
				t.Fatalf("%+v, %v; want status %d", req, err, tt.status)
			}
			if err == nil {
				return
			}
			w := httptest.NewRecorder()
			err.(*Refusal).ServeHTTP(w, r)
			if w.Code != tt.status || !hasToken(w.Header()["Connection"], "close") || strings.TrimSpace(w.Body.String()) == "" || len(w.Body.String()) > 200 {
				t.Errorf("H12: %d %v %q", w.Code, w.Header(), w.Body)
			}
			if allow := w.Header().Get("Allow"); (allow == "GET") != (tt.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
			if v := w.Header().Get("Sec-WebSocket-Version"); (v == "13") != (tt.status == 426) || (w.Header().Get("Upgrade") == "websocket") != (tt.status == 426) {
				t.Errorf("%v", w.Header())
			}
			if !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Error(err)
			}
		})
	}
	r := request(t)
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	if _, err := ParseRequest(r); statusOf(err) != 400 {
		t.Errorf("H2: HTTP/2: %v", err)
	}
}

func manyProtocols() string {
	var b strings.Builder
	for i := range maxProtocols {
		fmt.Fprintf(&b, ", p%d", i)
	}
	return b.String()
}

// TestRealRequests has what real clients send.
func TestRealRequests(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		head string
		want Request
	}{
		"Qt_6.4": {"GET /path?query HTTP/1.1\nHost: localhost:3000\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Key: " + key +
			"\nSec-WebSocket-Version: 13\nSec-WebSocket-Protocol: chat, superchat\n",
			Request{Key: key, Protocols: []string{"chat", "superchat"}}},
		"Chromium": {"GET / HTTP/1.1\nHost: localhost:3000\nConnection: Upgrade\nPragma: no-cache\nCache-Control: no-cache\nUser-Agent: Mozilla/5.0\nUpgrade: websocket\n" +
			"Origin: http://localhost:3000\nSec-WebSocket-Version: 13\nAccept-Encoding: gzip, deflate, br, zstd\nAccept-Language: en-US,en;q=0.9\nSec-WebSocket-Key: " + key +
			"\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\n",
			Request{Key: key, Extensions: []Extension{{"permessage-deflate", []Param{{Name: "client_max_window_bits"}}}}}},
		"Firefox": {"GET / HTTP/1.1\nHost: localhost:3000\nConnection: keep-alive, Upgrade\nUpgrade: websocket\nOrigin: http://localhost:3000\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: " + key +
			"\nSec-WebSocket-Extensions: permessage-deflate\n",
			Request{Key: key, Extensions: []Extension{{"permessage-deflate", nil}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parse(t, tt.head)
			got, err := ParseRequest(r)
			if err != nil || CheckOrigin(r, nil) != nil {
				t.Fatal(err, CheckOrigin(r, nil))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("; p", maxParams+1)
	tests := []struct {
		name  string
		lines []string
		want  []Extension // nil for an error
		back  string
	}{
		{"one", []string{"a"}, []Extension{{Name: "a"}}, "a"},
		{"list", []string{"a , b;c", "d"}, []Extension{{Name: "a"}, {"b", []Param{{Name: "c"}}}, {Name: "d"}}, "a, b; c, d"},
		{"values", []string{`a; b=1 ; c = "10"; d="x\y"`}, []Extension{{"a", []Param{{"b", "1"}, {"c", "10"}, {"d", "xy"}}}}, "a; b=1; c=10; d=xy"},
		{"H9_constructor", []string{"constructor"}, []Extension{{Name: "constructor"}}, "constructor"},
		{"H9_comma_first", []string{",;x"}, nil, ""},
		{"H9_open_quotes", []string{`a; b="c`}, nil, ""},
		{"H9_open_quotes_escaped", []string{`a; b="c\`}, nil, ""},
		{"H9_no_token_in_quotes", []string{`a;b=";"`}, nil, ""},
		{"Z6_empty_value", []string{"a; b="}, nil, ""},
		{"Z6_empty_quotes", []string{`a; b=""`}, nil, ""},
		{"empty", []string{""}, nil, ""},
		{"trailing_comma", []string{"a,"}, nil, ""},
		{"trailing_semicolon", []string{"a;"}, nil, ""},
		{"two_names", []string{"a b"}, nil, ""},
		{"many_parameters", []string{"a" + many}, nil, ""},
		{"control_byte", []string{"a; b=\x01"}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseExtensions(tt.lines)
			if (err != nil) != (tt.want == nil) {
				t.Fatal(got, err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if back := FormatExtensions(got); back != tt.back {
				t.Errorf("FormatExtensions: %q", back)
			}
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host, origin string
		tls                bool
		allowed            []string
		status             int
	}{
		{"H7_absent", "example.org", "", false, nil, 0},
		{"H7_same", "example.org", "http://example.org", false, nil, 0},
		{"H7_same_case", "Example.org", "HTTP://EXAMPLE.ORG", false, nil, 0},
		{"H7_same_default_port", "example.org:80", "http://example.org", false, nil, 0},
		{"H7_same_default_port_the_other_way", "example.org", "http://example.org:80", false, nil, 0},
		{"H7_same_port", "example.org:3000", "http://example.org:3000", false, nil, 0},
		{"H7_same_TLS", "example.org", "https://example.org:443", true, nil, 0},
		{"H7_IPv6", "[::1]:3000", "http://[::1]:3000", false, nil, 0},
		{"H7_IPv6_long", "[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000", false, nil, 0},
		{"H7_foreign", "example.org", "http://evil.org", false, nil, 403},
		{"H7_suffix", "example.org", "http://example.org.evil.com", false, nil, 403},
		{"H7_prefix", "example.org", "http://evilexample.org", false, nil, 403},
		{"H7_port", "example.org", "http://example.org:8080", false, nil, 403},
		{"H7_scheme", "example.org", "https://example.org", false, nil, 403},
		{"H7_scheme_TLS", "example.org", "http://example.org", true, nil, 403},
		{"H7_userinfo", "evil.org", "http://example.org@evil.org", false, []string{"http://example.org"}, 403},
		{"H7_path", "example.org", "http://example.org/", false, nil, 403},
		{"H7_trailing_dot", "example.org", "http://example.org.", false, nil, 403},
		{"H7_garbage", "example.org", "example.org", false, nil, 403},
		{"H7_no_host", "example.org", "http://", false, nil, 403},
		{"H7_no_port", "example.org", "http://example.org:", false, nil, 403},
		{"H7_port_no_number", "example.org", "http://example.org:x", false, nil, 403},
		{"H7_port_too_large", "example.org", "http://example.org:70000", false, nil, 403},
		{"H7_two_ports", "example.org", "http://example.org:80:80", false, nil, 403},
		{"H7_bad_IPv6", "example.org", "http://[::x]", false, nil, 403},
		{"H7_scheme_no_letters", "example.org", "1://example.org", false, nil, 403},
		{"H7_IDN", "xn--bcher-kva.example", "http://xn--bcher-kva.example", false, nil, 0},
		{"H7_null", "example.org", "null", false, nil, 403},
		{"H7_null_allowed", "example.org", "null", false, []string{"null"}, 0},
		{"H7_listed", "example.org", "https://app.example.com", false, []string{"https://x", "https://app.example.com:443"}, 0},
		{"H7_listed_scheme", "example.org", "http://app.example.com", false, []string{"https://app.example.com"}, 403},
		{"H7_star", "example.org", "https://anything", false, []string{"*"}, 0},
		{"H7_star_null", "example.org", "null", false, []string{"*"}, 0},
		{"H7_star_malformed", "example.org", "http://a@b", false, []string{"*"}, 0},
		{"H7_subdomain", "example.org", "https://a.b.example.com", false, []string{"https://*.example.com"}, 0},
		{"H7_subdomain_itself", "example.org", "https://example.com", false, []string{"https://*.example.com"}, 403},
		{"H7_subdomain_label", "example.org", "https://evilexample.com", false, []string{"https://*.example.com"}, 403},
		{"H7_subdomain_port", "example.org", "https://a.example.com:8443", false, []string{"https://*.example.com"}, 403},
		{"H7_bad_entry", "example.org", "https://a", false, []string{"a"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scheme := "http"
			if tt.tls {
				scheme = "https"
			}
			r := httptest.NewRequest("GET", scheme+"://x/", nil)
			r.Host = tt.host
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if err := CheckOrigin(r, tt.allowed); statusOf(err) != tt.status {
				t.Errorf("%v; want status %d", err, tt.status)
			}
		})
	}
	r := httptest.NewRequest("GET", "http://example.org/", nil)
	r.Header["Origin"] = []string{"http://example.org", "http://example.org"}
	if err := CheckOrigin(r, nil); statusOf(err) != 400 {
		t.Errorf("H7: repeated: %v", err)
	}
	if err := CheckOrigins([]string{"*", "null", "http://a", "https://*.b:8443"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "example.org", "https://", "https://a/", "*.example.org", "https://a b"} {
		if CheckOrigins([]string{bad}) == nil {
			t.Errorf("CheckOrigins accepts %q", bad)
		}
	}
}

func TestKeys(t *testing.T) {
	if got := Accept(key); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Error("4.2.2:", got)
	}
	seen := make(map[string]bool)
	for range 1000 {
		k, err := NewKey()
		if err != nil || !validKey(k) || seen[k] {
			t.Fatal(k, err)
		}
		seen[k] = true
	}
	old := randReader
	defer func() { randReader = old }()
	randReader = iotest.ErrReader(errors.New("no randomness"))
	if k, err := NewKey(); err == nil || k != "" {
		t.Error("M3:", k, err)
	}
}

func TestSelectProtocol(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ offered, supported, want string }{
		{"a,b", "b,a", "a"}, {"a,b", "b", "b"}, {"a", "A", ""}, {"", "a", ""}, {"a", "", ""},
	} {
		if got := SelectProtocol(strings.Split(tt.offered, ","), strings.Split(tt.supported, ",")); got != tt.want {
			t.Errorf("%q of %q: %q", tt.offered, tt.supported, got)
		}
	}
}

func TestAppendResponse(t *testing.T) {
	got, err := AppendResponse([]byte("x"), key, "chat", []Extension{{"a", []Param{{"b", "1"}}}},
		http.Header{"Set-Cookie": {"a=1", "b=2"}, "Server": {"x"}})
	want := "xHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: a; b=1\r\n" +
		"Server: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for name, extra := range map[string]http.Header{
		"H13_CR":          {"A": {"x\rB: y"}},
		"H13_LF":          {"A": {"x\nB: y"}},
		"H13_NUL":         {"A": {"x\x00"}},
		"H13_name":        {"A: b\r\nC": {"x"}},
		"H13_empty_name":  {"": {"x"}},
		"H13_own_headers": {"connection": {"close"}},
		"H13_length":      {"Content-Length": {"5"}},
	} {
		if got, err := AppendResponse(nil, key, "", nil, extra); err == nil || len(got) > 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := AppendResponse(nil, key, "a\r\nb", nil, nil); err == nil {
		t.Error("H13: a subprotocol with a line break was accepted")
	}
	n := testing.AllocsPerRun(100, func() {
		buf := make([]byte, 0, 256)
		AppendResponse(buf, key, "chat", nil, nil)
	})
	if n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func TestRequestHeader(t *testing.T) {
	t.Parallel()
	h := http.Header{"Origin": {"http://a"}}
	if err := RequestHeader(h, key, []string{"chat", "v2"}, []Extension{{Name: "a"}}); err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Origin": {"http://a"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Key": {key},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"chat, v2"}, "Sec-Websocket-Extensions": {"a"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if err := RequestHeader(h, key, nil, nil); err == nil {
		t.Error("headers of the handshake were overwritten")
	}
	for _, bad := range [][]string{{"a b"}, {""}, {"a", "a"}, {"a\r\nb"}} {
		if err := RequestHeader(http.Header{}, key, bad, nil); err == nil {
			t.Errorf("subprotocols %q were accepted", bad)
		}
	}
}

func TestCheckResponse(t *testing.T) {
	t.Parallel()
	good := "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
	edit := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	tests := []struct {
		name, head string
		want       Response
		err        string
	}{
		{"good", good, Response{}, ""},
		{"C1_case", edit("Upgrade: websocket\nConnection: Upgrade", "upgrade: WebSocket\nconnection: upgrade"), Response{}, ""},
		{"C1_connection_list", edit("Connection: Upgrade", "Connection: keep-alive, Upgrade"), Response{}, ""},
		{"C1_accept_with_spaces", edit("Accept: s3p", "Accept:   s3p"), Response{}, ""},
		{"C1_status", edit("101 Switching Protocols", "200 OK"), Response{}, "200 OK"},
		{"C1_HTTP/1.0", edit("HTTP/1.1", "HTTP/1.0"), Response{}, "HTTP/1.0"},
		{"C1_no_Upgrade", edit("Upgrade: websocket\n", ""), Response{}, "Upgrade is not websocket"},
		{"C1_other_Upgrade", edit("websocket", "h2c"), Response{}, "Upgrade is not websocket"},
		{"C1_two_Upgrades", edit("Upgrade: websocket", "Upgrade: websocket\nUpgrade: websocket"), Response{}, "Upgrade is not websocket"},
		{"C1_no_Connection", edit("Connection: Upgrade\n", ""), Response{}, "Connection does not list"},
		{"C1_no_Accept", edit("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n", ""), Response{}, "0 headers"},
		{"C1_wrong_Accept", edit("s3pPLM", "S3pPLM"), Response{}, "doesn't answer the key"},
		{"C1_two_Accepts", good + "Sec-WebSocket-Accept: x\n", Response{}, "2 headers"},
		{"4.1_subprotocol", good + "Sec-WebSocket-Protocol: chat\n", Response{Protocol: "chat"}, ""},
		{"C2_other_subprotocol", good + "Sec-WebSocket-Protocol: other\n", Response{}, "not offered"},
		{"C2_empty_subprotocol", good + "Sec-WebSocket-Protocol: \n", Response{}, "not offered"},
		{"C2_list_of_subprotocols", good + "Sec-WebSocket-Protocol: chat, v2\n", Response{}, "not offered"},
		{"C2_two_subprotocols", good + "Sec-WebSocket-Protocol: chat\nSec-WebSocket-Protocol: chat\n", Response{}, "repeated"},
		{"9.1_extension", good + "Sec-WebSocket-Extensions: ext; a=1\n", Response{Extensions: []Extension{{"ext", []Param{{"a", "1"}}}}}, ""},
		{"C2_other_extension", good + "Sec-WebSocket-Extensions: other\n", Response{}, "not offered"},
		{"C2_extension_twice", good + "Sec-WebSocket-Extensions: ext\nSec-WebSocket-Extensions: ext\n", Response{}, "twice"},
		{"C2_malformed_extension", good + "Sec-WebSocket-Extensions: ,\n", Response{}, "missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.ReplaceAll(tt.head, "\n", "\r\n")+"\r\n")), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := CheckResponse(resp, key, []string{"chat", "v2"}, []Extension{{Name: "ext"}})
			var re *ResponseError
			if errors.As(err, &re) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v; want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
