package cases

import (
	"bytes"
	"fmt"
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// volumes are the sub-cases of each group of sections 12 and 13: 1000 messages of
// that size, in frames of that size, within that time.
var volumes = []struct{ size, fragment, wait int }{
	{16, 0, 60}, {64, 0, 60}, {256, 0, 120}, {1024, 0, 240}, {4096, 0, 480}, {8192, 0, 480},
	{16384, 0, 480}, {32768, 0, 480}, {65536, 0, 480}, {131072, 0, 480},
	{8192, 256, 480}, {16384, 256, 480}, {32768, 256, 480}, {65536, 256, 480}, {131072, 256, 480},
	{131072, 1024, 480}, {131072, 4096, 480}, {131072, 32768, 480},
}

// section12 is about compressed messages of different contents (RFC 7692).
func section12() (all []*Case) {
	for file := range 5 {
		all = append(all, compressed(12, file+1, file, Negotiation{Offer: offer(handshake.Deflate{}), Accept: accept(handshake.Deflate{})})...)
	}
	return all
}

// section13 is about the parameters of permessage-deflate (RFC 7692 section 7.1).
// What a server is offered and what a client is answered differ: the first is
// about the server's window and context, the second about the client's.
func section13() (all []*Case) {
	for i, d := range []handshake.Deflate{
		{}, {ServerNoTakeover: true}, {ServerWindowBits: 9}, {ServerWindowBits: 15},
		{ServerNoTakeover: true, ServerWindowBits: 9}, {ServerNoTakeover: true, ServerWindowBits: 15},
	} {
		all = append(all, compressed(13, i+1, 0, Negotiation{Offer: offer(d), Accept: accept(d)})...)
	}
	small, fresh := handshake.Deflate{ServerNoTakeover: true, ServerWindowBits: 9}, handshake.Deflate{ServerNoTakeover: true}
	return append(all, compressed(13, 7, 0, Negotiation{
		Offer: offer(small) + ", " + offer(fresh) + ", " + offer(handshake.Deflate{}),
		Accept: func(offers []handshake.Extension) string {
			for _, d := range []handshake.Deflate{small, fresh, {}} {
				if a := accept(d)(offers); a != "" {
					return a
				}
			}
			return ""
		},
	})...)
}

// offer is what a client offers that asks the server for d and lets it have all
// that it may want of the client.
func offer(d handshake.Deflate) string {
	s := deflateName + "; " + clientNoTakeover + "; " + clientWindow
	if d.ServerNoTakeover {
		s += "; " + serverNoTakeover
	}
	if d.ServerWindowBits > 0 {
		s += fmt.Sprintf("; %s=%d", serverWindow, d.ServerWindowBits)
	}
	return s
}

// accept answers the first offer by which a client lets itself be asked for what d
// asks of a server. Doing without takeover can be asked of any client.
func accept(d handshake.Deflate) func([]handshake.Extension) string {
	return func(offers []handshake.Extension) string {
		for _, o := range readOffers(offers) {
			if d.ServerWindowBits == 0 || o.window {
				return answer(handshake.Deflate{
					ServerNoTakeover: o.ServerNoTakeover, ServerWindowBits: o.ServerWindowBits,
					ClientNoTakeover: d.ServerNoTakeover, ClientWindowBits: d.ServerWindowBits,
				})
			}
		}
		return ""
	}
}

func compressed(section, group, file int, n Negotiation) (all []*Case) {
	for i, v := range volumes {
		how := "in one frame each"
		if v.fragment > 0 {
			how = fmt.Sprintf("in frames of %d bytes", v.fragment)
		}
		all = append(all, &Case{
			ID:    fmt.Sprintf("%d.%d.%d", section, group, i+1),
			Sends: fmt.Sprintf("1000 compressed messages of %d %s, %s, each when the one before came back", v.size, []string{"characters", "bytes", "bytes", "characters", "bytes"}[file], how),
			Wants: fmt.Sprintf("All come back within %d seconds, as they were sent.", v.wait),
			Long:  true, Timed: true, Packed: true, Negotiate: n, End: normal, Limit: time.Duration(v.wait) * time.Second,
			Play: func(t *T) {
				t.log.Quiet(true)
				defer t.log.Quiet(false)
				by := t.wait(time.Duration(v.wait) * time.Second)
				f := t.Data[file]
				op := frame.Text
				if f.Binary {
					op = frame.Binary
				}
				pos := 0
				for range 1000 {
					var p []byte
					p, pos = f.Cut(pos, v.size)
					t.Conn.Message(op, p, v.fragment)
					if !t.echoes(by, op, p) {
						return
					}
				}
			},
		})
	}
	return all
}

// echoes waits for a message to come back as it was, and gives the verdict.
func (t *T) echoes(by time.Time, op frame.Opcode, want []byte) bool {
	for {
		switch e := t.Conn.Receive(by); e.Kind {
		case engine.Message:
			if e.Binary == (op == frame.Binary) && bytes.Equal(e.Data, want) {
				t.okf("All came back as it was sent.")
				return true
			}
			t.failf("%s of %d bytes came back as %s of %d bytes, which differ from byte %d on.", op, len(want), map[bool]string{true: "binary", false: "text"}[e.Binary], len(e.Data), common(want, e.Data))
			return false
		case engine.Nothing:
			t.failf("What was sent didn't come back in time.")
			return false
		case engine.Closed, engine.Gone:
			t.failf("The connection ended before what was sent came back.")
			return false
		}
	}
}

// common is the length of what a and b both begin with.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
