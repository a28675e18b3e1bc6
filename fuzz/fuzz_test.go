package fuzz

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

const head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// FuzzRequest: whatever net/http takes for a request is either refused with a
// status, or is one that a strict reading allows.
func FuzzRequest(f *testing.F) {
	f.Add(head + "\r\n")
	f.Add(head + "Origin: http://a\r\nSec-WebSocket-Protocol: chat, v2\r\nSec-WebSocket-Extensions: a; b=\"c\"\r\n\r\n")
	f.Add(head + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			t.Skip()
		}
		req, err := handshake.ParseRequest(r)
		originErr := handshake.CheckOrigin(r, []string{"https://*.example.org"})
		for _, err := range []error{err, originErr} {
			var refusal *handshake.Refusal
			if err != nil && (!errors.As(err, &refusal) || refusal.Status < 400 || refusal.Status > 505 || strings.ContainsAny(refusal.Reason, "\r\n\x00")) {
				t.Errorf("%#v", err)
			}
		}
		if err != nil {
			return
		}
		if r.Method != "GET" || len(r.Header["Sec-Websocket-Key"]) != 1 || r.Header.Get("Sec-Websocket-Version") != "13" {
			t.Errorf("accepted: %+v", r)
		}
		protocol := handshake.SelectProtocol(req.Protocols, req.Protocols)
		out, err := handshake.AppendResponse(nil, req.Key, protocol, req.Extensions, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(out)), r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := handshake.CheckResponse(resp, req.Key, req.Protocols, req.Extensions); err == nil && got.Protocol != protocol {
			t.Errorf("%+v", got)
		}
	})
}

// FuzzResponse: whatever net/http takes for a response completes the handshake
// only with the right accept and nothing that was not offered.
func FuzzResponse(f *testing.F) {
	good := "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	f.Add(good + "\r\n")
	f.Add(good + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: ext; a=1\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(in)), nil)
		if err != nil {
			t.Skip()
		}
		const key = "dGhlIHNhbXBsZSBub25jZQ=="
		got, err := handshake.CheckResponse(resp, key, []string{"chat"}, []handshake.Extension{{Name: "ext"}})
		var re *handshake.ResponseError
		switch {
		case err != nil:
			if !errors.As(err, &re) {
				t.Errorf("%#v", err)
			}
		case resp.StatusCode != 101, strings.Trim(resp.Header.Get("Sec-Websocket-Accept"), " \t") != handshake.Accept(key),
			got.Protocol != "" && got.Protocol != "chat", len(got.Extensions) > 1, len(got.Extensions) == 1 && got.Extensions[0].Name != "ext":
			t.Errorf("accepted: %+v as %+v", resp, got)
		}
	})
}

// FuzzExtensions: what is parsed can be formatted and is then parsed as the same.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{"a", "a; b", `a; b="c", d;e=1`, `permessage-deflate; server_max_window_bits="10"`, ",", `a; b="\"`, "permessage-deflate; server_max_window_bits=9; client_max_window_bits", "permessage-deflate; client_max_window_bits=8 , "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := handshake.ParseExtensions([]string{in})
		if err != nil {
			return
		}
		again, err := handshake.ParseExtensions([]string{handshake.FormatExtensions(got)})
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Error(diff, err)
		}
		want := handshake.Deflate{ServerNoTakeover: len(in)&1 != 0, ServerWindowBits: 8 + len(in)>>1&7, ClientWindowBits: 8 + len(in)>>4&7}
		answer, agreed, ok := handshake.AcceptDeflate(got, want)
		if !ok {
			return
		}
		same, err := handshake.CheckDeflate(got, answer)
		// 8 bits are for those who say so, and else 9.
		if err != nil || same != agreed || agreed.ServerWindowBits > max(want.ServerWindowBits, 9) || want.ServerNoTakeover && !agreed.ServerNoTakeover ||
			agreed.ClientWindowBits > max(want.ClientWindowBits, 9) {
			t.Errorf("%+v of %q agrees on %+v, or %+v (%v)", answer, in, agreed, same, err)
		}
	})
}

// FuzzUTF8: cut anywhere, a text is as valid as in one piece.
func FuzzUTF8(f *testing.F) {
	f.Add([]byte("a€😀"), uint8(1))
	f.Add([]byte("\xf4\x90\x80\x80"), uint8(3))
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		var u frame.UTF8
		ok := true
		for rest := range slices.Chunk(in, int(step)+1) {
			ok = ok && u.Feed(rest)
		}
		if got := ok && u.Done(); got != utf8.Valid(in) {
			t.Errorf("% x: %v", in, got)
		}
	})
}

// FuzzClose: the payload of a Close frame that is accepted can be sent back.
func FuzzClose(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\xe8bye"))
	f.Fuzz(func(t *testing.T, in []byte) {
		code, reason, err := frame.ParseClose(in)
		if err != nil || len(in) > frame.MaxControlPayload {
			return
		}
		if out, err := frame.AppendClose(nil, code, reason); !bytes.Equal(out, in) || err != nil {
			t.Errorf("% x: % x, %v", in, out, err)
		}
	})
}

// FuzzConversation: two endpoints, one of which says what the input says, always
// understand each other and come to an end.
func FuzzConversation(f *testing.F) {
	f.Add([]byte("\x00\x05hello\x01\x02ab\x02\x01x\x03\x00\x04\x00"))
	f.Add([]byte("\x02\xff\x00\x01\x04\x01"))
	f.Fuzz(func(t *testing.T, script []byte) {
		cfg := websocket.Config{PingInterval: -1, CloseTimeout: 10 * time.Second}
		c, s := websocket.Pipe(cfg, cfg)
		ctx := context.Background()
		echoed := make(chan error, 1)
		go func() {
			for m, err := range s.Messages(ctx) {
				if err == nil {
					err = s.Write(ctx, m.Type, m.Data)
				}
				if err != nil {
					echoed <- err
					return
				}
			}
			echoed <- nil
		}()
		var want [][]byte
		go func() {
			defer c.CloseWrite(frame.CodeNormal, "")
			for len(script) >= 2 {
				op, n := script[0]%5, int(script[1])*50
				script = script[2:]
				p := bytes.Repeat([]byte("x"), n)
				switch op {
				case 0:
					c.Write(ctx, websocket.Text, p)
				case 1:
					c.Post(websocket.NewPrepared(websocket.Binary, p))
				case 2:
					w, err := c.Writer(ctx, websocket.Text)
					if err != nil {
						return
					}
					io.Copy(w, bytes.NewReader(p))
					w.Close()
				case 3:
					go c.Ping(ctx, nil)
				}
			}
		}()
		for m, err := range c.Messages(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, m.Data)
		}
		if err := <-echoed; err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		if code := websocket.CloseCode(s.Err()); code != frame.CodeNormal {
			t.Error(s.Err())
		}
	})
}
