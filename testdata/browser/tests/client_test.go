//go:build js

// Package tests runs in a browser: see the folder above.
package tests

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// url returns the URL of a server in the process that serves the tests.
func url(path string) string {
	return strings.Replace(js.Global().Get("location").Get("origin").String(), "http", "ws", 1) + path
}

func dial(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	d := client.Dialer{Config: websocket.Config{MaxMessage: 8 << 20}}
	c, _, err := d.Dial(t.Context(), url(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i * 7 >> (i >> 12 & 3))
	}
	return p
}

func TestMessagesOfAllSizesComeBack(t *testing.T) {
	for _, path := range []string{"/echo", "/compressed"} {
		c := dial(t, path)
		for _, m := range []websocket.Message{
			{Type: websocket.Text, Data: []byte("hello")},
			{Type: websocket.Text, Data: []byte{}},
			{Type: websocket.Text, Data: []byte("Привет, мир 😀\x00\ufeff")},
			{Type: websocket.Text, Data: bytes.Repeat([]byte("я"), 1<<20)},
			{Type: websocket.Binary, Data: []byte{}},
			{Type: websocket.Binary, Data: pattern(125)},
			{Type: websocket.Binary, Data: pattern(126)},
			{Type: websocket.Binary, Data: pattern(1 << 16)},
			{Type: websocket.Binary, Data: pattern(3 << 20)},
		} {
			if err := c.Write(t.Context(), m.Type, m.Data); err != nil {
				t.Fatal(err)
			}
			typ, p, err := c.Read(t.Context())
			if err != nil || typ != m.Type || !bytes.Equal(p, m.Data) {
				t.Fatalf("%s: type %d, %d bytes: got type %d, %d bytes, %v", path, m.Type, len(m.Data), typ, len(p), err)
			}
		}
		if err := c.Close(frame.CodeNormal, ""); err != nil {
			t.Error(path, err)
		}
	}
}

func TestManyMessagesKeepTheirOrder(t *testing.T) {
	c := dial(t, "/echo")
	go func() {
		for i := range 2000 {
			if c.Write(t.Context(), websocket.Text, fmt.Append(nil, i)) != nil {
				return
			}
		}
	}()
	for i := range 2000 {
		_, p, err := c.Read(t.Context())
		if err != nil || string(p) != fmt.Sprint(i) {
			t.Fatalf("message %d: %q, %v", i, p, err)
		}
	}
}

func TestStreamsBecomeMessages(t *testing.T) {
	c := dial(t, "/echo")
	w, err := c.Writer(t.Context(), websocket.Binary)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		w.Write(pattern(100_000))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, r, err := c.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(p, bytes.Repeat(pattern(100_000), 10)) {
		t.Errorf("%d bytes, %v", len(p), err)
	}
}

func TestAReadThatAContextEndsLeavesTheConnection(t *testing.T) {
	c := dial(t, "/echo")
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
		if err := c.Write(t.Context(), websocket.Text, []byte("still here")); err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.Read(t.Context()); err != nil || string(p) != "still here" {
			t.Fatalf("%q, %v", p, err)
		}
	}
}

func TestThePeerCloses(t *testing.T) {
	for _, tt := range []struct {
		path string
		want frame.Code
		text string
	}{
		{"/close?code=1000&reason=bye", frame.CodeNormal, "bye"},
		{"/close?code=1001", frame.CodeGoingAway, ""},
		{"/close?code=1005", frame.CodeNone, ""},
		{"/close?code=1011&reason=Привет", frame.CodeInternalError, "Привет"},
		{"/close?code=4321&reason=own", 4321, "own"},
		{"/cut", frame.CodeAbnormal, ""},
	} {
		c := dial(t, tt.path)
		c.Write(t.Context(), websocket.Text, []byte("go"))
		_, _, err := c.Read(t.Context())
		var ce *websocket.CloseError
		if !errors.As(err, &ce) || ce.Code != tt.want || ce.Reason != tt.text {
			t.Errorf("%s: %v", tt.path, err)
		}
	}
}

func TestThisSideCloses(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*websocket.Conn) error
		want string // what the server has as the end
	}{
		{"code and reason", func(c *websocket.Conn) error { return c.Close(4000, "Привет") }, `4000 "Привет"`},
		{"no code", func(c *websocket.Conn) error { return c.Close(frame.CodeNone, "") }, "closed by the peer with"},
		{"half", func(c *websocket.Conn) error { return c.CloseWrite(3000, "half") }, `3000 "half"`},
		{"now", func(c *websocket.Conn) error { return c.CloseNow() }, "closed by the peer with"},
	} {
		c := dial(t, "/closes")
		if err := tt.end(c); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		_, p, err := dial(t, "/closed").Read(t.Context())
		if err != nil || !strings.Contains(string(p), tt.want) {
			t.Errorf("%s: the server has %q, %v; want %q", tt.name, p, err, tt.want)
		}
	}
}

func TestACodeThatABrowserCantSendIsAnError(t *testing.T) {
	c := dial(t, "/echo")
	err := c.Close(frame.CodeGoingAway, "")
	if err == nil || !strings.Contains(err.Error(), "a browser sends only 1000 and 3000 to 4999") {
		t.Errorf("%v", err)
	}
	c.Write(t.Context(), websocket.Text, []byte("still open"))
	if _, p, err := c.Read(t.Context()); err != nil || string(p) != "still open" {
		t.Errorf("%q, %v", p, err)
	}
}

func TestAMessageOverTheLimitEndsTheConnection(t *testing.T) {
	d := client.Dialer{Config: websocket.Config{MaxMessage: 100}}
	c, _, err := d.Dial(t.Context(), url("/echo"))
	if err != nil {
		t.Fatal(err)
	}
	c.Write(t.Context(), websocket.Binary, pattern(101))
	_, _, err = c.Read(t.Context())
	var breach *frame.Error
	if !errors.As(err, &breach) || breach.Code != frame.CodeTooBig {
		t.Errorf("%v", err)
	}
}

func TestAFloodThatNobodyReadsIsBounded(t *testing.T) {
	c := dial(t, "/flood")
	dial(t, "/flooded").Read(t.Context()) // answers when the flood has ended
	total := 0
	for {
		_, p, err := c.Read(t.Context())
		if err == nil {
			total += len(p)
			continue
		}
		if total > 17<<20 || !strings.Contains(err.Error(), "messages arrive faster than they are read") {
			t.Errorf("%v, after %d bytes", err, total)
		}
		return
	}
}

func TestPingsAreAnsweredHere(t *testing.T) {
	c := dial(t, "/echo")
	go c.Read(t.Context())
	if _, err := c.Ping(t.Context(), []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestSubprotocols(t *testing.T) {
	d := client.Dialer{Subprotocols: []string{"a", "b"}}
	c, _, err := d.Dial(t.Context(), url("/echo"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if got := c.Subprotocol(); got != "b" {
		t.Errorf("%q", got)
	}
}

func TestDialsThatFail(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		d    client.Dialer
		url  string
		want string
	}{
		{"refused", t.Context(), client.Dialer{}, url("/refuses"), "the browser could not connect"},
		{"nobody there", t.Context(), client.Dialer{}, "ws://127.0.0.1:1/", "the browser could not connect"},
		{"no URL", t.Context(), client.Dialer{}, "://", "URL"},
		{"fragment", t.Context(), client.Dialer{}, url("/echo#x"), "fragment"},
		{"user", t.Context(), client.Dialer{}, "ws://me:secret@localhost/", "the URL has a user"},
		{"subprotocol", t.Context(), client.Dialer{Subprotocols: []string{"a b"}}, url("/echo"), "a b"},
		{"header", t.Context(), client.Dialer{Header: http.Header{"X": {"y"}}}, url("/echo"), "Dialer.Header"},
		{"TLS", t.Context(), client.Dialer{TLSConfig: new(tls.Config)}, url("/echo"), "Dialer.TLSConfig"},
		{"compression", t.Context(), client.Dialer{Config: websocket.Config{Compression: &websocket.Compression{}}}, url("/echo"), "Config.Compression"},
		{"keepalive", t.Context(), client.Dialer{Config: websocket.Config{PingInterval: time.Second}}, url("/echo"), "Config.PingInterval"},
		{"context", ended, client.Dialer{}, url("/echo"), "context canceled"},
	} {
		c, _, err := tt.d.Dial(tt.ctx, tt.url)
		if err == nil {
			c.CloseNow()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
}

// TestEveryFieldOfADialerIsHonouredOrRefused: those to come as well.
func TestEveryFieldOfADialerIsHonouredOrRefused(t *testing.T) {
	honoured := []string{"Config", "Subprotocols", "Timeout"}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[client.Dialer]()) {
		if !field.IsExported() || slices.Contains(honoured, field.Name) {
			continue
		}
		var d client.Dialer
		set := reflect.ValueOf(&d).Elem().FieldByIndex(field.Index)
		switch field.Type.Kind() {
		case reflect.Func:
			set.Set(reflect.MakeFunc(field.Type, func([]reflect.Value) []reflect.Value { panic("called") }))
		case reflect.Map:
			set.Set(reflect.ValueOf(map[string][]string{"X": {"y"}}).Convert(field.Type))
		case reflect.Pointer:
			set.Set(reflect.New(field.Type.Elem()))
		case reflect.Int:
			set.SetInt(1)
		case reflect.Bool:
			set.SetBool(true)
		case reflect.String:
			set.SetString("x")
		default:
			t.Errorf("%s: this test knows no %s", field.Name, field.Type)
			continue
		}
		if c, _, err := d.Dial(t.Context(), url("/echo")); err == nil || !strings.Contains(err.Error(), "Dialer."+field.Name+" ") {
			t.Errorf("%s: %v", field.Name, err)
			if err == nil {
				c.CloseNow()
			}
		}
	}
}

// TestNothingIsLeft opens 100 sockets at once. When they have ended, the Go side of
// the browser's table of objects is not longer than before.
func TestNothingIsLeft(t *testing.T) {
	round := func() int {
		var conns []*websocket.Conn
		for range 100 {
			c, err := client.Dial(t.Context(), url("/echo"))
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		for i, c := range conns {
			if err := c.Write(t.Context(), websocket.Text, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range conns {
			if _, p, err := c.Read(t.Context()); err != nil || string(p) != fmt.Sprint(i) {
				t.Fatalf("%q, %v", p, err)
			}
			if err := c.Close(frame.CodeNormal, ""); err != nil {
				t.Fatal(err)
			}
		}
		clear(conns)
		for range 3 {
			runtime.GC()
			<-time.After(10 * time.Millisecond) // finalizers run
		}
		return js.Global().Get("go").Get("_ids").Get("size").Int()
	}
	before := round()
	after := round()
	if after > before+50 {
		t.Errorf("%d objects after 100 more sockets, %d before", after, before)
	}
	fmt.Fprintf(os.Stdout, "%d objects after 100 sockets, %d after 200\n", before, after)
}
