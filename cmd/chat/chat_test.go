package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// interrupted is the exit code after Ctrl-C.
var interrupted = errSignal{os.Interrupt}.code()

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
	"/sink": func(ctx context.Context, c *websocket.Conn) {
		for range c.Messages(ctx) {
		}
	},
	// It answers late, and nothing any more once it has read a Close frame.
	"/late": func(ctx context.Context, c *websocket.Conn) {
		answers := make(chan string, 1000)
		defer close(answers)
		go func() {
			for a := range answers {
				time.Sleep(10 * time.Millisecond)
				c.Write(ctx, websocket.Text, []byte(a))
			}
		}()
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			answers <- string(m.Data)
		}
	},
	"/flood": func(ctx context.Context, c *websocket.Conn) {
		for c.Write(ctx, websocket.Binary, make([]byte, 100_000)) == nil {
		}
	},
	"/count": func(ctx context.Context, c *websocket.Conn) {
		for i := 1; c.Write(ctx, websocket.Text, []byte(strconv.Itoa(i))) == nil; i++ {
			if i == 5 {
				c.Read(ctx)
			}
		}
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
	mux.HandleFunc("/close/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		s.With(closer(frame.Code(code), "")).ServeHTTP(w, r)
	})
	mux.HandleFunc("/raw/{bytes}", func(w http.ResponseWriter, r *http.Request) {
		p, _ := hex.DecodeString(strings.ReplaceAll(r.PathValue("bytes"), " ", ""))
		s.With(func(_ context.Context, c *websocket.Conn) {
			c.Transport().Write(p)
			c.Read(context.Background())
		}).ServeHTTP(w, r)
	})
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/moved", http.RedirectHandler("/echo", http.StatusFound))
	mux.HandleFunc("/quoted", func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<refused>\n%v\n%s\n", r.Header, password)
	})
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
	code = run(args, console{in: strings.NewReader(input), out: &o, err: &e})
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
		"lines":          "a\n\nПривет\n\tb\n",
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

// TestWait: a Close frame doesn't overtake the answers.
func TestWait(t *testing.T) {
	t.Parallel()
	url := serve(t)
	in := strings.Repeat("x\n", 50)
	if code, out, errs := chat(in, "-wait", "2s", url+"/late"); code != exitNormal || out != in {
		t.Errorf("exit code %d, %d bytes of %d, %q", code, len(out), len(in), errs)
	}
	if code, out, _ := chat(in, "-wait", "0", url+"/late"); code != exitNormal || out == in {
		t.Errorf("the server waits: exit code %d, %d bytes of %d", code, len(out), len(in))
	}
	start := time.Now()
	if code, out, errs := chat(in, "-wait", "8s", url+"/echo"); code != exitNormal || out != in || time.Since(start) > 7*time.Second {
		t.Errorf("exit code %d, %d bytes of %d, %q", code, len(out), len(in), errs)
	}
}

// TestCount: -n ends the program, whatever comes besides.
func TestCount(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, tt := range []struct {
		args, in string
		code     int
		out      string
	}{
		{"/count -n 3", "", exitNormal, "1\n2\n3\n"},
		{"/count -n 5", "", exitNormal, "1\n2\n3\n4\n5\n"},
		{"/late -n 1", "a\nb\n", exitNormal, "a\n"},
		{"/greet -n 3", "", exitCutOff, "Welcome \x1b[2J\n\x00\xff\n"},
		{"/sink -n 1 -timeout 100ms", "a\n", exitTimeout, ""},
		{"/silent -timeout 100ms", "", exitTimeout, ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			code, out, errs := chat(tt.in, strings.Fields(url+tt.args)...)
			if code != tt.code || out != tt.out {
				t.Errorf("exit code %d, %q, %q", code, out, errs)
			}
		})
	}
}

// TestTerminalOutput: what is piped in and shown on a terminal has prefixes, and
// nothing that controls the terminal.
func TestTerminalOutput(t *testing.T) {
	t.Parallel()
	url := serve(t)
	for _, tt := range []struct{ path, in, want string }{
		{"/greet", "", "# socket open\n< Welcome \\x1b[2J\n< (2 bytes) 00ff\n# socket closed 1001\n"},
		{"/sink", "/a\nb\x1b\n", "# socket open\n> /a\n> b\\x1b\n# no answer came in 100ms; -wait sets how long to wait\n# socket closed 1000\n"},
	} {
		var out syncBuffer
		code := run([]string{"-no-color", "-wait", "100ms", url + tt.path}, console{in: strings.NewReader(tt.in), out: &out, err: io.Discard, outTerminal: true})
		if code != 0 || out.String() != tt.want {
			t.Errorf("%s: exit code %d, %q", tt.path, code, out.String())
		}
	}
}

// TestInterruptBlocked: a signal ends the program though nobody reads what it
// prints.
func TestInterruptBlocked(t *testing.T) {
	t.Parallel()
	url := serve(t)
	signals := make(chan os.Signal)
	out, stdout := io.Pipe()
	in, stdin := io.Pipe()
	defer stdin.Close()
	code := make(chan int)
	go func() {
		code <- run([]string{url + "/flood"}, console{in: in, out: stdout, err: io.Discard, signals: signals})
	}()
	out.Read(make([]byte, 1))
	signals <- os.Interrupt
	if c := <-code; c != interrupted {
		t.Error("exit code", c)
	}
}

// TestInterrupt: a signal closes the connection in order.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	url := serve(t)
	signals := make(chan os.Signal)
	in, typed := io.Pipe()
	defer typed.Close()
	out := &notify{ch: make(chan string, 10)}
	var errs bytes.Buffer
	code := make(chan int)
	go func() { code <- run([]string{url + "/echo"}, console{in: in, out: out, err: &errs, signals: signals}) }()
	io.WriteString(typed, "hello\n")
	if got := <-out.ch; got != "hello\n" {
		t.Errorf("%q", got)
	}
	signals <- os.Interrupt
	if c := <-code; c != interrupted || errs.String() != "# socket open\n# socket closed 1001\n" {
		t.Errorf("exit code %d, %q", c, &errs)
	}
}

type notify struct{ ch chan string }

func (n *notify) Write(p []byte) (int, error) {
	n.ch <- string(p)
	return len(p), nil
}

type syncBuffer struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	written chan struct{} // closed by the next write; nil if nobody waits
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.written != nil {
		close(b.written)
		b.written = nil
	}
	return b.buf.Write(p)
}

// await waits until text has been written, and returns all that was.
func (b *syncBuffer) await(text string) string {
	for {
		b.mu.Lock()
		all := b.buf.String()
		if strings.Contains(all, text) {
			b.mu.Unlock()
			return all
		}
		if b.written == nil {
			b.written = make(chan struct{})
		}
		written := b.written
		b.mu.Unlock()
		<-written
	}
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
