package interop

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
)

// TestEchoLivesOn sends cmd/echo what ended the tutorial's server, and with it all
// of its clients: here it ends one connection.
func TestEchoLivesOn(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet", "-max-message", "1000000")
	witness, answers := dialRaw(t, addr, request)
	if resp, err := http.ReadResponse(answers, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	closed := func(code frame.Code) string {
		p, _ := frame.AppendClose(nil, code, "")
		return unmasked(frame.Close, string(p))
	}
	const fin, first = true, false
	for _, tt := range []struct{ name, in, want string }{
		{"text", masked(fin, frame.Text, "hello"), unmasked(frame.Text, "hello")},
		{"empty", masked(fin, frame.Text, ""), unmasked(frame.Text, "")},
		{"binary", masked(fin, frame.Binary, "\xff\x00\x80"), unmasked(frame.Binary, "\xff\x00\x80")},
		{"pipelined", masked(fin, frame.Text, "a") + masked(fin, frame.Binary, "b"), unmasked(frame.Text, "a") + unmasked(frame.Binary, "b")},
		{"character_over_fragments", masked(first, frame.Text, "\xd0") + masked(fin, frame.Continuation, "\x9f"), unmasked(frame.Text, "П")},
		{"close", masked(fin, frame.Close, ""), unmasked(frame.Close, "")},
		{"close_1000", masked(fin, frame.Close, "\x03\xe8bye"), unmasked(frame.Close, "\x03\xe8bye")},
		{"close_1001", masked(fin, frame.Close, "\x03\xe9"), closed(1001)},
		{"close_1012", masked(fin, frame.Close, "\x03\xf4"), closed(1012)},
		{"close_1014", masked(fin, frame.Close, "\x03\xf6"), closed(1014)},
		{"close_3000", masked(fin, frame.Close, "\x0b\xb8"), closed(3000)},
		{"close_4999", masked(fin, frame.Close, "\x13\x87"), closed(4999)},
		{"data_after_close", masked(fin, frame.Close, "\x03\xe8") + masked(fin, frame.Text, "x"), closed(1000)},

		{"unmasked", "\x81\x01x", closed(1002)},
		{"RSV", "\xc1\x80abcd", closed(1002)},
		{"opcode", "\x83\x80abcd", closed(1002)},
		{"long_control", "\x89\xfe\x00\x7eabcd", closed(1002)},
		{"fragmented_control", "\x09\x80abcd", closed(1002)},
		{"lone_continuation", masked(fin, frame.Continuation, "x"), closed(1002)},
		{"interleaved", masked(first, frame.Text, "a") + masked(fin, frame.Text, "b"), closed(1002)},
		{"close_of_1_byte", masked(fin, frame.Close, "\x03"), closed(1002)},
		{"close_1005", masked(fin, frame.Close, "\x03\xed"), closed(1002)},
		{"close_5000", masked(fin, frame.Close, "\x13\x88"), closed(1002)},
		{"not_minimal", "\x81\xfe\x00\x01abcdx", closed(1002)},
		{"top_bit", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00abcd", closed(1002)},
		{"bad_UTF-8", masked(fin, frame.Text, "\xff"), closed(1007)},
		{"surrogate", masked(fin, frame.Text, "\xed\xa0\x80"), closed(1007)},
		{"bad_UTF-8_in_close", masked(fin, frame.Close, "\x03\xe8\xff"), closed(1007)},
		{"over_the_limit", "\x82\xff\x00\x00\x00\x00\x00\x0f\x42\x41abcd", closed(1009)},
		{"2^40", "\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00abcd", closed(1009)},
	} {
		// What comes in the same segment as the request counts too.
		c, answers := dialRaw(t, addr, request+tt.in)
		if resp, err := http.ReadResponse(answers, nil); err != nil || resp.StatusCode != 101 {
			t.Fatal(tt.name, resp, err)
		}
		got := make([]byte, len(tt.want))
		io.ReadFull(answers, got)
		if string(got) != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
		c.Close()
	}
	io.WriteString(witness, masked(fin, frame.Text, "still here"))
	want := unmasked(frame.Text, "still here")
	got := make([]byte, len(want))
	io.ReadFull(answers, got)
	if string(got) != want {
		t.Errorf("the witness reads %q; want %q", got, want)
	}
}

// TestEchoRefuses: requests, and the status of the answer.
func TestEchoRefuses(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t, "-quiet", "-subprotocols", "chat")
	change := func(from, to string) string { return strings.Replace(request, from, to, 1) }
	got, want := make(map[string]int), make(map[string]int)
	for _, tt := range []struct {
		name, in string
		want     int
	}{
		{"any path and query", change("/echo", "/a/b?c=d"), 101},
		{"Connection: keep-alive, Upgrade", change(": Upgrade", ": keep-alive, Upgrade"), 101},
		{"no subprotocol of ours", change("\r\n\r\n", "\r\nSec-WebSocket-Protocol: v9\r\n\r\n"), 101},
		{"deflate offered", change("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"), 101},
		{"foreign Origin", change("\r\n\r\n", "\r\nOrigin: http://evil.example\r\n\r\n"), 403},
		{"bad subprotocol", change("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a b\r\n\r\n"), 400},
		{"no Upgrade", change("Upgrade: websocket\r\n", ""), 426},
		{"no Connection", change("Connection: Upgrade\r\n", ""), 426},
		{"POST", change("GET", "POST"), 405},
		{"HEAD", change("GET", "HEAD"), 405},
		{"HTTP/1.0", change("HTTP/1.1", "HTTP/1.0"), 505},
		{"no Host", change("Host: localhost\r\n", ""), 400},
		{"no key", change("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
		{"short key", change("dGhlIHNhbXBsZSBub25jZQ==", "dGhl"), 400},
		{"no version", change("Sec-WebSocket-Version: 13\r\n", ""), 426},
		{"version 8", change("Version: 13", "Version: 8"), 426},
		{"version 12", change("Version: 13", "Version: 12"), 426},
		{"long header", change("\r\n\r\n", "\r\nX: "+strings.Repeat("x", 80<<10)+"\r\n\r\n"), 431},
		{"garbage", "\x16\x03\x01garbage\r\n\r\n", 400},
	} {
		_, answers := dialRaw(t, addr, tt.in)
		want[tt.name] = tt.want
		if resp, err := http.ReadResponse(answers, nil); err == nil {
			got[tt.name] = resp.StatusCode
			if v := resp.Header.Get("Sec-WebSocket-Version"); strings.Contains(tt.name, "version") && v != "13" {
				t.Errorf("%s: the answer names version %q", tt.name, v)
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

const request = "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// dialRaw connects and sends bytes as they are.
func dialRaw(t *testing.T, addr, in string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprint(c, in); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// masked is a client's frame. Its key is zero, which masks nothing.
func masked(fin bool, op frame.Opcode, payload string) string {
	return string(frame.Append(nil, frame.Header{Fin: fin, Opcode: op, Masked: true, Length: int64(len(payload))}, []byte(payload)))
}

// unmasked is a server's frame.
func unmasked(op frame.Opcode, payload string) string {
	return string(frame.Append(nil, frame.Header{Fin: true, Opcode: op, Length: int64(len(payload))}, []byte(payload)))
}
