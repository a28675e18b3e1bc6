package frame

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzReader compares the Reader, with input in pieces of any size and read in any way, with
// a simple parser of the whole input.
func FuzzReader(f *testing.F) {
	for _, role := range []Role{Server, Client} {
		short := stream(role, conversation()[:12]...)
		f.Add(short, role == Client, false, uint64(1))
		f.Add(short, role == Client, true, uint64(2))
		f.Add(short[:len(short)-1], role == Client, false, uint64(3))
		f.Add(stream(role, event{Op: Text, Payload: text(3000)}, event{Op: Ping, Fin: true, Payload: "?"}, event{Fin: true, Payload: text(3000)}),
			role == Client, true, uint64(4))
	}
	for _, breach := range []string{
		"",
		"\x81\x05Hello",                 // 5.7
		"\x01\x03Hel\x89\x00\x80\x02lo", // 5.7
		"\x82\x7e\x01\x00" + text(256),  // 5.7
		"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", // F1
		"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01", // F2
		"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", // F2
		"\x81\x7e\x00\x02",                         // F4
		"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", // F4
		"\x81\x80\x00\x00\x00\x00",                 // F5
		"\xc1\x00", "\xa1\x00", "\x99\x00",         // F6
		"\x83\x00", "\x07\x00", "\x8b\x00", "\x0f\x00", // F7
		"\x09\x00", "\x89\x7e\x00\x7e", "\x8a\x7f\x00\x00\x00\x00\x00\x01\x00\x00", // F8
		"\x80\x00", "\x01\x01a\x81\x00", "\x01\x01a\x02\x00", "\x01\x00\x80\x00\x80\x00", // F9
	} {
		f.Add([]byte(breach), true, false, uint64(5))
		if len(breach) > 1 && breach[1]&0x80 == 0 {
			masked := []byte(breach)
			masked[1] |= 0x80
			f.Add(masked, false, false, uint64(6))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, client, late bool, seed uint64) {
		role := Server
		if client {
			role = Client
		}
		const limit = 1 << 16
		want := parse(in, role, limit)
		rng := newRand(seed)
		got := drive(newSourceReader(t, in, role, limit, late, rng), rng)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// parse returns the frames in the input and the error at its end. It follows RFC 6455 section
// 5.2 as simply as possible.
func parse(in []byte, role Role, limit uint64) (events []event) {
	open := false
	for {
		fail := func(s string) []event { return append(events, event{Err: s}) }
		if len(in) == 0 {
			return fail(io.EOF.Error())
		}
		short := fail(io.ErrUnexpectedEOF.Error())
		if len(in) < 2 {
			return short
		}
		fin, rsv, op := in[0]>>7 == 1, in[0]>>4&7, Opcode(in[0]&15)
		masked, length, rest := in[1]>>7 == 1, uint64(in[1]&127), in[2:]
		if size := map[uint64]int{126: 2, 127: 8}[length]; size > 0 {
			if len(rest) < size {
				return short
			}
			length = 0
			for _, b := range rest[:size] {
				length = length<<8 | uint64(b)
			}
			rest = rest[size:]
			if length < 126 || size == 8 && length < 65536 || length>>63 == 1 {
				return fail("1002")
			}
		}
		var key []byte
		if masked {
			if len(rest) < 4 {
				return short
			}
			key, rest = rest[:4], rest[4:]
		}
		control := op >= 8
		switch {
		case op > 2 && op < 8 || op > 10, rsv != 0, masked != (role == Server),
			control && (!fin || length > 125), !control && (op == 0) != open:
			return fail("1002")
		case length > limit:
			return fail("1009")
		case length > uint64(len(rest)):
			return append(events, event{Op: op, Err: io.ErrUnexpectedEOF.Error()})
		}
		payload := bytes.Clone(rest[:length])
		for i := range payload {
			if masked {
				payload[i] ^= key[i%4]
			}
		}
		events = append(events, event{op, fin, string(payload), ""})
		in = rest[length:]
		if !control {
			open = !fin
		}
	}
}
