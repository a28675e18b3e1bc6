package websocket_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket"
	"hawser/websocket/frame"
)

type f struct {
	h       frame.Header
	payload string
}

var (
	fin  = frame.Header{Fin: true}
	txt  = frame.Header{Fin: true, Opcode: frame.Text}
	bin  = frame.Header{Fin: true, Opcode: frame.Binary}
	ping = frame.Header{Fin: true, Opcode: frame.Ping}
	pong = frame.Header{Fin: true, Opcode: frame.Pong}
	cls  = frame.Header{Fin: true, Opcode: frame.Close}
)

func rsv(h frame.Header, bits byte) frame.Header {
	h.Rsv = bits
	return h
}

func more(h frame.Header) frame.Header {
	h.Fin = false
	return h
}

func status(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// TestBreaches: what the peer does wrong ends the connection with the right
// code and no reason (line K7), after all that came before was answered; in both
// roles, on a socket and on any other transport.
func TestBreaches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		frames []f
		raw    string // sent after the frames, the mask bit set for a server
		echoes []string
		code   frame.Code
	}{
		{"F1_bit_63", nil, "82 7F FFFFFFFFFFFFFFFF", nil, 1002},
		{"F1_2^32", nil, "82 7F 0000000100000000", nil, 1009},
		{"F2_2^63-1", nil, "82 7F 7FFFFFFFFFFFFFFF", nil, 1009},
		{"F2_2^62", nil, "82 7F 4000000000000000", nil, 1009},
		{"F3_sums", []f{{more(bin), "abc"}}, "00 7F 7FFFFFFFFFFFFFFF", nil, 1009},
		{"F4_length_2", nil, "81 7E 0002", nil, 1002},
		{"F4_length_125", nil, "81 7E 007D", nil, 1002},
		{"F4_length_2_in_64_bits", nil, "81 7F 0000000000000002", nil, 1002},
		{"F4_length_65535_in_64_bits", nil, "81 7F 000000000000FFFF", nil, 1002},
		{"F6_RSV1", []f{{rsv(txt, frame.Rsv1), "a"}}, "", nil, 1002},
		{"F6_RSV2", []f{{txt, "first"}, {rsv(txt, frame.Rsv2), "a"}, {ping, ""}}, "", []string{"first"}, 1002},
		{"F6_RSV3_on_continuation", []f{{more(txt), "a"}, {rsv(fin, frame.Rsv3), "b"}}, "", nil, 1002},
		{"F6_RSV1_on_ping", []f{{rsv(ping, frame.Rsv1), "a"}}, "", nil, 1002},
		{"F8_fragmented_ping", []f{{more(ping), "a"}}, "", nil, 1002},
		{"F8_ping_of_126", []f{{ping, text(126)}}, "", nil, 1002},
		{"F8_ping_of_65536", []f{{ping, text(65536)}}, "", nil, 1002},
		{"F9_continuation_first", []f{{txt, "first"}, {fin, "a"}, {txt, "later"}}, "", []string{"first"}, 1002},
		{"F9_text_inside_text", []f{{more(txt), "a"}, {txt, "b"}}, "", nil, 1002},
		{"F9_binary_inside_text", []f{{more(txt), "a"}, {bin, "b"}}, "", nil, 1002},
		{"F9_second_last", []f{{more(txt), "a"}, {fin, "b"}, {fin, "c"}}, "", []string{"ab"}, 1002},
		{"U1_overlong", []f{{txt, "\xc0\x80"}}, "", nil, 1007},
		{"U1_surrogate", []f{{txt, "a\xed\xa0\x80"}}, "", nil, 1007},
		{"U1_above_10FFFF", []f{{txt, "\xf4\x90\x80\x80"}}, "", nil, 1007},
		{"U1_FF", []f{{txt, "ok"}, {txt, "\xff"}}, "", []string{"ok"}, 1007},
		{"U2_cut_at_the_end", []f{{txt, "a\xce"}}, "", nil, 1007},
		{"U2_cut_at_the_end_of_fragments", []f{{more(txt), "a\xce"}, {fin, ""}}, "", nil, 1007},
		{"U3_bad_byte_in_first_fragment", []f{{more(txt), "a\xff"}}, "", nil, 1007},
		{"U3_bad_byte_in_half_a_frame", nil, "81 0A CEBA 80", nil, 1007},
		{"U4_bad_close_reason", []f{{cls, status(1000, "a\xff")}}, "", nil, 1007},
		{"K1_one_byte", []f{{cls, "\x03"}}, "", nil, 1002},
		{"10.4_too_long", []f{{bin, text(1000)}, {bin, text(1001)}}, "", []string{text(1000)}, 1009},
		{"10.4_too_long_in_fragments", []f{{more(bin), text(500)}, {more(fin), text(500)}, {fin, "x"}}, "", nil, 1009},
		{"F11_too_many_fragments", []f{{more(bin), ""}, {more(fin), ""}, {more(fin), ""}, {more(fin), ""}, {more(fin), ""}}, "", nil, 1008},
	}
	for _, op := range []frame.Opcode{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		tests = append(tests, struct {
			name   string
			frames []f
			raw    string
			echoes []string
			code   frame.Code
		}{fmt.Sprintf("F7_%v", op), []f{{frame.Header{Fin: op%2 == 0, Opcode: op}, text(int(op) % 3)}}, "", nil, 1002})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		tests = append(tests, struct {
			name   string
			frames []f
			raw    string
			echoes []string
			code   frame.Code
		}{fmt.Sprintf("K2_code_%d", code), []f{{cls, status(code, "")}}, "", nil, 1002})
	}
	for _, tt := range tests {
		for _, role := range []frame.Role{frame.Server, frame.Client} {
			for _, plain := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/plain=%v", tt.name, role, plain), func(t *testing.T) {
					t.Parallel()
					c, p := withPeer(t, role, plain, websocket.Config{MaxMessage: 1000, MaxFragments: 4})
					done := goEcho(c)
					var out []byte
					for _, f := range tt.frames {
						out = append(out, p.bytes(f.h, f.payload)...)
					}
					out = append(out, raw(t, role, tt.raw)...)
					p.write(out)
					for _, e := range tt.echoes {
						if _, got, err := p.next(); got != e || err != nil {
							t.Fatalf("echo %.40q, %v; want %.40q", got, err, e)
						}
					}
					p.expectClose(tt.code)
					p.Close()
					e := closeError(t, <-done)
					if e.SentCode != tt.code || !e.Local || e.Code != frame.CodeAbnormal || code(e) != tt.code {
						t.Errorf("%+v (%v)", e, e)
					}
				})
			}
		}
	}
}

// TestSums is line F3 without a limit: sizes whose sum no number holds.
func TestSums(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		c, p := withPeer(t, role, false, websocket.Config{MaxMessage: -1})
		done := goEcho(c)
		p.send(more(bin), "abc")
		p.write(raw(t, role, "00 7F 7FFFFFFFFFFFFFFF"))
		p.expectClose(1009)
		p.Close()
		closeError(t, <-done)
	}
}

// raw makes the bytes of hexadecimal digits. For a server it sets the mask bit
// and puts a key of zeros behind the length, as the payload is to stay readable.
func raw(t testing.TB, role frame.Role, s string) []byte {
	b := unhex(t, s)
	if role == frame.Client || len(b) == 0 {
		return b
	}
	head := 2
	switch b[1] {
	case 126:
		head = 4
	case 127:
		head = 10
	}
	b[1] |= 0x80
	return append(append(b[:head:head], 0, 0, 0, 0), b[head:]...)
}

// TestMasks is line F5: a frame masked the wrong way round, with whatever key.
func TestMasks(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		for _, h := range []frame.Header{txt, more(bin), ping, cls} {
			t.Run(fmt.Sprintf("F5_%v_%v", role, h.Opcode), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, role, false, websocket.Config{})
				done := goEcho(c)
				h.Masked = role == frame.Client // with key 0
				p.write(frame.Append(nil, h, nil))
				p.expectClose(1002)
				p.Close()
				closeError(t, <-done)
			})
		}
	}
}

// TestConversations has what a strict endpoint has to bear.
func TestConversations(t *testing.T) {
	t.Parallel()
	type events = []string // of frames the peer gets: opcode, payload
	tests := []struct {
		name   string
		frames []f
		want   events
		end    *websocket.CloseError
	}{
		{"F10_ping_between_fragments", []f{{more(txt), "Hel"}, {ping, "?"}, {fin, "lo"}, {cls, status(1000, "")}},
			events{"pong ?", "text Hello", "close 1000"}, &websocket.CloseError{Code: 1000, SentCode: 1000}},
		{"F10_pong_between_fragments", []f{{more(bin), "Hel"}, {pong, "!"}, {fin, "lo"}, {cls, ""}},
			events{"binary Hello", "close"}, &websocket.CloseError{Code: 1005, SentCode: 1005}},
		{"F10_close_between_fragments", []f{{more(txt), "Hel"}, {cls, status(4999, "bye €")}},
			events{"close 4999 bye €"}, &websocket.CloseError{Code: 4999, Reason: "bye €", SentCode: 4999, SentReason: "bye €"}},
		{"F17_empty_messages", []f{{txt, ""}, {bin, ""}, {more(txt), ""}, {more(fin), ""}, {fin, ""}, {cls, status(1001, "")}},
			events{"text ", "binary ", "text ", "close 1001"}, &websocket.CloseError{Code: 1001, SentCode: 1001}},
		{"F18_after_close", []f{{txt, "a"}, {cls, status(3000, "")}, {txt, "b"}, {ping, ""}, {cls, status(1002, "")}},
			events{"text a", "close 3000"}, &websocket.CloseError{Code: 3000, SentCode: 3000}},
		{"5.5.2_pings", []f{{ping, ""}, {ping, text(125)}, {pong, "unsolicited"}, {ping, "\x00\xff"}, {cls, status(1000, "")}},
			events{"pong ", "pong " + text(125), "pong \x00\xff", "close 1000"}, &websocket.CloseError{Code: 1000, SentCode: 1000}},
		{"U2_character_over_frames", []f{{more(txt), "\xe2\x82"}, {more(fin), ""}, {fin, "\xac"}, {txt, "\uFFFE\uFFFF"}, {cls, status(1000, "")}},
			events{"text €", "text \uFFFE\uFFFF", "close 1000"}, &websocket.CloseError{Code: 1000, SentCode: 1000}},
		{"K3_reason_of_123", []f{{cls, status(1000, text(123))}},
			events{"close 1000 " + text(123)}, &websocket.CloseError{Code: 1000, Reason: text(123), SentCode: 1000, SentReason: text(123)}},
		{"F15_no_close", []f{{txt, "a"}}, events{"text a"}, &websocket.CloseError{Code: 1006}},
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		tests = append(tests, struct {
			name   string
			frames []f
			want   events
			end    *websocket.CloseError
		}{fmt.Sprintf("K2_code_%d", code), []f{{cls, status(code, "why")}}, events{fmt.Sprint("close ", code, " why")},
			&websocket.CloseError{Code: frame.Code(code), Reason: "why", SentCode: frame.Code(code), SentReason: "why"}})
	}
	for _, tt := range tests {
		for _, role := range []frame.Role{frame.Server, frame.Client} {
			for _, chop := range []int{1 << 20, 1, 3} {
				t.Run(fmt.Sprintf("%s/%v/chop=%d", tt.name, role, chop), func(t *testing.T) {
					t.Parallel()
					c, p := withPeer(t, role, chop == 3, websocket.Config{})
					done := goEcho(c)
					var out []byte
					for _, f := range tt.frames {
						out = append(out, p.bytes(f.h, f.payload)...)
					}
					for len(out) > 0 {
						n := min(chop, len(out))
						p.write(out[:n])
						out = out[n:]
					}
					closeWrite(p)
					var got events
					for {
						h, payload, err := p.next()
						if err != nil {
							break
						}
						if h.Opcode == frame.Close && payload != "" {
							payload = strings.TrimSuffix(fmt.Sprint(binary.BigEndian.Uint16([]byte(payload)), " ", payload[2:]), " ")
						}
						got = append(got, strings.TrimSuffix(fmt.Sprint(h.Opcode, " ", payload), map[bool]string{true: " ", false: "\x00\x00"}[h.Opcode == frame.Close]))
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Error(diff)
					}
					e := *closeError(t, <-done)
					if unclean := e.Err != nil; unclean != (tt.end.Code == 1006) {
						t.Error(e.Err)
					}
					e.Err = nil
					if diff := cmp.Diff(*tt.end, e); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// TestTruncated is line F15: the end of the stream after every byte.
func TestTruncated(t *testing.T) {
	t.Parallel()
	_, p := withPeer(t, frame.Server, false, websocket.Config{})
	all := append(p.bytes(more(txt), "Hel"), append(p.bytes(ping, "?"), p.bytes(fin, "lo")...)...)
	for cut := range all {
		c, p := withPeer(t, frame.Server, cut%2 == 0, websocket.Config{})
		done := goEcho(c)
		p.write(all[:cut])
		closeWrite(p)
		e := closeError(t, <-done)
		if e.Code != frame.CodeAbnormal || e.Err == nil || e.Local {
			t.Errorf("after %d bytes: %+v", cut, e)
		}
		p.Close()
	}
}

// TestSizes is line F16, echoed by both roles over both kinds of transport.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		for _, role := range []frame.Role{frame.Server, frame.Client} {
			t.Run(fmt.Sprintf("%v/plain=%v", role, plain), func(t *testing.T) {
				t.Parallel()
				c, p := withPeer(t, role, plain, large)
				done := goEcho(c)
				for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 129, 4095, 4096, 16384, 16385, 65534, 65535, 65536, 65537, 1 << 20} {
					go p.send(bin, text(n))
					p.expect(frame.Binary, text(n))
				}
				p.send(cls, status(1000, ""))
				closeWrite(p)
				p.expectClose(1000)
				<-done
			})
		}
	}
}

// TestOneSegment is line F13: a thousand frames at once.
func TestOneSegment(t *testing.T) {
	t.Parallel()
	for _, role := range []frame.Role{frame.Server, frame.Client} {
		c, p := withPeer(t, role, false, websocket.Config{})
		done := goEcho(c)
		var all []byte
		for i := range 1000 {
			all = append(all, p.bytes(txt, fmt.Sprint(i))...)
		}
		p.write(append(all, p.bytes(cls, "")...))
		closeWrite(p)
		for i := range 1000 {
			p.expect(frame.Text, fmt.Sprint(i))
		}
		p.expectClose(frame.CodeNone)
		closeError(t, <-done)
	}
}

// TestFragments is line F11 with the default limit: a million empty fragments
// end at it and hold no memory.
func TestFragments(t *testing.T) {
	t.Parallel()
	c, p := withPeer(t, frame.Server, false, websocket.Config{})
	done := goEcho(c)
	go func() {
		p.send(more(txt), "")
		run := strings.Repeat(string(p.bytes(more(fin), "")), 1000)
		for range 1000 {
			if _, err := p.Write([]byte(run)); err != nil {
				return // as it's about to be refused
			}
		}
	}()
	h, payload, err := p.next()
	if err != nil || h.Opcode != frame.Close || payload != status(1008, "") {
		t.Errorf("got %v %q, %v", h.Opcode, payload, err)
	}
	p.Close()
	closeError(t, <-done)
}

// TestPromise is line F14: a header that promises much is worth nothing.
func TestPromise(t *testing.T) {
	a, b := netPair(t)
	src := &counting{wrapped: wrapped{a}}
	c := websocket.NewConn(src, websocket.Setup{Role: frame.Client}, websocket.Config{MaxMessage: 2 << 30})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done := goEcho(c)
	const arrived = 100_000
	head := frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 30}.Append(nil)
	if _, err := b.Write(append(head, make([]byte, arrived-len(head))...)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return src.n.Load() == arrived })
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 10*arrived {
		t.Errorf("%d bytes allocated for %d that arrived", grown, arrived)
	}
	c.CloseNow()
	closeError(t, <-done)
}

// counting counts the bytes read.
type counting struct {
	wrapped
	n atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.wrapped.Read(p)
	c.n.Add(int64(n))
	return n, err
}
