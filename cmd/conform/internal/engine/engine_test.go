package engine

import (
	"encoding/hex"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"hawser/websocket/frame"
)

func setup(role frame.Role) Setup {
	return Setup{Role: role, Limits: DefaultLimits(1), Rand: rand.New(rand.NewPCG(1, 2)), Log: NewLog()}
}

// TestEncode: frames are what a case wants them to be, right or not.
func TestEncode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role frame.Role
		f    Frame
		want string
	}{
		"of a server":            {frame.Server, Frame{Opcode: frame.Text, Payload: []byte("Hi")}, "81024869"},
		"of a client":            {frame.Client, Frame{Opcode: frame.Text, Payload: []byte("Hi"), ZeroKey: true}, "8182000000004869"},
		"masked by a server":     {frame.Server, Frame{Opcode: frame.Text, WrongMask: true, ZeroKey: true}, "818000000000"},
		"not masked by a client": {frame.Client, Frame{Opcode: frame.Text, Payload: []byte("Hi"), WrongMask: true}, "81024869"},
		"not final, RSV":         {frame.Server, Frame{Opcode: frame.Ping, More: true, Rsv: 5}, "5900"},
		"reserved":               {frame.Server, Frame{Opcode: 11}, "8b00"},
		"2 bytes of length":      {frame.Server, Frame{Opcode: frame.Binary, Payload: []byte("Hi"), Form: 2}, "827e00024869"},
		"8 bytes of length":      {frame.Client, Frame{Opcode: frame.Binary, Payload: []byte("Hi"), Form: 8, ZeroKey: true}, "82ff0000000000000002000000004869"},
		"another length":         {frame.Server, Frame{Opcode: frame.Text, Payload: []byte("Hi"), Form: 8, Announce: 1<<64 - 1}, "817fffffffffffffffff4869"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			c := NewConn(t.Context(), a, setup(test.role))
			if got := hex.EncodeToString(c.Encode(test.f)); got != test.want {
				t.Errorf("%s: %s, want %s", name, got, test.want)
			}
			c.Kill()
			c.Finish(func(Event) {})
		})
	}
}

// TestReceive: what comes back is told event by event, pings are answered, and
// breaches end the connection.
func TestReceive(t *testing.T) {
	t.Parallel()
	type end struct {
		Kinds       []Kind
		Clean       bool
		Code, After int
		Breach      string // its beginning
	}
	for name, test := range map[string]struct {
		sends string // by the peer, a server
		want  end
	}{
		"all kinds":              {"8102616282016389016a8a016b88020fa0", end{[]Kind{Message, Message, Ping, Pong, Closed}, true, 4000, 0, ""}},
		"fragments":              {"01016100008001628800", end{[]Kind{Message, Closed}, true, NoCode, 0, ""}},
		"frames behind Close":    {"8800810161890088020fa0", end{[]Kind{Closed}, true, NoCode, 3, ""}},
		"a masked frame":         {"818000000000", end{nil, false, NoCode, 0, "websocket: text frame from a server is masked"}},
		"a reserved opcode":      {"8300", end{nil, false, NoCode, 0, "websocket: opcode 0x3 is reserved"}},
		"a length that is long":  {"817e0001", end{nil, false, NoCode, 0, "websocket: payload length 1 is not encoded in the minimal number of bytes (RFC 6455 section 5.2)"}},
		"no UTF-8":               {"8101ff", end{[]Kind{Message}, false, NoCode, 0, "text that is not UTF-8"}},
		"a close code":           {"880203ed", end{[]Kind{Closed}, false, 1005, 0, "its Close frame: "}},
		"more than can be":       {"827f0000000004000001", end{nil, false, NoCode, 0, "a frame of 67108865 bytes"}},
		"the end in a frame":     {"8105", end{nil, false, NoCode, 0, ""}},
		"compressed for nothing": {"c10100", end{nil, false, NoCode, 0, "websocket: reserved bits 100 set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				var peer sync.WaitGroup
				defer peer.Wait()
				peer.Go(func() {
					p := make([]byte, 100)
					for {
						if _, err := b.Read(p); err != nil {
							return
						}
					}
				})
				p, err := hex.DecodeString(test.sends)
				if err != nil {
					t.Fatal(err)
				}
				peer.Go(func() {
					b.Write(p)
					time.Sleep(100 * time.Millisecond) // on a clock of its own
					b.Close()
				})
				c := NewConn(t.Context(), a, setup(frame.Client))
				var got end
				for {
					e := c.Receive(time.Now().Add(time.Second))
					if e.Kind == Gone || e.Kind == Nothing {
						break
					}
					got.Kinds = append(got.Kinds, e.Kind)
				}
				c.Finish(func(Event) {})
				got.Clean, got.Code, got.After = c.End.Clean, c.End.RemoteCode, c.End.AfterClose
				if got.Breach = c.End.Breach; strings.HasPrefix(got.Breach, test.want.Breach) && test.want.Breach != "" {
					got.Breach = test.want.Breach
				}
				if d := cmp.Diff(test.want, got); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"ws://h": "h:80", "wss://h/p?q": "h:443", "ws://[::1]:1": "[::1]:1", "ws://h:0": "h:0",
		"": "", "h:80": "", "http://h": "", "ws:///p": "", "ws://h#f": "", "ws://h:x": "",
	} {
		u, err := ParseURL(s)
		if (err == nil) != (want != "") || err == nil && Addr(u) != want {
			t.Errorf("%q: %v, %v", s, u, err)
		}
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]string{
		"": "", "a": "a", "é": "é", "\xff": "0xff",
		strings.Repeat("a", 65):       strings.Repeat("a", 64) + " ...",
		"a" + strings.Repeat("é", 40): "a" + strings.Repeat("é", 31) + " ...",
	} {
		if got := Show([]byte(p)); got != want {
			t.Errorf("%q is shown as %q, want %q", p, got, want)
		}
	}
}

// TestReadHead: a head is read to its end and no further, and not for ever.
func TestReadHead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct{ sends, head, rest, err string }{
			{"GET / HTTP/1.1\r\n\r\nrest", "GET / HTTP/1.1\r\n\r\n", "rest", ""},
			{"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n", "", "i/o timeout"},
			{strings.Repeat("x", maxHead+1), "", "", "no head of HTTP"},
		} {
			a, b := net.Pipe()
			go b.Write([]byte(test.sends))
			head, rest, err := readHead(a, time.Now().Add(time.Second))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("%.20q: %v", test.sends, err)
			}
			if test.err == "" && (string(head) != test.head || string(rest) != test.rest) {
				t.Errorf("%.20q: %q, %q", test.sends, head, rest)
			}
			a.Close()
		}
	})
}
