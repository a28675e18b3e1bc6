package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
	"hawser/websocket/server"
)

// end is how a connection ended.
type end struct {
	Code   frame.Code
	Reason string
	Broken bool
}

func endOf(c *websocket.Conn) end {
	var e *websocket.CloseError
	if !errors.As(c.Err(), &e) {
		return end{}
	}
	return end{e.Code, e.Reason, e.Err != nil}
}

// closes are what Qt answers to a Close frame. It knows fewer codes than there
// are, and takes the others for a breach.
var closes = []struct {
	code   frame.Code
	reason string
	want   end
}{
	{1000, "", end{1000, "", false}},
	{1001, "going away", end{1001, "going away", false}},
	{1002, "", end{1002, "", false}},
	{1003, "", end{1003, "", false}},
	{1007, "", end{1007, "", false}},
	{1008, "", end{1008, "", false}},
	{1009, "", end{1009, "", false}},
	{1011, "прощай", end{1011, "прощай", false}},
	{3000, "", end{3000, "", false}},
	{4999, strings.Repeat("x", frame.MaxReason), end{4999, strings.Repeat("x", frame.MaxReason), false}},
	{frame.CodeNone, "", end{1000, "", false}},
	{1012, "", end{1002, "Invalid close code 1002 detected.", false}},
	{1014, "", end{1002, "Invalid close code 1002 detected.", false}},
}

// TestQtWebSocketOnServer has our server talk to Qt's WebSocket, which echoes.
func TestQtWebSocketOnServer(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	s := &server.Server{Config: websocket.Config{MaxMessage: 16 << 20}}
	var urls []string
	add := func(name string, conversation func(ctx context.Context, t *testing.T, c *websocket.Conn)) {
		done := make(chan struct{})
		urls = append(urls, "/"+name)
		mux.Handle("/"+name, s.With(func(ctx context.Context, c *websocket.Conn) {
			defer close(done)
			conversation(ctx, t, c)
		}))
		t.Cleanup(func() {
			select {
			case <-done:
			default:
				t.Error("nobody comes to", name)
			}
		})
	}
	add("messages", func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		for _, m := range messages() {
			echoes(ctx, t, c, m)
		}
		w, _ := c.Writer(ctx, websocket.Text)
		want := strings.Repeat("fragments €", 1000)
		for i := range len(want) { // cuts inside of characters, which Qt wouldn't stand
			io.WriteString(w, want[i:i+1])
		}
		w.Close()
		if _, p, err := c.Read(ctx); string(p) != want || err != nil {
			t.Errorf("%d bytes, %v", len(p), err)
		}
	})
	add("ping", func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		go c.Read(ctx)
		for _, payload := range []string{"x", strings.Repeat("y", 125)} {
			if _, err := c.Ping(ctx, []byte(payload)); err != nil {
				t.Error(err)
			}
		}
	})
	for _, tt := range closes {
		add(fmt.Sprint("close", uint16(tt.code)), func(ctx context.Context, t *testing.T, c *websocket.Conn) {
			c.Close(tt.code, tt.reason)
			if d := cmp.Diff(tt.want, endOf(c)); d != "" {
				t.Errorf("%v: %s", tt.code, d)
			}
		})
	}
	add("close", ended("close me", end{1000, "", false}))
	add("quit", ended("quit", end{1001, "Connection closed", false}))
	hs := httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	t.Cleanup(func() { s.Close() })
	for i, path := range urls {
		urls[i] = "ws" + strings.TrimPrefix(hs.URL, "http") + path
	}
	qml(t, "echoer.qml", urls...).expect(theEnd)
}

// ended is a conversation whose only message makes the client leave.
func ended(message string, want end) func(context.Context, *testing.T, *websocket.Conn) {
	return func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		c.Write(ctx, websocket.Text, []byte(message))
		c.Read(ctx)
		<-c.Done()
		if d := cmp.Diff(want, endOf(c)); d != "" {
			t.Errorf("%s: %s", message, d)
		}
	}
}

// messages are of all sizes that matter to us or to Qt, which cuts a message into
// frames of 512 KiB, also inside of a character. An empty one that is binary never
// reaches QML.
func messages() (all []websocket.Message) {
	for _, s := range []string{"hello", "", "toString", "Привет, мир 😀", strings.Repeat("x", 1<<19), strings.Repeat("x", 1<<19+1),
		strings.Repeat("я", 500_000), "z" + strings.Repeat("я😀", 200_000)} {
		all = append(all, websocket.Message{Type: websocket.Text, Data: []byte(s)})
	}
	for _, n := range []int{1, 125, 126, 65535, 65536, 1 << 20} {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(i*7 + i>>8)
		}
		all = append(all, websocket.Message{Type: websocket.Binary, Data: p})
	}
	return all
}

// echoes sends a message and has the same come back.
func echoes(ctx context.Context, t *testing.T, c *websocket.Conn, m websocket.Message) {
	t.Helper()
	go c.Write(ctx, m.Type, m.Data)
	typ, p, err := c.Read(ctx)
	if typ != m.Type || string(p) != string(m.Data) || err != nil {
		t.Errorf("%v of %d bytes, %v; want %v of %d", typ, len(p), err, m.Type, len(m.Data))
	}
}

// TestClientOnQtServer is our client against Qt's WebSocketServer.
func TestClientOnQtServer(t *testing.T) {
	t.Parallel()
	p := qml(t, "server.qml")
	port, ok := strings.CutPrefix(p.next(), listening)
	if !ok {
		t.Fatal("it doesn't listen")
	}
	go func() {
		for range p.lines {
		}
	}()
	url := "ws://127.0.0.1:" + port
	meet(t, url, 1000) // QML has no say in the code
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dial := func(subprotocols ...string) *websocket.Conn {
		t.Helper()
		d := &client.Dialer{Subprotocols: subprotocols, Config: websocket.Config{MaxMessage: 16 << 20}}
		c, _, err := d.Dial(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		return c
	}
	c := dial()
	for _, m := range messages() {
		echoes(ctx, t, c, m)
	}
	for _, tt := range []struct {
		offered []string
		want    string
	}{{nil, ""}, {[]string{"v9"}, ""}, {[]string{"v9", "chat", "v2"}, "chat"}, {[]string{"v2", "chat"}, "v2"}} {
		if got := dial(tt.offered...).Subprotocol(); got != tt.want {
			t.Errorf("of %q: %q; want %q", tt.offered, got, tt.want)
		}
	}
	for _, tt := range closes {
		c := dial()
		c.Close(tt.code, tt.reason)
		if d := cmp.Diff(tt.want, endOf(c)); d != "" {
			t.Errorf("%v: %s", tt.code, d)
		}
	}
}

// TestChatOnQtServerThatGoes: the end of the connection, as it's to be, is no
// error; that of the server is one, as it says no word.
func TestChatOnQtServerThatGoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		message string
		code    int
		broken  bool
	}{{"close me", 0, false}, {"quit", 4, true}} {
		p := qml(t, "server.qml")
		port, ok := strings.CutPrefix(p.next(), listening)
		if !ok {
			t.Fatal("it doesn't listen")
		}
		open, _ := io.Pipe() // the input goes on, so that it's not its end that closes
		out, status := chat(t, io.MultiReader(strings.NewReader(tt.message+"\n"), open), tt.code, "ws://127.0.0.1:"+port)
		broken := strings.Contains(status, "# socket error")
		if out != "" || broken != tt.broken || !strings.Contains(status, "# socket open\n") || !strings.Contains(status, "# socket closed") {
			t.Errorf("%s: %q, %q", tt.message, out, status)
		}
	}
}
