package main

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"hawser/websocket/server"
)

// TestEnds: the terminal is given back on the ways out that nobody planned.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, mode string
		args       string
		do         func(s *session, say func(string))
		code       int
		want       string
	}{
		{"SIGQUIT", "", "", func(s *session, _ func(string)) { s.typed(ctrlBackslash) }, 2, "SIGQUIT: quit"},
		{"panic", "panic", "-timestamps", func(s *session, say func(string)) {}, 2, "panic: on purpose"},
		{"panic_of_another_goroutine", "panic_later", "-timestamps", func(s *session, say func(string)) { s.typed("x\r") }, 2, "panic: on purpose"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, say := feed(t)
			s := start(t, settings{width: 200, height: 50, mode: tt.mode}, append(strings.Fields(tt.args), url)...)
			s.until(func() string {
				if strings.Contains(s.written(), "open") || tt.mode == "panic" {
					return ""
				}
				return "no connection"
			})
			tt.do(s, say)
			s.until(func() string {
				if strings.Contains(s.written(), tt.want) {
					return ""
				}
				return "no " + tt.want
			})
			s.ends(tt.code)
		})
	}
}

// TestSuspend: a stopped program gives the terminal back, and takes it again.
func TestSuspend(t *testing.T) {
	t.Parallel()
	url, say := feed(t)
	s := start(t, settings{mode: "shell"}, url)
	s.shows("# socket open\n> |")
	s.typed("half")
	s.shows("# socket open\n> half|")
	s.typed(ctrlZ)
	s.shows("# socket open\nstopped by stopped (signal)\n|")
	if s.termios() != s.before {
		t.Error("the modes of the terminal are not what they were")
	}
	say("meanwhile")
	s.typed("\n")
	s.shows("# socket open\nstopped by stopped (signal)\n\n< meanwhile\n> half|")
	s.typed("\r")
	s.shows("# socket open\nstopped by stopped (signal)\n\n< meanwhile\n> half\n< half\n> |")
	s.typed(ctrlD)
	s.ends(exitNormal)
}

// TestKept: what is typed while there is no connection is sent when there is one.
func TestKept(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var refuse atomic.Bool
	refuse.Store(true)
	ws := &server.Server{Handler: conversations["/echo"]}
	hs := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			panic(http.ErrAbortHandler)
		}
		ws.ServeHTTP(w, r)
	})}
	go hs.Serve(l)
	t.Cleanup(func() { hs.Close(); ws.Close() })
	s := start(t, settings{width: 80, height: 100}, "-reconnect", "ws://"+l.Addr().String())
	s.until(func() string {
		if strings.Contains(s.screen.Screen(), "connecting again") {
			return ""
		}
		return "not connecting again"
	})
	s.typed("one\rtwo\r/ping\r")
	s.until(func() string {
		if screen := s.screen.Screen(); strings.Contains(screen, "not connected; 2 messages kept until then") && strings.Contains(screen, "/ping\n# not connected\n") {
			return ""
		}
		return "nothing kept"
	})
	refuse.Store(false)
	s.typed("/reconnect\r")
	s.until(func() string {
		screen := s.screen.Screen()
		if strings.Contains(screen, "# sent 2 messages that had been kept\n") && strings.Contains(screen, "< one\n") && strings.Contains(screen, "< two\n") {
			return ""
		}
		return "nothing sent"
	})
	s.typed(ctrlD)
	s.ends(exitNormal)
}

// TestSecondSignal: nobody has to wait for a server that doesn't answer.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	url, _ := feed(t)
	s := start(t, settings{}, url+"/silent")
	s.shows("# socket open\n> |")
	s.typed(ctrlC)
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.ends(exitSignal+int(syscall.SIGINT), exitSignal+int(syscall.SIGTERM)) // whichever came second
}
