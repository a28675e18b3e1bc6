package main

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/server"
)

// handled returns the URL of a server with the handler h.
func handled(t *testing.T, h server.Handler) string {
	s := &server.Server{Handler: h}
	hs := httptest.NewServer(s)
	t.Cleanup(hs.Close)
	t.Cleanup(func() { s.Close() })
	return "ws" + strings.TrimPrefix(hs.URL, "http")
}

// speaker returns the URL of a server that says what comes from say, and closes
// when that is closed.
func speaker(t *testing.T, say <-chan string) string {
	return handled(t, func(ctx context.Context, c *websocket.Conn) {
		for text := range say {
			c.Write(ctx, websocket.Text, []byte(text))
		}
		c.Close(1000, "")
	})
}

// recorder returns the URL of a server that keeps what it receives, and echoes it.
func recorder(t *testing.T) (url string, received func() []websocket.Message) {
	all := make(chan websocket.Message, 100)
	url = handled(t, func(ctx context.Context, c *websocket.Conn) {
		for m, err := range c.Messages(ctx) {
			if err != nil {
				return
			}
			all <- websocket.Message{Type: m.Type, Data: append([]byte{}, m.Data...)}
			c.Write(ctx, m.Type, m.Data)
		}
	})
	return url, func() (ms []websocket.Message) {
		for len(all) > 0 {
			ms = append(ms, <-all)
		}
		return ms
	}
}

// TestMessagesOfTheInput: how the input is cut into messages, and what ends them in
// the output.
func TestMessagesOfTheInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for _, tt := range []struct {
		name, args, in string
		sent           []string
		out            string
	}{
		{"lines", "", "a\n\nb", []string{"a", "", "b"}, "a\n\nb\n"},
		{"lines_of_Windows", "", "a\r\n\r\nb\rc\r\n" + long + "\r\nd\r", []string{"a", "", "b\rc", long, "d\r"}, "a\n\nb\rc\n" + long + "\nd\r\n"},
		{"binary_lines_are_exact", "-binary", "a\r\n\xff\n", []string{"a\r", "\xff"}, "a\r\n\xff\n"},
		{"NUL", "-0", "a\nb\r\n\x00\x00" + long + "\x00c", []string{"a\nb\r\n", "", long, "c"}, "a\nb\r\n\x00\x00" + long + "\x00c\x00"},
		{"NUL_binary", "-0 -binary", "\xff\x00\n", []string{"\xff", "\n"}, "\xff\x00\n\x00"},
		{"whole", "-whole", "a\r\nb\n", []string{"a\r\nb\n"}, "a\r\nb\n\n"},
		{"whole_long", "-whole", long + "\n" + long, []string{long + "\n" + long}, long + "\n" + long + "\n"},
		{"whole_empty", "-whole", "", []string{""}, "\n"},
		{"whole_binary_and_NUL", "-whole -binary -0", "\x00\xff", []string{"\x00\xff"}, "\x00\xff\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, received := recorder(t)
			code, out, errs := chat(tt.in, append(strings.Fields(tt.args), url)...)
			var sent []string
			for _, m := range received() {
				sent = append(sent, string(m.Data))
				if (m.Type == websocket.Binary) != strings.Contains(tt.args, "-binary") {
					t.Errorf("a message of type %v", m.Type)
				}
			}
			if diff := cmp.Diff(tt.sent, sent); diff != "" || out != tt.out || code != exitNormal {
				t.Errorf("exit code %d, %q, %q\n%s", code, out, errs, diff)
			}
		})
	}
	url, _ := recorder(t)
	for args, want := range map[string]string{
		"-whole":                "# input error: it is not UTF-8; -binary sends it as it is\n",
		"-0":                    "# input error: message 2 is not UTF-8; -binary sends it as it is\n",
		"-whole -max-message 3": "# input error: it is longer than 3 bytes (-max-message)\n",
	} {
		if code, _, errs := chat("a\x00\xffbc", append(strings.Fields(args), url)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %q", args, code, errs)
		}
	}
}

// TestWaitForever: after the end of the input what a server says by itself is
// received for as long as it has something to say.
func TestWaitForever(t *testing.T) {
	t.Parallel()
	say := make(chan string)
	out := &notify{ch: make(chan string, 1)}
	code := make(chan int)
	go func() {
		code <- run([]string{"-wait", "forever", speaker(t, say)}, console{in: strings.NewReader("subscribe\n"), out: out, err: io.Discard})
	}()
	for range 3 {
		say <- "news"
		if got := <-out.ch; got != "news\n" {
			t.Errorf("%q", got)
		}
	}
	close(say)
	if c := <-code; c != exitNormal {
		t.Error("exit code", c)
	}
}

// TestListenWithoutInput: who listens with nothing to say serves one client after
// the other.
func TestListenWithoutInput(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal)
	var out, errs syncBuffer
	code := make(chan int)
	go func() {
		code <- run([]string{"-listen", "127.0.0.1:0"}, console{in: strings.NewReader(""), out: &out, err: &errs, signals: signals})
	}()
	_, url, _ := strings.Cut(errs.await("listening on "), "listening on ")
	url, _, _ = strings.Cut(url, "\n")
	for _, text := range []string{"first", "second"} {
		if c, _, errs := chat(text+"\n", "-wait", "10ms", url); c != exitNormal {
			t.Errorf("exit code %d, %q", c, errs)
		}
		out.await(text + "\n")
	}
	errs.await("client 2 gone")
	signals <- os.Interrupt
	if c := <-code; c != exitSignal+2 {
		t.Errorf("exit code %d, %q", c, errs.String())
	}
}

// TestSave: binary messages are saved as they are, over no file, and are not in the
// output.
func TestSave(t *testing.T) {
	t.Parallel()
	url := serve(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "1.bin"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= 3; n++ {
		name := filepath.Join(dir, string('0'+rune(n))+".bin")
		code, out, errs := chat("", "-save", dir, url+"/greet")
		if code != exitNormal || out != "Welcome \x1b[2J\n" || !strings.Contains(errs, "< (2 bytes) saved as "+name+"\n") {
			t.Errorf("exit code %d, %q, %q", code, out, errs)
		}
		if p, err := os.ReadFile(name); !bytes.Equal(p, []byte{0, 0xff}) {
			t.Errorf("%x, %v", p, err)
		}
	}
	if p, _ := os.ReadFile(filepath.Join(dir, "1.bin")); string(p) != "mine" {
		t.Errorf("%q", p)
	}
	file := filepath.Join(dir, "1.bin")
	if code, _, errs := chat("", "-save", file, url); code != exitUsage || !strings.Contains(errs, "is not a directory") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if code, _, errs := chat("", "-save", file+"2", url); code != exitUsage || !strings.Contains(errs, "-save: ") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
