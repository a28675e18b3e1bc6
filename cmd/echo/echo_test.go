package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

var ctx = context.Background()

// output is what the program prints, to be read while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
	new *sync.Cond
}

func newOutput() *output {
	o := new(output)
	o.new = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.new.Broadcast()
	return o.buf.Write(p)
}

// waitLine waits for a line with prefix and returns what follows that.
func (o *output) waitLine(prefix string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for line := range strings.Lines(o.buf.String()) {
			if rest, ok := strings.CutPrefix(line, prefix); ok && strings.HasSuffix(rest, "\n") {
				return strings.TrimSuffix(rest, "\n")
			}
		}
		o.new.Wait()
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs the program and returns its address; stop ends it as a signal does
// and returns its exit code.
func start(t *testing.T, args ...string) (addr string, out *output, stop func() int) {
	t.Helper()
	own, cancel := context.WithCancel(ctx)
	out = newOutput()
	code := make(chan int, 1)
	go func() { code <- run(own, append([]string{"-addr", "localhost:0"}, args...), out, out) }()
	addr = "localhost:" + out.waitLine("listening on port ")
	var once sync.Once
	stop = func() (c int) {
		once.Do(func() {
			cancel()
			c = <-code
		})
		return c
	}
	t.Cleanup(func() { stop() })
	return addr, out, stop
}

func read(t *testing.T, c *websocket.Conn, typ websocket.MessageType, want string) {
	t.Helper()
	got, p, err := c.Read(ctx)
	if got != typ || string(p) != want || err != nil {
		t.Fatalf("%v %q, %v; want %v %q", got, p, err, typ, want)
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	addr, out, stop := start(t, "-subprotocols", "v2, chat")
	const greeting = "Welcome to Awesome Chat"
	for _, path := range []string{"", "/", "/any/path?q", "/echo"} {
		c, _, err := (&client.Dialer{Subprotocols: []string{"chat", "v2"}}).Dial(ctx, "ws://"+addr+path)
		if err != nil {
			t.Fatal(path, err)
		}
		if c.Subprotocol() != "chat" {
			t.Error(c.Subprotocol())
		}
		if path != "/echo" {
			read(t, c, websocket.Text, greeting)
		}
		for _, m := range []string{"hello", "", "Привет, мир", "\x1b[2Jcleared\n"} {
			c.Write(ctx, websocket.Text, []byte(m))
			read(t, c, websocket.Text, m)
		}
		c.Write(ctx, websocket.Binary, []byte{0xff, 0, 0x80})
		read(t, c, websocket.Binary, "\xff\x00\x80")
		if err := c.Close(4001, "bye\x07"); err != nil {
			t.Error(err)
		}
		if rest := out.waitLine("client disconnected 4001"); rest != ` bye\x07` {
			t.Errorf("disconnected %q", rest)
		}
	}
	if code := stop(); code != 0 {
		t.Error("exit code", code)
	}
	got := out.String()
	for _, want := range []string{"client connected\n", "Message: hello\n", "Message: \n", "Message: Привет, мир\n",
		`Message: \x1b[2Jcleared\n` + "\n", "Message: 3 bytes of binary\n"} {
		if strings.Count(got, want) != 4 {
			t.Errorf("%q is not printed 4 times:\n%s", want, got)
		}
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet")
	for _, tt := range []struct {
		method, path string
		status       int
		contentType  string
		body         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "<!doctype html>"},
		{"HEAD", "/", 200, "text/html; charset=utf-8", ""},
		{"POST", "/", 405, "text/plain; charset=utf-8", "method"},
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", "ok\n"},
		{"GET", "/echo", 426, "text/plain; charset=utf-8", "this is a WebSocket endpoint"},
		{"GET", "/elsewhere", 426, "text/plain; charset=utf-8", "this is a WebSocket endpoint"},
	} {
		req, _ := http.NewRequest(tt.method, "http://"+addr+tt.path, nil)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != tt.contentType || !strings.HasPrefix(string(body), tt.body) {
			t.Errorf("%s %s: %s %q %.40q", tt.method, tt.path, resp.Status, resp.Header.Get("Content-Type"), body)
		}
		if tt.path == "/" && tt.status == 200 && !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'sha256-") {
			t.Error(resp.Header)
		}
	}
}

func TestBothLoopbacks(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet")
	_, port, _ := net.SplitHostPort(addr)
	hosts := []string{"127.0.0.1"}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		l.Close()
		hosts = append(hosts, "::1")
	}
	for _, host := range hosts {
		c, err := client.Dial(ctx, "ws://"+net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		c.CloseNow()
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet", "-origins", "https://a.example,https://*.b.example")
	for origin, ok := range map[string]bool{"https://a.example": true, "https://x.b.example": true, "http://" + addr: true, "https://c.example": false} {
		c, resp, err := (&client.Dialer{Header: http.Header{"Origin": {origin}}}).Dial(ctx, "ws://"+addr)
		if (err == nil) != ok || !ok && resp.StatusCode != 403 {
			t.Errorf("T4: %s: %v", origin, err)
		}
		if err == nil {
			c.CloseNow()
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet", "-max-message", "100", "-greeting", "")
	c, err := client.Dial(ctx, "ws://"+addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Binary, make([]byte, 100))
	read(t, c, websocket.Binary, string(make([]byte, 100)))
	c.Write(ctx, websocket.Binary, make([]byte, 101))
	if _, _, err := c.Read(ctx); websocket.CloseCode(err) != frame.CodeTooBig {
		t.Error(err)
	}
}

// TestShutdown: clients get 1001 and the program exits with 0, also if one of
// them doesn't go.
func TestShutdown(t *testing.T) {
	t.Parallel()
	addr, _, stop := start(t, "-self-signed", "-drain", "300ms")
	d := &client.Dialer{HTTPClient: insecure()}
	good, _, err := d.Dial(ctx, "wss://"+addr+"/echo")
	if err != nil {
		t.Fatal(err)
	}
	deaf, _, err := d.Dial(ctx, "wss://"+addr+"/echo")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.CloseNow()
	ended := make(chan error)
	go func() {
		_, _, err := good.Read(ctx)
		ended <- err
	}()
	if code := stop(); code != 0 {
		t.Error("exit code", code)
	}
	if err := <-ended; websocket.CloseCode(err) != frame.CodeGoingAway {
		t.Error(err)
	}
	if _, err := client.Dial(ctx, "ws://"+addr); err == nil {
		t.Error("it still accepts")
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet")
	_, port, _ := net.SplitHostPort(addr)
	for _, tt := range []struct{ args, want string }{
		{"-x", "flag provided but not defined: -x; echo -h lists the flags"},
		{"-hosts example.org:3000", `"example.org:3000" is not the name of a host without a port`},
		{"-hosts http://example.org", `"http://example.org" is not the name of a host`},
		{"x", `unexpected argument "x"`},
		{"-cert x", "-cert and -key belong together"},
		{"-cert x -key y", "open x: no such file"},
		{"-cert x -key y -self-signed", "exclude each other"},
		{"-max-message 0", "-max-message must be positive"},
		{"-ping 5", `invalid value "5" for flag -ping: parse error; a duration has a unit, such as 5s`},
		{"-max-conns many", "echo -h lists the flags"},
		{"-ping -1s", "can't be negative"},
		{"-drain-delay -1s", "can't be negative"},
		{"-max-conns -1", "can't be negative"},
		{"-lifetime -1s", "can't be negative"},
		{"-head-timeout 0", "must be positive"},
		{"-slow down", "close, retry or drop"},
		{"-trusted-proxies x", "x"},
		{"-log-format xml", "text or json"},
		{"-log-level loud", "loud"},
		{"-debug x", "-debug: "},
		{"-origins example.org", "example.org"},
		{"-addr x", "-addr: address x: missing port"},
		{"-addr localhost:" + port, "address already in use"},
		{"-addr 127.0.0.1:" + port, "address already in use"},
	} {
		var out, errs bytes.Buffer
		code := run(ctx, strings.Fields(tt.args), &out, &errs)
		if got := errs.String(); code != 1 || out.Len() > 0 || !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q, %q", tt.args, code, &out, got)
		}
	}
}

// TestHelpAndVersion: what was asked for goes to the standard output.
func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{"-h": "-self-signed", "-help": "-self-signed", "--help": "-self-signed", "-version": "echo "} {
		var out, errs bytes.Buffer
		if code := run(ctx, []string{arg}, &out, &errs); code != 0 || !strings.Contains(out.String(), want) || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q", arg, code, &out, &errs)
		}
	}
}

// TestFirstLines: the tutorial's line comes first, and then what to open.
func TestFirstLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, url string }{
		{"", "http://localhost:PORT/"},
		{"-self-signed", "https://localhost:PORT/"},
		{"-addr 127.0.0.1:0", "http://127.0.0.1:PORT/"},
		{"-addr 0.0.0.0:0", "http://localhost:PORT/"},
		{"-addr :0", "http://localhost:PORT/"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			addr, out, stop := start(t, strings.Fields(tt.args)...)
			_, port, _ := net.SplitHostPort(addr)
			stop()
			want := "listening on port " + port + "\nopen " + strings.ReplaceAll(tt.url, "PORT", port) + "\n"
			if got := out.String(); got != want {
				t.Errorf("%q; want %q", got, want)
			}
		})
	}
}

// TestSubprotocols: by default it's the client's first, as of the tutorial's server.
func TestSubprotocols(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args    []string
		offered []string
		want    string
	}{
		{nil, []string{"chat", "superchat"}, "chat"},
		{nil, nil, ""},
		{[]string{"-subprotocols", ""}, []string{"chat"}, ""},
		{[]string{"-subprotocols", "*"}, []string{"chat"}, "chat"},
		{[]string{"-subprotocols", "v2, superchat"}, []string{"chat", "superchat"}, "superchat"},
		{[]string{"-subprotocols", "v2", "-subprotocols", "v1"}, []string{"v1", "v2"}, "v1"},
		{[]string{"-subprotocols", "v2"}, []string{"chat"}, ""},
	} {
		t.Run(fmt.Sprint(tt.args, tt.offered), func(t *testing.T) {
			t.Parallel()
			addr, _, _ := start(t, tt.args...)
			c, _, err := (&client.Dialer{Subprotocols: tt.offered}).Dial(ctx, "ws://"+addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if got := c.Subprotocol(); got != tt.want {
				t.Errorf("agreed on %q; want %q", got, tt.want)
			}
		})
	}
}

func Example() {
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newOutput()
	go run(own, []string{"-addr", "localhost:0"}, out, out)
	c, err := client.Dial(ctx, "ws://localhost:"+out.waitLine("listening on port "))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	_, p, _ := c.Read(ctx)
	fmt.Println(string(p))
	// Output: Welcome to Awesome Chat
}

func insecure() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}
