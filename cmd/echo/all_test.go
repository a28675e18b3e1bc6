package main

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/frame"
)

// TestAllIsBoundedAsHeld: what waits on /all for a client that doesn't read is bounded
// by -max-queue in bytes as they are held in memory, however few they are on the wire. It
// doesn't run beside other tests, as it looks at the memory of the whole process.
func TestAllIsBoundedAsHeld(t *testing.T) {
	const maxQueue, slack = 1 << 20, 24 << 20
	addr, out, _ := start(t, "-quiet", "-max-queue", "1048576", "-slow", "drop", "-write-timeout", "0", "-ping", "0", "-drain", "1ms", "-debug", "localhost:0")
	debug := "http://localhost:" + out.waitLine("debugging on port ")
	dropped := func() int {
		var vars struct{ Connections struct{ Dropped int } }
		_, body := get(t, debug+"/debug/vars")
		if err := json.Unmarshal([]byte(body), &vars); err != nil {
			t.Fatal(err)
		}
		return vars.Connections.Dropped
	}
	request := strings.Replace(upgrade, "GET /echo", "GET /all", 1)
	request = strings.TrimSuffix(request, "\r\n") + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	slow := rawDial(t, addr, request).(patientConn).Conn.(*net.TCPConn)
	slow.SetReadBuffer(4096)
	answer := make([]byte, len("HTTP/1.1 101 "))
	if _, err := slow.Read(answer); err != nil || string(answer) != "HTTP/1.1 101 " {
		t.Fatalf("%q, %v", answer, err)
	}

	d := &client.Dialer{Config: websocket.Config{Compression: &websocket.Compression{}, MaxMessage: 2 << 20}}
	c, _, err := d.Dial(ctx, "ws://"+addr+"/all")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	say := func(msg []byte) {
		c.Write(ctx, websocket.Binary, msg)
		if _, p, err := c.Read(ctx); len(p) != len(msg) || err != nil {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	// Two of these don't fit into the queue, so when one is left out the network holds
	// no more and there is room for all of the short frames below.
	big := make([]byte, 600_000)
	for dropped() == 0 {
		random := rand.NewChaCha8([32]byte{})
		random.Read(big)
		say(big)
	}
	before := heap()
	zeros := make([]byte, 1<<20)
	for range 64 {
		say(zeros)
	}
	if n := heap() - before; n > maxQueue+slack {
		t.Errorf("%d MB are held for a client that doesn't read, where %d MB may wait", n>>20, maxQueue>>20)
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestCloseIsEchoed: the peer's code and reason come back, as of the tutorial's server.
func TestCloseIsEchoed(t *testing.T) {
	t.Parallel()
	addr, _, _ := start(t, "-quiet")
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"\x03\xe8", "\x03\xe8"},
		{"\x03\xe8bye", "\x03\xe8bye"},
		{"\x0f\xa1" + "прощай", "\x0f\xa1" + "прощай"},
		{"\x0f\xa1" + strings.Repeat("x", 123), "\x0f\xa1" + strings.Repeat("x", 123)},
	} {
		mask := frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Close, Masked: true}, []byte(tt.in))
		got := wantEnd(t, rawDial(t, addr, upgrade+string(mask)))
		_, got, _ = strings.Cut(got, "\r\n\r\n")
		want := string(frame.Append(nil, frame.Header{Fin: true, Opcode: frame.Close}, []byte(tt.want)))
		if got != want {
			t.Errorf("%q is answered with %q; want %q", tt.in, got, want)
		}
	}
}
