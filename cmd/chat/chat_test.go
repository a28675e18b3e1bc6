package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// conversations are what the test server does on each path.
var conversations = map[string]server.Handler{
	"/echo": func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	},
	"/greet": func(ctx context.Context, c *websocket.Conn) {
		c.Write(ctx, websocket.Text, []byte("Welcome \x1b[2J"))
		c.Write(ctx, websocket.Binary, []byte{0, 0xff})
		c.Close(1001, "")
	},
	"/1000": closer(1000, ""),
	"/none": closer(frame.CodeNone, ""),
	"/1011": closer(1011, "oops\a"),
	"/4000": closer(4000, "go away"),
	"/1002": closer(1002, ""),
	"/cut":  func(_ context.Context, c *websocket.Conn) { c.CloseNow() },
	"/breach": func(_ context.Context, c *websocket.Conn) {
		c.Transport().Write([]byte("\x83\x00"))
		c.Read(context.Background())
	},
	"/large": func(ctx context.Context, c *websocket.Conn) {
		c.Write(ctx, websocket.Binary, make([]byte, 2000))
		c.Read(ctx)
	},
	"/silent": func(ctx context.Context, c *websocket.Conn) { <-ctx.Done() },
}

func closer(code frame.Code, reason string) server.Handler {
	return func(_ context.Context, c *websocket.Conn) { c.Close(code, reason) }
}

func serve(t *testing.T) string {
	s := &server.Server{Subprotocols: []string{"chat"}, Config: websocket.Config{MaxMessage: 16 << 20}}
	mux := http.NewServeMux()
	for path, h := range conversations {
		mux.Handle(path, s.With(h))
	}
	mux.Handle("/moved", http.RedirectHandler("/echo", http.StatusFound))
	mux.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer xyz" || r.Header.Get("Origin") != "http://"+r.Host || r.Header.Get("Sec-WebSocket-Protocol") != "chat, v2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.With(conversations["/1000"]).ServeHTTP(w, r)
	})
	hs := httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	t.Cleanup(func() { s.Close() })
	return "ws" + strings.TrimPrefix(hs.URL, "http")
}

// chat runs the program with input and returns what it printed.
func chat(input string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, console{in: strings.NewReader(input), out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestPipe(t *testing.T) {
	t.Parallel()
	url := serve(t)
	long := strings.Repeat("x", 200_000)
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintln(&lines, i)
	}
	for name, in := range map[string]string{
		"nothing":        "",
		"lines":          "a\n\nПривет\r\n\tb\n",
		"many_lines":     lines.String(),
		"long_line":      "a\n" + long + "\n" + long + "y\nb\n",
		"control_bytes":  "\x1b[2J\x07\n",
		"CR_in_the_line": "a\rb\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := chat(in, url+"/echo")
			if code != exitNormal || out != in || errs != "# socket open\n# socket closed 1000\n" {
				t.Errorf("exit code %d, %d bytes of %d, %q", code, len(out), len(in), errs)
			}
		})
	}
	if code, out, _ := chat("no newline", url+"/echo"); code != 0 || out != "no newline\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
	if code, out, _ := chat("\xff\n", "-binary", url+"/echo"); code != 0 || out != "\xff\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
	if code, out, _ := chat("", url+"/greet"); code != 0 || out != "Welcome \x1b[2J\n\x00\xff\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	url := serve(t)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("Authorization: Bearer xyz\nX: y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, in string
		code     int
		errs     string
	}{
		{"/1000", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/none", "", 0, "# socket open\n# socket closed\n"},
		{"/moved -follow 1", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/secret -H @" + file + " -origin http://HOST -subprotocol chat -subprotocol v2", "", 0, "# socket open\n# socket closed 1000\n"},
		{"/1011", "", exitCutOff, `# socket closed 1011 oops\x07` + "\n"},
		{"/4000", "", exitCutOff, "# socket closed 4000 go away\n"},
		{"/1002", "", exitProtocol, "# socket closed 1002\n"},
		{"/cut", "", exitCutOff, "\n# socket closed\n"},
		{"/breach", "", exitProtocol, "# socket error websocket: opcode 0x3 is reserved"},
		{"/large -max-message 1000", "", exitProtocol, "longer than 1000 bytes"},
		{"/echo", "a\n\xff\nb\n", exitUsage, "# input error: line 2 is not UTF-8"},
		{"/echo -max-message 100000", strings.Repeat("x", 300_000), exitUsage, "# input error: line 1 is longer than 100000 bytes"},
		{"/moved", "", exitConnect, "302 Found"},
		{"/nothing", "", exitConnect, "404 Not Found"},
		{"/secret", "", exitConnect, "401 Unauthorized"},
		{"/echo -proxy http://127.0.0.1:1", "", exitConnect, "proxy: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"ws://127.0.0.1:1", "", exitConnect, "# socket error websocket: dial tcp 127.0.0.1:1: connect: connection refused\n"},
		{"ws://" + mute.Addr().String() + " -timeout 50ms", "", exitTimeout, "deadline exceeded"},
		{"wss://HOST", "", exitConnect, "TLS handshake with 127.0.0.1"},
		{"http://HOST", "", exitUsage, "neither ws nor wss"},
		{"ws://user:secret@", "", exitUsage, "no host"},
		{"/echo -x", "", exitUsage, "chat: flag provided but not defined: -x\n"},
		{"/echo ws://other", "", exitUsage, `unexpected argument`},
		{"/echo -H nothing", "", exitUsage, "not of the form Name: value"},
		{"/echo -H @/nothing", "", exitUsage, "no such file"},
		{"/echo -cert x", "", exitUsage, "-cert and -key belong together"},
		{"/echo -cert x -key y", "", exitUsage, "-cert: open x"},
		{"/echo -cacert /nothing", "", exitUsage, "-cacert: open /nothing"},
		{"/echo -cacert " + file, "", exitUsage, "has no certificate"},
		{"/echo -proxy x", "", exitUsage, "-proxy: not a URL"},
		{"/echo -max-message 0", "", exitUsage, "-max-message must be positive"},
		{"/echo -timeout 0", "", exitUsage, "-timeout must be positive"},
		{"/echo -h", "", exitNormal, "usage: chat"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(strings.ReplaceAll(tt.args, "HOST", strings.TrimPrefix(url, "ws://")))
			to := args[0]
			if strings.HasPrefix(to, "/") {
				to = url + to
			}
			code, _, errs := chat(tt.in, append(args[1:len(args):len(args)], to)...)
			if code != tt.code || !strings.Contains(errs, tt.errs) || strings.Contains(errs, "secret@") {
				t.Errorf("exit code %d, %q; want %d, %q", code, errs, tt.code, tt.errs)
			}
		})
	}
}

// TestInterrupt: a signal closes the connection in order.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	url := serve(t)
	ctx, cancel := context.WithCancel(context.Background())
	in, typed := io.Pipe()
	defer typed.Close()
	out := &notify{ch: make(chan string, 10)}
	var errs bytes.Buffer
	code := make(chan int)
	go func() { code <- run(ctx, []string{url + "/echo"}, console{in: in, out: out, err: &errs}) }()
	io.WriteString(typed, "hello\n")
	if got := <-out.ch; got != "hello\n" {
		t.Errorf("%q", got)
	}
	cancel()
	if c := <-code; c != exitNormal || errs.String() != "# socket open\n# socket closed 1001\n" {
		t.Errorf("exit code %d, %q", c, &errs)
	}
}

type notify struct{ ch chan string }

func (n *notify) Write(p []byte) (int, error) {
	n.ch <- string(p)
	return len(p), nil
}

// TestTerminal: prefixes, and nothing that controls the terminal but our own.
func TestTerminal(t *testing.T) {
	t.Parallel()
	url := serve(t)
	var out syncBuffer
	code := run(context.Background(), []string{url + "/greet"}, console{in: strings.NewReader(""), out: &out, err: io.Discard, outTerminal: true})
	if want := "# socket open\n< Welcome \\x1b[2J\n< (2 bytes) 00ff\n# socket closed 1001\n"; code != 0 || out.String() != want {
		t.Errorf("T1: exit code %d, %q", code, out.String())
	}
	out = syncBuffer{}
	in, typed := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(context.Background(), []string{url + "/echo"}, console{in: in, out: &out, err: io.Discard, inTerminal: true, outTerminal: true})
	}()
	io.WriteString(typed, "hi\n")
	typed.Close()
	if code := <-done; code != 0 {
		t.Error("exit code", code)
	}
	for _, want := range []string{"\r\x1b[K# socket open\n> ", "\r\x1b[K< hi\n> ", "\r\x1b[K# socket closed 1000\n> \r\x1b[K"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
