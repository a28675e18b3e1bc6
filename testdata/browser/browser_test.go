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
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/frame"
	"hawser/websocket/server"
	"hawser/websocket/testdata/browser/wasm"
	"hawser/websocket/testdata/interop/browser"
)

// needChromium skips the test where there is no Chromium, unless CI requires it.
func needChromium(t *testing.T) {
	t.Helper()
	if err := exec.Command("chromium", "--version").Run(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is required:", err)
		}
		t.Skip("chromium is not installed:", err)
	}
}

// TestClientInChromium runs the tests in the folder tests in a browser, against
// servers of this process.
func TestClientInChromium(t *testing.T) {
	t.Parallel()
	needChromium(t)
	binary, err := wasm.Build("hawser/websocket/testdata/browser/tests", true)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the tests are %d bytes of WebAssembly", len(binary))
	page, err := wasm.Page("tests", binary, "-test.v", "-test.timeout=2m")
	if err != nil {
		t.Fatal(err)
	}
	peers, end := peers()
	defer end()
	peers.Handle("/", page)
	hs := httptest.NewServer(peers)
	defer hs.Close()
	p, err := browser.Open(hs.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	exit, err := p.Eval(`while (window.exit === undefined) await new Promise(r => setTimeout(r, 50)); return String(window.exit)`)
	if err != nil {
		t.Fatal(err)
	}
	output, err := p.Eval(`return window.output`)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("in the browser:\n%s", output)
	if exit != "0" || !strings.Contains(output, "\nPASS") {
		t.Errorf("the tests end with exit code %s", exit)
	}
}

// peers are the servers that the tests in the browser dial.
func peers() (*http.ServeMux, func()) {
	mux := http.NewServeMux()
	var ends []func()
	add := func(pattern string, config websocket.Config, h func(context.Context, *http.Request, *websocket.Conn)) {
		s := &server.Server{Config: config, Subprotocols: []string{"b"}}
		ends = append(ends, func() { s.Close() })
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c, err := s.Upgrade(w, r)
			if err != nil {
				return
			}
			defer c.CloseNow()
			h(c.Context(), r, c)
		})
	}
	large := websocket.Config{MaxMessage: 16 << 20}
	echo := func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
				return
			}
		}
	}
	add("/echo", large, echo)
	compressed := large
	compressed.Compression = &websocket.Compression{}
	add("/compressed", compressed, echo)
	// Closes with the code and reason of the query, after the first message.
	add("/close", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		c.Read(ctx)
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		c.Close(frame.Code(code), r.URL.Query().Get("reason"))
	})
	add("/cut", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		c.Read(ctx)
		c.Transport().(net.Conn).Close()
	})
	// Says how the browser closed the connection before it.
	closes := make(chan string, 1)
	add("/closes", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		_, _, err := c.Read(ctx)
		closes <- err.Error()
	})
	add("/closed", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		c.Write(ctx, websocket.Text, []byte(<-closes))
		c.Read(ctx)
	})
	// Sends more than anybody reads.
	flooded := make(chan struct{})
	add("/flood", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		defer close(flooded)
		go c.Read(ctx)
		for c.Write(ctx, websocket.Binary, make([]byte, 1<<20)) == nil {
		}
	})
	add("/flooded", large, func(ctx context.Context, r *http.Request, c *websocket.Conn) {
		<-flooded
		c.Close(frame.CodeNormal, "")
	})
	mux.HandleFunc("/refuses", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	return mux, func() {
		for _, end := range ends {
			end()
		}
	}
}

// TestChatInChromium uses the example page as a person does.
func TestChatInChromium(t *testing.T) {
	t.Parallel()
	needChromium(t)
	binary, err := wasm.Build("hawser/websocket/testdata/browser/chat", false)
	if err != nil {
		t.Fatal(err)
	}
	page, err := wasm.Page("chat", binary)
	if err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewServer(page)
	defer hs.Close()
	addr := startEcho(t, "-origins", hs.URL)
	p, err := browser.Open(hs.URL+"/?ws://"+addr, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	until := func(want string) {
		t.Helper()
		got, err := p.Eval(fmt.Sprintf(`
		  const lines = () => [...document.querySelectorAll('p')].map(e => e.textContent).join('\n')
		  for (let i = 0; i < 3000 && lines() !== %q; i++) await new Promise(r => setTimeout(r, 20))
		  return lines()`, want))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("the page has %q; want %q", got, want)
		}
	}
	opened := "# socket open\n< Welcome to Awesome Chat"
	until(opened)
	if err := p.Type("Привет <b>"); err != nil {
		t.Fatal(err)
	}
	until(opened + "\n> Привет <b>\n< Привет <b>")
}

// startEcho starts cmd/echo and returns its address.
func startEcho(t *testing.T, args ...string) string {
	t.Helper()
	program := t.TempDir() + "/echo"
	if out, err := exec.Command("go", "build", "-o", program, "hawser/websocket/cmd/echo").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, append([]string{"-quiet", "-addr", addr}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	var first [1]byte
	if _, err := io.ReadFull(out, first[:]); err != nil { // it says that it listens
		t.Fatalf("%v\n%s", err, errs.Bytes())
	}
	go io.Copy(io.Discard, out)
	return addr
}
