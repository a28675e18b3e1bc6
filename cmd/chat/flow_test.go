package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/server"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	code, out, errs := chat("", "-h")
	if code != exitNormal || out != usage || errs != "" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	var o options
	o.flagSet().VisitAll(func(f *flag.Flag) {
		if !strings.Contains(usage, "\n  -"+f.Name+" ") {
			t.Errorf("-%s is not described", f.Name)
		}
	})
}

// TestVerbose: -v shows the handshake, and of what is secret only that it's there.
func TestVerbose(t *testing.T) {
	t.Parallel()
	url := serve(t)
	host := strings.TrimPrefix(url, "ws://")
	code, out, errs := chat("", "-v", "-follow", "1", "-user", "me:secret", "-H", "Cookie: secret", url+"/moved?x=1")
	errs = regexp.MustCompile(`(Key|Accept|Date): .*`).ReplaceAllString(strings.ReplaceAll(errs, host, "HOST"), "$1: VARIES")
	head := func(target string) string {
		return `> GET ` + target + ` HTTP/1.1
> Host: HOST
> User-Agent: Go-http-client/1.1
> Authorization: Basic ***
> Connection: Upgrade
> Cookie: ***
> Sec-WebSocket-Key: VARIES
> Sec-WebSocket-Version: 13
> Upgrade: websocket
>
`
	}
	want := "* request to http://HOST/moved?x=1\n* connecting to HOST\n* connected to HOST\n" + head("/moved?x=1") +
		"* request to http://HOST/echo\n* connecting to HOST\n* connected to HOST\n" + head("/echo") + `< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Sec-Websocket-Accept: VARIES
< Upgrade: websocket
<
# socket open
# socket closed 1000
`
	if diff := cmp.Diff(want, errs); diff != "" || code != exitNormal || out != "" {
		t.Errorf("exit code %d, %q, %s", code, out, diff)
	}
	_, _, errs = chat("", "-v", url+"/secret")
	if !strings.Contains(errs, "< HTTP/1.1 401 Unauthorized\n") {
		t.Errorf("%q", errs)
	}
}

// TestVerbosePings: -v shows the pings and pongs both ways.
func TestVerbosePings(t *testing.T) {
	t.Parallel()
	url := handled(t, func(ctx context.Context, c *websocket.Conn) {
		go func() {
			c.Ping(ctx, []byte("abc"))
			c.Close(1000, "")
		}()
		c.Read(ctx)
	})
	in, typed := io.Pipe()
	defer typed.Close()
	var errs bytes.Buffer
	code := run([]string{"-v", url}, console{in: in, out: io.Discard, err: &errs})
	if code != exitNormal || !strings.HasSuffix(errs.String(), "# socket open\n* ping received (3 bytes)\n* pong sent (3 bytes)\n# socket closed 1000\n") {
		t.Errorf("exit code %d, %s", code, &errs)
	}
}

// TestCompress: -compress makes both sides compress, and -v tells how much that
// saves.
func TestCompress(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("all work and no play ", 20)
	for _, k := range []*websocket.Compression{nil, {}, {Send: websocket.Window{Bits: 9}, Receive: websocket.Window{NoTakeover: true}}} {
		hs := httptest.NewServer(&server.Server{
			Config: websocket.Config{Compression: k},
			Handler: func(ctx context.Context, c *websocket.Conn) {
				for m, err := range c.Messages(ctx) {
					if err != nil || c.Write(ctx, m.Type, m.Data) != nil {
						return
					}
				}
			},
		})
		t.Cleanup(hs.Close)
		code, out, errs := chat(line+"\n"+line+"\n", "-v", "-compress", "better", "ws"+strings.TrimPrefix(hs.URL, "http"))
		if code != exitNormal || out != line+"\n"+line+"\n" {
			t.Errorf("exit code %d, %q, %q", code, out, errs)
		}
		want := "* no compression\n"
		switch {
		case k != nil && k.Send.Bits == 9:
			want = "* compression by the client: window of 4096 bytes, no context takeover\n* compression by the server: window of 32768 bytes\n"
		case k != nil:
			want = "* compression by the client: window of 4096 bytes\n* compression by the server: window of 32768 bytes\n"
		}
		if !strings.Contains(errs, "# socket open\n"+want) {
			t.Errorf("no %q in %q", want, errs)
		}
		saved := regexp.MustCompile(`840 bytes (sent|received) as (\d+), 9\d% saved`).FindAllString(errs, -1)
		if (k != nil) != (len(saved) == 2) {
			t.Errorf("%q", errs)
		}
	}
	if code, _, errs := chat("", "-compress", "9", "ws://localhost:1"); code != exitUsage || !strings.Contains(errs, "-compress is fast") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

// TestReconnect: the lines arrive, though the server cuts the connection off, is
// away, and refuses for a while.
func TestReconnect(t *testing.T) {
	t.Parallel()
	var connections, lines atomic.Int64
	in, typed := io.Pipe()
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			c.Write(ctx, m.Type, m.Data)
			if lines.Add(1) == 1 {
				c.CloseNow()
			}
		}
	}}
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch connections.Add(1) {
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			panic(http.ErrAbortHandler)
		default:
			s.ServeHTTP(w, r)
		}
	}))
	defer hs.Close()
	var out, errs syncBuffer
	code := make(chan int)
	go func() {
		code <- run([]string{"-reconnect", "ws" + strings.TrimPrefix(hs.URL, "http")}, console{in: in, out: &out, err: &errs})
	}()
	io.WriteString(typed, "one\n")
	errs.await("connecting again")
	io.WriteString(typed, "two\nthree\n")
	typed.Close()
	if c := <-code; c != exitNormal || !strings.HasSuffix(out.String(), "two\nthree\n") {
		t.Errorf("exit code %d, %q", c, out.String())
	}
	text := errs.String()
	for _, want := range []string{"# connecting again in ", "# the line is kept until the connection is back", "503 Service Unavailable"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if n := strings.Count(text, "# socket open\n"); n != 2 || connections.Load() != 4 {
		t.Errorf("open %d times of %d: %q", n, connections.Load(), text)
	}
	// What makes no sense to repeat isn't.
	url := serve(t)
	for _, to := range []string{"/1000", "/breach", "/nothing"} {
		if _, _, errs := chat("", "-reconnect", "-wait", "30s", url+to); strings.Contains(errs, "again") {
			t.Errorf("%s: %q", to, errs)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for range 100 {
		var b backoff
		bound := firstDelay
		for range 12 {
			d := b.next()
			if d < 0 || d >= bound || bound > firstDelay && d < bound/2 {
				t.Fatalf("%v, between 0 or half and %v", d, bound)
			}
			bound = min(2*bound, maxDelay)
		}
	}
}

// TestListenPipe: two programs in pipes.
func TestListenPipe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                 string
		hostArgs, guestArgs  string
		hostIn, guestIn      string
		hostOut, guestOut    string
		hostCode, guestClose int
	}{
		{"both_say", "", "", "a\nb\n", "c\n", "c\n", "a\nb\n", 0, 0},
		{"host_counts", "-n 2", "", "", "c\nd\n", "c\nd\n", "", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs syncBuffer
			code := make(chan int)
			go func() {
				code <- run(append(strings.Fields(tt.hostArgs), "-listen", "127.0.0.1:0"), console{in: strings.NewReader(tt.hostIn), out: &out, err: &errs})
			}()
			_, url, _ := strings.Cut(errs.await("listening on "), "listening on ")
			url, _, _ = strings.Cut(url, "\n")
			guest, guestOut, guestErrs := chat(tt.guestIn, append(strings.Fields(tt.guestArgs), url)...)
			if guest != 0 || guestOut != tt.guestOut {
				t.Errorf("guest: exit code %d, %q, %q", guest, guestOut, guestErrs)
			}
			if host := <-code; host != tt.hostCode || out.String() != tt.hostOut {
				t.Errorf("host: exit code %d, %q, %q", host, out.String(), errs.String())
			}
		})
	}
}

// TestBackpressure: a reader of standard output that is slow slows the server
// down, and nothing piles up.
func TestBackpressure(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	s := &server.Server{Handler: func(ctx context.Context, c *websocket.Conn) {
		line := bytes.Repeat([]byte("x"), 10_000)
		for range 10_000 {
			if c.Write(ctx, websocket.Binary, line) != nil {
				return
			}
			sent.Add(1)
		}
	}}
	hs := httptest.NewServer(s)
	defer hs.Close()
	out, stdout := io.Pipe()
	in, stdin := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run([]string{"ws" + strings.TrimPrefix(hs.URL, "http")}, console{in: in, out: stdout, err: io.Discard})
	}()
	defer stdin.Close()
	io.ReadFull(out, make([]byte, 10_001)) // now nobody reads
	for before := int64(-1); before != sent.Load(); time.Sleep(200 * time.Millisecond) {
		before = sent.Load()
	}
	if n := sent.Load(); n == 10_000 {
		t.Error("all was sent to one who reads nothing")
	}
	n, err := io.CopyN(io.Discard, out, 10_001*9_999)
	if err != nil || <-code != exitNormal {
		t.Error(n, err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapInuse > 200<<20 {
		t.Errorf("%d MB in use", m.HeapInuse>>20)
	}
}

// TestOutputError: a full disk ends the program.
func TestOutputError(t *testing.T) {
	t.Parallel()
	url := serve(t)
	var errs bytes.Buffer
	code := run([]string{url + "/echo"}, console{in: strings.NewReader("a\n"), out: full{}, err: &errs})
	if code != exitUsage || !strings.Contains(errs.String(), "# output error: disk full\n") {
		t.Errorf("exit code %d, %q", code, &errs)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }
