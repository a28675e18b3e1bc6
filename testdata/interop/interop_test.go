// Package interop has the programs and the library meet real peers: npm's ws,
// Python's websockets, aiohttp, autobahn and tornado, Mojolicious, libsoup, Bun, curl,
// Chromium, Firefox and Qt. A part whose peer is not installed is
// skipped, but fails if the environment has CI set. To install them all, see the
// script .ci/run.
//
//	go test ./testdata/interop
package interop

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

var bin string // the folder with the programs

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		panic(err)
	}
	bin = dir
	os.Setenv("XDG_RUNTIME_DIR", dir) // or Qt complains
	for name, value := range qtEnvironment {
		os.Setenv(name, value)
	}
	for _, p := range []string{"echo", "chat"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, p), "hawser/websocket/cmd/"+p).CombinedOutput(); err != nil {
			fmt.Printf("%s\n", out)
			os.Exit(1)
		}
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// need skips the test if a command that shows that a peer is there fails.
func need(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		t.Skipf("needs %s %s: %v", name, strings.Join(args, " "), err)
	}
}

// start starts a program, waits for a line with prefix and returns the rest of
// it. The program is told to stop at the end of the test.
func start(t *testing.T, prefix, name string, args ...string) (line string, stop func()) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			stopped := false
			stop = func() {
				if !stopped {
					stopped = true
					cmd.Process.Signal(os.Interrupt)
					if err := cmd.Wait(); err != nil && prefix == listening {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			t.Cleanup(stop)
			return rest, stop
		}
	}
	cmd.Wait()
	t.Fatalf("%s doesn't say %q", name, prefix)
	return "", nil
}

const listening = "listening on port "

func echo(t *testing.T, args ...string) (addr string, stop func()) {
	t.Helper()
	port, stop := start(t, listening, filepath.Join(bin, "echo"), append([]string{"-addr", "localhost:0"}, args...)...)
	return "localhost:" + port, stop
}

// run runs a command with input and returns what it printed.
func run(t *testing.T, input, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &errs)
	}
	return string(out)
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

func TestChat(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"-self-signed"}} {
		addr, _ := echo(t, append(args, "-quiet")...)
		url := "ws://" + addr + "/echo"
		if args != nil {
			url = "wss://" + addr + "/echo"
		}
		if out := run(t, numbers(100_000), filepath.Join(bin, "chat"), "-insecure", url); out != numbers(100_000) {
			t.Errorf("%s: %d bytes", url, len(out))
		}
	}
}

func TestCurl(t *testing.T) {
	t.Parallel()
	need(t, "curl", "--version")
	addr, _ := echo(t, "-quiet")
	curl := func(args ...string) string {
		return run(t, "", "curl", append([]string{"--silent", "--include", "--http1.1", "--noproxy", "*"}, args...)...)
	}
	for path, want := range map[string][]string{
		"/":        {"HTTP/1.1 200 OK\r\n", "Content-Type: text/html", "<!doctype html>"},
		"/healthz": {"HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n"},
		"/echo":    {"HTTP/1.1 426 Upgrade Required\r\n", "Upgrade: websocket\r\n", "Connection: close\r\n", "Sec-Websocket-Version: 13\r\n", "this is a WebSocket endpoint"},
	} {
		out := curl("http://" + addr + path)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in:\n%s", path, w, out)
			}
		}
	}
	// An upgrade by hand, with the example of RFC 6455 section 1.3. curl sends
	// nothing behind it, and reads until it gives up.
	cmd := exec.Command("curl", "--silent", "--include", "--http1.1", "--noproxy", "*", "--max-time", "1", "--output", "-",
		"-H", "Upgrade: websocket", "-H", "Connection: Upgrade", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "-H", "Sec-WebSocket-Version: 13", "http://"+addr)
	out, _ := cmd.Output()
	want := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" +
		"\x81\x17Welcome to Awesome Chat"
	if string(out) != want {
		t.Errorf("%q; want %q", out, want)
	}
}

// TestNodeClient is npm's ws against cmd/echo.
func TestNodeClient(t *testing.T) {
	t.Parallel()
	need(t, "node", "--input-type=commonjs", "-e", "require('ws')")
	addr, stop := echo(t, "-quiet", "-subprotocols", "chat")
	out := run(t, "", "node", "client.cjs", "ws://"+addr)
	if !strings.HasSuffix(out, "all passed\n") {
		t.Error(out)
	}
	// The server's end reaches a client as 1001.
	cmd := exec.Command("node", "client.cjs", "ws://"+addr, "wait")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	lines := bufio.NewScanner(pipe)
	for _, want := range []string{"open", "closed 1001"} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("%q; want %q", lines.Text(), want)
		}
		stop()
	}
}

// TestNodeServer is our client against npm's ws.
func TestNodeServer(t *testing.T) {
	t.Parallel()
	need(t, "node", "--input-type=commonjs", "-e", "require('ws')")
	port, _ := start(t, "port ", "node", "server.cjs")
	meet(t, "ws://localhost:"+port, 4000)
	if out := run(t, numbers(10_000), filepath.Join(bin, "chat"), "ws://localhost:"+port); out != numbers(10_000) {
		t.Errorf("cmd/chat printed %d bytes", len(out))
	}
}

// TestPython is websockets, both as client and as server. As a server it sends
// nothing any more once a Close frame has arrived, so cmd/chat has to wait for the
// last answers before it closes.
func TestPython(t *testing.T) {
	t.Parallel()
	need(t, "/usr/bin/python3", "-c", "import websockets")
	addr, _ := echo(t, "-quiet", "-subprotocols", "chat")
	if out := run(t, "", "/usr/bin/python3", "client.py", "ws://"+addr); !strings.HasSuffix(out, "all passed\n") {
		t.Error(out)
	}
	port, _ := start(t, "port ", "/usr/bin/python3", "server.py")
	meet(t, "ws://localhost:"+port, 4000)
	if out := run(t, numbers(10_000), filepath.Join(bin, "chat"), "ws://localhost:"+port); out != numbers(10_000) {
		t.Errorf("cmd/chat printed %d bytes", len(out))
	}
}

// meet has our client talk to an echo server at url, which closes with a code when
// it's asked to.
func meet(t *testing.T, url string, closes frame.Code) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d := &client.Dialer{Subprotocols: []string{"chat"}, Config: websocket.Config{MaxMessage: 16 << 20}}
	c, _, err := d.Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Subprotocol() != "chat" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for _, m := range []websocket.Message{
		{Type: websocket.Text, Data: []byte("hello")},
		{Type: websocket.Text, Data: []byte{}},
		{Type: websocket.Text, Data: []byte("Привет, 😀")},
		{Type: websocket.Binary, Data: []byte{0xff, 0, 0x80}},
		{Type: websocket.Binary, Data: make([]byte, 1<<20)},
	} {
		go c.Write(ctx, m.Type, m.Data)
		typ, p, err := c.Read(ctx)
		if typ != m.Type || string(p) != string(m.Data) || err != nil {
			t.Fatalf("%v of %d bytes, %v; want %v of %d", typ, len(p), err, m.Type, len(m.Data))
		}
	}
	go func() {
		w, _ := c.Writer(ctx, websocket.Text)
		for range 1000 {
			fmt.Fprint(w, "fragments €")
		}
		w.Close()
	}()
	if _, p, err := c.Read(ctx); string(p) != strings.Repeat("fragments €", 1000) || err != nil {
		t.Error(len(p), err)
	}
	reading := make(chan error)
	go func() {
		_, _, err := c.Read(ctx)
		reading <- err
	}()
	if _, err := c.Ping(ctx, nil); err != nil {
		t.Error(err)
	}
	if err := c.Close(4321, "bye €"); err != nil {
		t.Error(err)
	}
	if err := <-reading; websocket.CloseCode(err) != 4321 {
		t.Error(err)
	}
	if c, _, err = d.Dial(ctx, url); err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.Write(ctx, websocket.Text, []byte("close me"))
	if _, _, err := c.Read(ctx); websocket.CloseCode(err) != closes {
		t.Error(err)
	}
}
