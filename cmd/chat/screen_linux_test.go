package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hawser/websocket"
	"hawser/websocket/server"
)

// feed is an echo server that also says what the test wants it to.
func feed(t *testing.T) (url string, say func(string)) {
	s := &server.Server{Handler: conversations["/echo"]}
	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.Handle("/sink", s.With(conversations["/sink"]))
	mux.Handle("/silent", s.With(conversations["/silent"]))
	hs := httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	t.Cleanup(func() { s.Close() })
	return "ws" + strings.TrimPrefix(hs.URL, "http"), func(text string) {
		s.Broadcast(websocket.NewPrepared(websocket.Text, []byte(text)))
	}
}

const (
	keyUp, keyDown, keyLeft, keyRight = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C"
	ctrlA, ctrlC, ctrlD, ctrlU, ctrlZ = "\x01", "\x03", "\x04", "\x15", "\x1a"
	ctrlBackslash                     = "\x1c"
)

// A step is what happens: something is typed, said by the server, or done. Then
// the screen shows want.
type step struct {
	typed, said string
	do          func(*session)
	want        string
}

func TestScreen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	saved, home := filepath.Join(t.TempDir(), "saved"), filepath.Join(t.TempDir(), "home")
	if err := os.WriteFile(file, []byte("in\na file"), 0o600); err != nil {
		t.Fatal(err)
	}
	resize := func(width, height int) func(*session) {
		return func(s *session) {
			before := len(s.written())
			s.screen.Resize(width, height)
			s.resizePTY(width, height)
			s.until(func() string { // the screen alone can look right before it's drawn again
				if len(s.written()) == before {
					return "nothing was drawn"
				}
				return ""
			})
		}
	}
	for _, tt := range []struct {
		name  string
		args  string
		path  string
		set   settings
		steps []step
		code  int
	}{
		{name: "typing", steps: []step{
			{typed: "hello" + keyLeft, want: "# socket open\n> hell|o"},
			{typed: "\r", want: "# socket open\n> hello\n< hello\n> |"},
			{typed: "\r", want: "# socket open\n> hello\n< hello\n>\n<\n> |"},
			{typed: ctrlD, want: "# socket open\n> hello\n< hello\n>\n<\n# socket closed 1000\n|"},
		}},
		{name: "history", steps: []step{
			{typed: "one\r", want: "# socket open\n> one\n< one\n> |"},
			{typed: "two\r", want: "# socket open\n> one\n< one\n> two\n< two\n> |"},
			{typed: "dra" + keyUp + keyUp, want: "# socket open\n> one\n< one\n> two\n< two\n> one|"},
			{typed: keyDown + keyDown + "ft", want: "# socket open\n> one\n< one\n> two\n< two\n> draft|"},
			{typed: "\x12o", want: "# socket open\n> one\n< one\n> two\n< two\n(search o) two|"},
			{typed: ctrlU + ctrlD, want: "# socket open\n> one\n< one\n> two\n< two\n# socket closed 1000\n|"},
		}},
		{name: "wide_and_combining", set: settings{width: 20, height: 10}, steps: []step{
			{typed: "日本e\u0301", want: "# socket open\n> 日本e\u0301|"},
			{typed: keyLeft + keyLeft, want: "# socket open\n> 日|本e\u0301"},
			{typed: "\x7f👍🏽", want: "# socket open\n> 👍🏽|本e\u0301"},
			{typed: keyLeft + "\x1b[3~Ж\r", want: "# socket open\n> Ж本e\u0301\n< Ж本e\u0301\n> |"},
			{typed: ctrlD, want: "# socket open\n> Ж本e\u0301\n< Ж本e\u0301\n# socket closed 1000\n|"},
		}},
		{name: "said_in_mid-line", steps: []step{
			{typed: "half" + keyLeft + keyLeft, want: "# socket open\n> ha|lf"},
			{said: "first", want: "# socket open\n< first\n> ha|lf"},
			{said: "second\nline\t\x1b[2J\u202e\u009b", want: "# socket open\n< first\n< second\\nline  \\x1b[2J\\u202e\\u009b\n> ha|lf"},
			{typed: ctrlC, want: "# socket open\n< first\n< second\\nline  \\x1b[2J\\u202e\\u009b\n# socket closed 1001\n|"},
		}, code: exitSignal + int(syscall.SIGINT)},
		{name: "said_long", set: settings{width: 10, height: 6}, steps: []step{
			{typed: "12345678901", want: "# socket o\npen\n> 12345678\n901|"},
			{said: "123456789012", want: "# socket o\npen\n< 12345678\n9012\n> 12345678\n901|"},
			{said: "x", want: "pen\n< 12345678\n9012\n< x\n> 12345678\n901|"},
			{typed: ctrlU + ctrlD, want: "< 12345678\n9012\n< x\n# socket c\nlosed 1000\n|"},
		}},
		{name: "resize", set: settings{width: 30, height: 8}, steps: []step{
			{typed: "1234567890123456789012345", want: "# socket open\n> 1234567890123456789012345|"},
			{do: resize(20, 8), want: "# socket open\n> 123456789012345678\n9012345|"},
			{do: resize(50, 8), want: "# socket open\n> 1234567890123456789012345|"},
			{typed: ctrlA, want: "# socket open\n> |1234567890123456789012345"},
			{do: resize(14, 8), want: "# socket open\n> |123456789012\n3456789012345"},
			{typed: "\r", want: "# socket open\n> 123456789012\n3456789012345\n< 123456789012\n3456789012345\n> |"},
			{typed: ctrlC, want: "# socket open\n> 123456789012\n3456789012345\n< 123456789012\n3456789012345\n# socket close\nd 1001\n|"},
		}, code: exitSignal + int(syscall.SIGINT)},
		{name: "paste", path: "/sink", steps: []step{
			{typed: "a\x1b[200~b\rc\n\td", want: "# socket open\n> ab\n> c\n> \\td|"},
			{typed: "\x1b[201~\r", want: "# socket open\n> ab\n> c\n>       d\n> |"},
			{typed: ctrlD, want: "# socket open\n> ab\n> c\n>       d\n# socket closed 1000\n|"},
		}},
		{name: "commands", set: settings{width: 100, height: 30, env: []string{"HOME=" + filepath.Dir(home)}}, steps: []step{
			{typed: "/ping\r", want: "# socket open\n/ping\n# pong after TIME\n> |"},
			{typed: "/pong\r", want: "# socket open\n/ping\n# pong after TIME\n/pong\n> |"},
			{typed: "\x0c/ping abc\r", want: "/ping abc\n# pong abc after TIME\n> |"},
			{typed: "\x0c/ping " + strings.Repeat("x", 126) + "\r", want: "/ping " + strings.Repeat("x", 94) + "\n" + strings.Repeat("x", 32) + "\n# the data of /ping has 126 bytes; 125 are possible\n> |"},
			{typed: "\x0c/binary 00 ff\r", want: "/binary 00 ff\n> (2 bytes) 00ff\n< (2 bytes) 00ff\n> |"},
			{typed: "\x0c/file " + file + "\r", want: "/file " + file + "\n> in\\na file\n< in\\na file\n> |"},
			{typed: "\x0c/binary @" + file + "\r", want: "/binary @" + file + "\n> (9 bytes) 696e0a612066696c65\n< (9 bytes) 696e0a612066696c65\n> |"},
			{typed: "\x0c/save " + saved + "\r", want: "/save " + saved + "\n# saved 9 bytes\n> |"},
			{typed: "\x0c/save ~/home\r", want: "/save ~/home\n# saved 9 bytes\n> |"},
			{typed: "\x0c/save ~/home\r", want: "/save ~/home\n# open " + home + ": file exists\n> |"},
			{typed: "\x0c/file ~/home\r", want: "/file ~/home\n> in\\na file\n< in\\na file\n> |"},
			{typed: "\x0c/close 1000 " + strings.Repeat("x", 124) + "\r", want: "/close 1000 " + strings.Repeat("x", 88) + "\n" + strings.Repeat("x", 36) + "\n# the reason has 124 bytes; 123 are possible\n> |"},
			{typed: "\x0ca\x1b\rb\r", want: "> a\\nb\n< a\\nb\n> |"},
			{typed: "\x0c//literal\r", want: "> /literal\n< /literal\n> |"},
			{typed: "\x0c/nothing\r", want: "/nothing\n# unknown command /nothing; /help lists them\n> |"},
			{typed: "\x0c/binary 0\r", want: "/binary 0\n# /binary wants pairs of hex digits, or @file\n> |"},
			{typed: "\x0c/file /nothing\r", want: "/file /nothing\n# open /nothing: no such file or directory\n> |"},
			{typed: "\x0c/close 1005\r", want: "/close 1005\n# 1005 is not a close code: 1000 to 4999, but for some\n> |"},
			{typed: "\x0c/status\r", want: "/status\n# ws://ADDR\n# connected to ADDR for TIME\n# 6 messages sent, 6 received, last round trip TIME\n> |"},
			{typed: "\x0c/close 4000 had enough\r", want: "/close 4000 had enough\n# socket closed 4000 had enough\n|"},
		}, code: exitCutOff},
		{name: "reconnect", steps: []step{
			{typed: "/reconnect\r", want: "# socket open\n/reconnect\n# socket closed 1000\n# socket open\n> |"},
			{typed: "a\r", want: "# socket open\n/reconnect\n# socket closed 1000\n# socket open\n> a\n< a\n> |"},
			{typed: ctrlD, want: "# socket open\n/reconnect\n# socket closed 1000\n# socket open\n> a\n< a\n# socket closed 1000\n|"},
		}},
		{name: "JSON_and_time", args: "-json -timestamps", steps: []step{
			{said: `{"a":[1,"x"]}`, want: "CLOCK # socket open\nCLOCK < {\n  \"a\": [\n    1,\n    \"x\"\n  ]\n}\n> |"},
			{said: `{no`, want: "CLOCK # socket open\nCLOCK < {\n  \"a\": [\n    1,\n    \"x\"\n  ]\n}\nCLOCK < {no\n> |"},
			{typed: ctrlD, want: "CLOCK # socket open\nCLOCK < {\n  \"a\": [\n    1,\n    \"x\"\n  ]\n}\nCLOCK < {no\nCLOCK # socket closed 1000\n|"},
		}},
		{name: "dumb_terminal", set: settings{width: 60, height: 10, env: []string{"TERM=dumb"}}, steps: []step{
			{typed: "hello\r", want: "# socket open\nhello\n< hello\n|"},
			{typed: "/nothing\r", want: "# socket open\nhello\n< hello\n/nothing\n# unknown command /nothing; /help lists them\n|"},
			{typed: ctrlD, want: "# socket open\nhello\n< hello\n/nothing\n# unknown command /nothing; /help lists them\n# socket closed 1000\n|"},
		}},
		{name: "SIGTERM", steps: []step{
			{typed: "half", want: "# socket open\n> half|"},
			{do: func(s *session) { s.cmd.Process.Signal(syscall.SIGTERM) }, want: "# socket open\n# socket closed 1001\n|"},
		}, code: exitSignal + int(syscall.SIGTERM)},
		{name: "SIGHUP", steps: []step{
			{do: func(s *session) { s.cmd.Process.Signal(syscall.SIGHUP) }, want: "# socket open\n# socket closed 1001\n|"},
		}, code: exitSignal + int(syscall.SIGHUP)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, say := feed(t)
			s := start(t, tt.set, append(strings.Fields(tt.args), url+tt.path)...)
			s.until(func() string { // typing ahead is another test
				if strings.Contains(s.written(), "open") {
					return ""
				}
				return "no connection"
			})
			for _, step := range tt.steps {
				if step.typed != "" {
					s.typed(step.typed)
				}
				if step.said != "" {
					say(step.said)
				}
				if step.do != nil {
					step.do(s)
				}
				s.shows(step.want)
			}
			s.ends(tt.code)
		})
	}
}

// TestHistoryFile: the next program has the lines of this one.
func TestHistoryFile(t *testing.T) {
	t.Parallel()
	url, _ := feed(t)
	file := filepath.Join(t.TempDir(), "history")
	s := start(t, settings{}, "-history", file, url)
	s.shows("# socket open\n> |")
	s.typed("kept\r")
	s.shows("# socket open\n> kept\n< kept\n> |")
	s.typed(ctrlD)
	s.ends(exitNormal)
	s = start(t, settings{}, "-history", file, url)
	s.shows("# socket open\n> |")
	s.typed(keyUp)
	s.shows("# socket open\n> kept|")
	s.typed(ctrlC)
	s.ends(exitSignal + int(syscall.SIGINT))
}

func TestColor(t *testing.T) {
	t.Parallel()
	url, say := feed(t)
	for _, tt := range []struct {
		name  string
		env   string
		args  []string
		color bool
	}{
		{"default", "NO_COLOR=", nil, true},
		{"flag", "NO_COLOR=", []string{"-no-color"}, false},
		{"environment", "NO_COLOR=1", nil, false},
	} {
		s := start(t, settings{env: []string{tt.env}}, append(tt.args, url)...)
		s.shows("# socket open\n> |")
		say("x")
		s.shows("# socket open\n< x\n> |")
		s.typed(ctrlD)
		s.ends(exitNormal)
		if got := strings.Contains(s.written(), "\x1b[36m<"); got != tt.color {
			t.Errorf("%s: colors: %v\n%q", tt.name, got, s.written())
		}
	}
}

// TestListen: two programs talk with each other.
func TestListen(t *testing.T) {
	t.Parallel()
	host := start(t, settings{}, "-listen", "127.0.0.1:0", "-history", "")
	var addr string
	host.until(func() string {
		_, rest, _ := strings.Cut(host.screen.Screen(), "listening on ")
		var ok bool
		if addr, _, ok = strings.Cut(rest, "\n"); !ok {
			return "not listening"
		}
		return ""
	})
	host.typed("to nobody\r")
	host.shows("# listening on ws://ADDR\n> to nobody\n# nobody is connected\n> |")
	guest := start(t, settings{}, addr)
	guest.shows("# socket open\n> |")
	host.shows("# listening on ws://ADDR\n> to nobody\n# nobody is connected\n# client 1 connected from ADDR\n> |")
	guest.typed("hi\r")
	host.shows("# listening on ws://ADDR\n> to nobody\n# nobody is connected\n# client 1 connected from ADDR\n< hi\n> |")
	other := start(t, settings{}, addr)
	other.shows("# socket open\n> |")
	host.typed("all\r")
	other.shows("# socket open\n< all\n> |")
	guest.shows("# socket open\n> hi\n< all\n> |")
	other.typed("me too\r")
	host.shows("# listening on ws://ADDR\n> to nobody\n# nobody is connected\n# client 1 connected from ADDR\n< hi\n# client 2 connected from ADDR\n> all\n<2 me too\n> |")
	other.typed(ctrlC)
	other.ends(exitSignal + int(syscall.SIGINT))
	host.shows("# listening on ws://ADDR\n> to nobody\n# nobody is connected\n# client 1 connected from ADDR\n< hi\n# client 2 connected from ADDR\n> all\n<2 me too\n# client 2 gone 1001\n> |")
	host.typed(ctrlD)
	host.ends(exitNormal)
	guest.ends(exitNormal)
}
