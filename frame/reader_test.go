package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// event is a frame as a Reader hands it out, or its error.
type event struct {
	Op      Opcode
	Fin     bool
	Payload string
	Err     string
}

// errTemporary is an error of a source that can be read again afterwards.
var errTemporary = iotest.ErrTimeout

// retry calls f until it returns something else than errTemporary.
func retry[T any](f func() (T, error)) (T, error) {
	for {
		v, err := f()
		if err != errTemporary {
			return v, err
		}
	}
}

// drive reads all frames and returns them, with the error at the end. rng chooses for each
// frame one of the ways to read it. drive holds the pieces of each message, and compares
// what is held with the payloads.
func drive(r *Reader, rng *rand.Rand) (events []event) {
	var message, kept, keptWant []byte
	for {
		if rng.IntN(3) == 0 {
			if err := r.Fill(); err != nil {
				continue // it comes again
			}
		}
		if op, p, ok := r.Whole(); ok {
			if cap(p) > len(p) {
				return append(events, event{Err: "append would write to what comes next"})
			}
			events = append(events, event{op, true, string(p), ""})
			if rng.IntN(3) == 0 {
				r.Hold()
				if held := r.Held(); !bytes.Equal(held, p) {
					events = append(events, event{Err: fmt.Sprintf("held %d bytes of %d", len(held), len(p))})
				}
				r.Release()
			}
			continue
		}
		h, err := retry(r.Next)
		if err != nil {
			if !bytes.Equal(kept, keptWant) {
				events = append(events, event{Err: "bytes changed after Detach"})
			}
			return append(events, event{Err: kind(err)})
		}
		var payload []byte
		for r.Left() > 0 {
			read := r.Piece
			if rng.IntN(3) == 0 {
				read = r.Payload
			}
			p, err := retry(read)
			if err != nil {
				return append(events, event{Op: h.Opcode, Err: kind(err)})
			}
			if cap(p) > len(p) {
				return append(events, event{Err: "append would write to what comes next"})
			}
			payload = append(payload, p...)
			if !h.Opcode.IsControl() {
				r.Hold()
			}
		}
		if p, err := r.Piece(); len(p) > 0 || err != io.EOF {
			return append(events, event{Err: fmt.Sprintf("at the end of the payload: %d bytes, %v", len(p), err)})
		}
		events = append(events, event{h.Opcode, h.Fin, string(payload), ""})
		if h.Opcode.IsControl() {
			continue
		}
		message = append(message, payload...)
		if h.Fin {
			if held := r.Held(); !bytes.Equal(held, message) {
				events = append(events, event{Err: fmt.Sprintf("held %d bytes of %d", len(held), len(message))})
			}
			if rng.IntN(3) == 0 {
				kept, keptWant = r.Held(), bytes.Clone(message)
				r.Detach()
			}
			r.Release()
			message = message[:0]
		}
	}
}

func kind(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Sprint(uint16(e.Code))
	}
	return err.Error()
}

// stream returns the bytes of frames as a peer sends them to an endpoint with the role. Each
// frame has a different key.
func stream(role Role, frames ...event) []byte {
	var b []byte
	for i, f := range frames {
		h := Header{Fin: f.Fin, Opcode: f.Op}
		if role == Server {
			h.Masked, h.Key = true, [4]byte{byte(i), 0xa5, 0x3c, byte(i * 7)}
		}
		b = Append(b, h, []byte(f.Payload))
	}
	return b
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%23)
	}
	return string(b)
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// conversation has every kind of frame and every form of length. Its first 12
// frames are short.
func conversation() []event {
	return []event{
		{Op: Text, Fin: true, Payload: "Hello"},
		{Op: Text, Payload: "Hel"}, {Op: Ping, Fin: true, Payload: "?"}, {Fin: true, Payload: "lo"},
		{Op: Binary, Fin: true}, {Op: Text}, {Op: Pong, Fin: true}, {}, {Fin: true},
		{Op: Binary, Fin: true, Payload: text(125)}, {Op: Binary, Payload: text(126)}, {Fin: true, Payload: text(200)},
		{Op: Binary, Fin: true, Payload: text(65535)}, {Op: Binary, Payload: text(65536)}, {Op: Ping, Fin: true, Payload: text(125)},
		{Payload: text(5000)}, {Fin: true, Payload: text(70000)},
		{Op: Close, Fin: true, Payload: "\x03\xe8bye"},
	}
}

// randomFrames makes messages, cut into fragments with control frames between.
func randomFrames(rng *rand.Rand) (frames []event) {
	size := func() int { return rng.IntN([]int{2, 10, 200, 5000, 50000}[rng.IntN(5)]) }
	for range rng.IntN(10) {
		op := Text + Opcode(rng.IntN(2))
		for n := rng.IntN(6); n >= 0; n-- {
			frames = append(frames, event{Op: op, Fin: n == 0, Payload: text(size())})
			op = Continuation
			if rng.IntN(3) == 0 {
				frames = append(frames, event{Op: Ping + Opcode(rng.IntN(2)), Fin: true, Payload: text(rng.IntN(126))})
			}
		}
	}
	return frames
}

// source is a reader of in, in pieces of random sizes. In between it does what a source may
// do: return a temporary error, or no bytes, or the last bytes together with io.EOF.
type source struct {
	in  []byte
	rng *rand.Rand
}

func (s *source) Read(p []byte) (int, error) {
	if s.rng.IntN(4) == 0 {
		return 0, []error{nil, errTemporary}[s.rng.IntN(2)]
	}
	n := copy(p[:1+s.rng.IntN(min(len(p), 1<<s.rng.IntN(16)))], s.in)
	s.in = s.in[n:]
	if len(s.in) == 0 && (n == 0 || s.rng.IntN(2) == 0) {
		return n, io.EOF
	}
	return n, nil
}

// lateSource is a LateReader of a source. It fails the test if the Reader holds an empty
// buffer while it waits.
type lateSource struct {
	source
	t *testing.T
	r *Reader
}

func (s *lateSource) ReadLate(l Lender) (int, error) {
	for s.rng.IntN(2) == 0 {
		l.Take()
	}
	if given := l.Give(); given && s.r.b != nil {
		s.t.Error("4.7: a buffer is held while the source waits")
	} else if !given && s.r.Buffered() == 0 && s.r.Held() == nil {
		s.t.Error("4.7: an empty buffer is held while the source waits")
	}
	if s.rng.IntN(4) == 0 {
		return 0, errTemporary // and no buffer taken
	}
	return s.Read(l.Take())
}

// newSourceReader returns a Reader of in from a source, or from a lateSource.
func newSourceReader(t *testing.T, in []byte, role Role, limit int64, late bool, rng *rand.Rand) *Reader {
	if !late {
		return NewReader(&source{in, rng}, Rules{Role: role}, limit)
	}
	r := new(Reader)
	r.Init(&lateSource{source{in, rng}, t, r}, Rules{Role: role}, limit)
	return r
}

func TestReaderSources(t *testing.T) {
	t.Parallel()
	in := stream(Server, conversation()...)
	want := append(conversation(), event{Err: "EOF"})
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"F13_whole":          func(r io.Reader) io.Reader { return r },
		"F12_one_byte":       iotest.OneByteReader,
		"half":               iotest.HalfReader,
		"data_with_error":    iotest.DataErrReader,
		"timeout":            iotest.TimeoutReader,
		"timeout_one_byte":   func(r io.Reader) io.Reader { return iotest.TimeoutReader(iotest.OneByteReader(r)) },
		"one_byte_with_data": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(wrap(bytes.NewReader(in)), Rules{}, 0)
			if diff := cmp.Diff(want, drive(r, newRand(1))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderRandom(t *testing.T) {
	t.Parallel()
	rng := newRand(2)
	for range 200 {
		want := randomFrames(rng)
		role := Role(rng.IntN(2))
		r := newSourceReader(t, stream(role, want...), role, 50000, rng.IntN(2) == 0, rng)
		if diff := cmp.Diff(append(want, event{Err: "EOF"}), drive(r, rng)); diff != "" {
			t.Fatal(diff)
		}
		if r.b != nil {
			t.Fatal("4.7: a buffer is held at the end")
		}
		r.Free()
	}
}

func TestReaderSizes(t *testing.T) {
	t.Parallel()
	rng := newRand(8)
	for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 129, 65534, 65535, 65536, 65537} {
		want := []event{{Op: Binary, Fin: true, Payload: text(n)}, {Err: "EOF"}}
		for _, role := range []Role{Server, Client} {
			in := stream(role, want[0])
			if diff := cmp.Diff(want, drive(newSourceReader(t, in, role, int64(n), false, rng), rng)); diff != "" {
				t.Errorf("F16: %v, %d bytes: %s", role, n, diff)
			}
		}
	}
}

// TestReaderResumes: nothing is lost when the source fails, at any byte.
func TestReaderResumes(t *testing.T) {
	t.Parallel()
	frames := conversation()[:12]
	in := stream(Server, frames...)
	want := append(frames, event{Err: "EOF"})
	for at := range len(in) + 1 {
		failure := iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(make([]byte, 1))))
		failure.Read(make([]byte, 1)) // it fails the second time, and ends after
		src := io.MultiReader(bytes.NewReader(in[:at]), failure, bytes.NewReader(in[at:]))
		if diff := cmp.Diff(want, drive(NewReader(src, Rules{}, 0), newRand(uint64(at)))); diff != "" {
			t.Fatalf("error before byte %d: %s", at, diff)
		}
	}
}

// TestReaderEnds: the end of the source is io.EOF between two frames and
// io.ErrUnexpectedEOF within one.
func TestReaderEnds(t *testing.T) {
	t.Parallel()
	frames := conversation()[:12]
	in := stream(Server, frames...)
	for cut := range in {
		want, end := []event{}, 0
		for i := range frames {
			end = len(stream(Server, frames[:i+1]...))
			if end > cut {
				break
			}
			want = append(want, frames[i])
		}
		start := len(stream(Server, want...))
		last := event{Err: io.EOF.Error()}
		if cut > start {
			last.Err = io.ErrUnexpectedEOF.Error()
		}
		if _, n, _ := ParseHeader(in[start:cut]); n > 0 {
			last.Op = frames[len(want)].Op
		}
		got := drive(NewReader(bytes.NewReader(in[:cut]), Rules{}, 0), newRand(3))
		if diff := cmp.Diff(append(want, last), got); diff != "" {
			t.Errorf("F15: end after %d bytes: %s", cut, diff)
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	hello := event{Op: Text, Fin: true, Payload: "Hello"}
	eof := event{Err: "EOF"}
	tests := []struct {
		name string
		in   string
		role Role
		max  int64
		want []event
	}{
		{"5.7_text", "\x81\x05Hello", Client, 0, []event{hello, eof}},
		{"5.7_masked_text", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", Server, 0, []event{hello, eof}},
		{"5.7_fragments", "\x01\x03Hel\x80\x02lo", Client, 0, []event{{Op: Text, Payload: "Hel"}, {Fin: true, Payload: "lo"}, eof}},
		{"5.7_ping_and_pong", "\x89\x05Hello\x8a\x05Hello", Client, 0,
			[]event{{Op: Ping, Fin: true, Payload: "Hello"}, {Op: Pong, Fin: true, Payload: "Hello"}, eof}},
		{"F1_bit_63", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", Client, 0, []event{{Err: "1002"}}},
		{"F2_2^63-1", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", Client, 1 << 20, []event{{Err: "1009"}}},
		{"F2_2^62", "\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00", Client, 1<<62 - 1, []event{{Err: "1009"}}},
		{"F4_length", "\x81\x7e\x00\x02", Client, 0, []event{{Err: "1002"}}},
		{"F5_unmasked", "\x81\x01a", Server, 0, []event{{Err: "1002"}}},
		{"F5_masked_with_key_0", "\x81\x81\x00\x00\x00\x00a", Client, 0, []event{{Err: "1002"}}},
		{"F6_RSV1", "\xc1\x00", Client, 0, []event{{Err: "1002"}}},
		{"F7_opcode_3", "\x83\x00", Client, 0, []event{{Err: "1002"}}},
		{"F8_fragmented_ping", "\x09\x00", Client, 0, []event{{Err: "1002"}}},
		{"F9_continuation_first", "\x80\x00", Client, 0, []event{{Err: "1002"}}},
		{"F16_key_0", "\x81\x85\x00\x00\x00\x00Hello", Server, 0, []event{hello, eof}},
		{"5.4_text_inside_unfinished_text", "\x01\x01a\x81\x01b", Client, 0, []event{{Op: Text, Payload: "a"}, {Err: "1002"}}},
		{"10.4_limit", "\x81\x05Hello\x82\x06", Client, 5, []event{hello, {Err: "1009"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(bytes.NewReader([]byte(tt.in)), Rules{Role: tt.role}, tt.max)
			if diff := cmp.Diff(tt.want, drive(r, newRand(4))); diff != "" {
				t.Error(diff)
			}
			if _, err := r.Next(); kind(err) != tt.want[len(tt.want)-1].Err {
				t.Errorf("not final: %v", err)
			}
		})
	}
}

// TestReaderNoLimit: without a limit, Piece takes a payload of any length; Payload refuses
// one that no slice can hold.
func TestReaderNoLimit(t *testing.T) {
	t.Parallel()
	r := NewReader(bytes.NewReader([]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffabc")), Rules{Role: Client}, 0)
	if h, err := r.Next(); h.Length != math.MaxInt64 || err != nil {
		t.Fatal(h, err)
	}
	if p, err := r.Piece(); string(p) != "abc" || err != nil || r.Left() != math.MaxInt64-3 {
		t.Errorf("F2: %q, %v, %d bytes left", p, err, r.Left())
	}
	if _, err := r.Payload(); kind(err) != "1009" {
		t.Errorf("F2: Payload: %v", err)
	}
	if _, err := r.Next(); kind(err) != "1009" {
		t.Errorf("F2: not final: %v", err)
	}
}

// TestReaderFill: Fill reads if nothing is left to consume, and only then.
func TestReaderFill(t *testing.T) {
	t.Parallel()
	r := NewReader(iotest.OneByteReader(bytes.NewReader([]byte("\x8a\x00"))), Rules{Role: Client}, 0)
	for range 2 { // the second call finds a byte
		if err := r.Fill(); err != nil || r.Buffered() != 1 {
			t.Errorf("%d bytes, %v", r.Buffered(), err)
		}
	}
	if h, err := r.Next(); h.Opcode != Pong || err != nil {
		t.Error(h, err)
	}
	if err := r.Fill(); err != io.EOF {
		t.Error(err)
	}
}

// TestReaderEmptyPayload: Payload returns nothing and no error where nothing is left; Piece
// returns io.EOF.
func TestReaderEmptyPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"", "abc"} {
		r := NewReader(bytes.NewReader(stream(Server, event{Op: Ping, Fin: true, Payload: payload})), Rules{}, 0)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{payload, "", ""} {
			if p, err := r.Payload(); string(p) != want || err != nil {
				t.Errorf("Payload of %q: %q, %v; want %q", payload, p, err, want)
			}
		}
		if p, err := r.Piece(); p != nil || err != io.EOF {
			t.Errorf("Piece at the end of %q: %q, %v", payload, p, err)
		}
	}
}

func TestReaderNoProgress(t *testing.T) {
	t.Parallel()
	r := NewReader(iotest.ErrReader(nil), Rules{}, 0)
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Error(err)
	}
}

// TestReaderSkips: Next skips what is left of a payload.
func TestReaderSkips(t *testing.T) {
	t.Parallel()
	rng := newRand(5)
	for _, late := range []bool{false, true} {
		in := stream(Server, event{Op: Text, Payload: "kept"}, event{Payload: text(90000)}, event{Fin: true, Payload: "too"})
		r := newSourceReader(t, in, Server, 0, late, rng)
		retry(r.Next)
		retry(r.Payload)
		r.Hold()
		retry(r.Next)
		retry(r.Piece)
		if h, err := retry(r.Next); h.Length != 3 || err != nil {
			t.Fatal(h, err)
		}
		if p, err := retry(r.Payload); string(p) != "too" || err != nil {
			t.Errorf("%q, %v", p, err)
		}
		if r.Hold(); string(r.Held()) != "kepttoo" {
			t.Errorf("held %q", r.Held())
		}
	}
}

// TestReaderHold: fragments become one slice. The first one stays where it is; later ones
// move to close the gap of the header.
func TestReaderHold(t *testing.T) {
	t.Parallel()
	in := stream(Client, event{Op: Text, Payload: "one"}, event{Op: Ping, Fin: true, Payload: "ping"}, event{}, event{Fin: true, Payload: "two, three"})
	r := NewReader(bytes.NewReader(in), Rules{Role: Client}, 0)
	r.Detach() // nothing
	if r.Held() != nil {
		t.Error("held before anything was read")
	}
	r.Next()
	r.Hold() // nothing
	one, _ := r.Payload()
	r.Hold()
	r.Hold() // nothing more
	if held := r.Held(); &held[0] != &one[0] || len(held) != 3 || cap(held) != 3 {
		t.Errorf("held %q of capacity %d, copied %v", held, cap(held), &held[0] != &one[0])
	}
	for range 3 {
		r.Next()
		if p, _ := r.Payload(); string(p) != "ping" {
			r.Hold()
		}
	}
	if held := r.Held(); string(held) != "onetwo, three" || &held[0] != &one[0] {
		t.Errorf("held %q", held)
	}
	if r.Release(); r.Held() != nil {
		t.Error("held after Release")
	}
}

func TestReaderPreload(t *testing.T) {
	t.Parallel()
	in := stream(Server, conversation()...)
	want := append(conversation(), event{Err: "EOF"})
	for _, cuts := range [][2]int{{0, 0}, {0, 1}, {3, 3}, {5, 9000}, {4096, 8192}, {70000, len(in)}} {
		r := NewReader(bytes.NewReader(in[cuts[1]:]), Rules{}, 0)
		r.Preload(in[:cuts[0]])
		r.Preload(in[cuts[0]:cuts[1]])
		if r.Buffered() != cuts[1] {
			t.Errorf("Buffered() = %d of %d", r.Buffered(), cuts[1])
		}
		if diff := cmp.Diff(want, drive(r, newRand(6))); diff != "" {
			t.Errorf("preloaded %v: %s", cuts, diff)
		}
	}
	// A Preload in the middle gives up the last payload: the bytes have moved.
	r := NewReader(bytes.NewReader(nil), Rules{Role: Client}, 0)
	in = stream(Client, event{Op: Text, Payload: text(4086)}, event{Fin: true, Payload: "end"})
	r.Preload(in[:4090])
	r.Next()
	r.Payload()
	r.Preload(in[4090:])
	if r.Hold(); len(r.Held()) > 0 {
		t.Errorf("held %q", r.Held())
	}
	r.Next()
	if p, err := r.Payload(); string(p) != "end" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
}

// TestReaderWhole: Whole returns what Next and Payload would return, for short messages in
// one frame, and refuses all others without consuming them.
func TestReaderWhole(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   []byte
		role Role
		max  int64
		ok   bool
	}{
		{"text", stream(Server, event{Op: Text, Fin: true, Payload: "Hello"}), Server, 0, true},
		{"binary", stream(Client, event{Op: Binary, Fin: true, Payload: text(125)}), Client, 0, true},
		{"empty", stream(Server, event{Op: Text, Fin: true}), Server, 0, true},
		{"126", stream(Server, event{Op: Text, Fin: true, Payload: text(126)}), Server, 0, true},
		{"64K-1", stream(Client, event{Op: Binary, Fin: true, Payload: text(65535)}), Client, 0, true},
		{"64K", stream(Client, event{Op: Binary, Fin: true, Payload: text(65536)}), Client, 0, false},
		{"as long as allowed", stream(Server, event{Op: Text, Fin: true, Payload: text(500)}), Server, 500, true},
		{"longer than allowed", stream(Server, event{Op: Text, Fin: true, Payload: text(501)}), Server, 500, false},
		{"fragment", stream(Server, event{Op: Text, Payload: "Hello"}), Server, 0, false},
		{"ping", stream(Server, event{Op: Ping, Fin: true, Payload: "Hello"}), Server, 0, false},
		{"not masked", stream(Client, event{Op: Text, Fin: true, Payload: "Hello"}), Server, 0, false},
		{"masked", stream(Server, event{Op: Text, Fin: true, Payload: "Hello"}), Client, 0, false},
		{"reserved bit", []byte("\xc1\x05Hello"), Client, 0, false},
		{"reserved opcode", []byte("\x83\x05Hello"), Client, 0, false},
		{"length too long by 2", []byte("\x81\x7e\x00\x05Hello"), Client, 0, false},
		{"length too long by 8", []byte("\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x7e" + text(126)), Client, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			after := stream(tt.role, event{Op: Pong, Fin: true, Payload: "after"})
			ref := NewReader(bytes.NewReader(tt.in), Rules{Role: tt.role}, tt.max)
			h, _ := ref.Next()
			want, _ := ref.Payload()
			for cut := 0; cut <= len(tt.in); cut += 1 + cut/1000*97 {
				r := NewReader(bytes.NewReader(nil), Rules{Role: tt.role}, tt.max)
				r.Preload(tt.in[:cut])
				if op, p, ok := r.Whole(); ok && cut < len(tt.in) || r.Buffered() != cut && !ok {
					t.Fatalf("%d of %d bytes: %v, %d bytes, %v", cut, len(tt.in), op, len(p), ok)
				}
			}
			r := NewReader(bytes.NewReader(nil), Rules{Role: tt.role}, tt.max)
			r.Preload(tt.in)
			if _, _, ok := r.Whole(); ok != tt.ok {
				t.Errorf("with nothing behind it: %v", ok)
			}
			r = NewReader(bytes.NewReader(nil), Rules{Role: tt.role}, tt.max)
			r.Preload(tt.in)
			r.Preload(after)
			op, p, ok := r.Whole()
			if ok != tt.ok {
				t.Fatalf("ok: %v", ok)
			}
			if !ok {
				if got, err := r.Next(); err == nil {
					if diff := cmp.Diff(h, got); diff != "" {
						t.Error(diff)
					}
				}
				return
			}
			if op != h.Opcode || !bytes.Equal(p, want) || r.Buffered() != len(after) {
				t.Errorf("%v %.20q, %d bytes left", op, p, r.Buffered())
			}
			if h, err := r.Next(); h.Opcode != Pong || err != nil {
				t.Errorf("then %v, %v", h, err)
			}
		})
	}
	r := NewReader(bytes.NewReader(nil), Rules{Role: Client}, 0)
	r.Preload(stream(Client, event{Op: Text, Payload: "a"}, event{Op: Text, Fin: true, Payload: "inside"}))
	r.Next()
	if _, _, ok := r.Whole(); ok {
		t.Error("inside of a frame")
	}
	r.Payload()
	if _, _, ok := r.Whole(); ok {
		t.Error("inside of a message")
	}
	if _, err := r.Next(); err == nil {
		t.Error("Next took it")
	} else if _, _, ok := r.Whole(); ok {
		t.Error("after a breach")
	}
}

func BenchmarkReader(b *testing.B) {
	for _, n := range []int{32, 125, 1000, 16000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var in []byte
			for len(in) < 16<<10 {
				in = append(in, stream(Server, event{Op: Binary, Fin: true, Payload: text(n)})...)
			}
			r := NewReader(&endless{in, 0}, Rules{}, 0)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
				if _, err := r.Payload(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestReaderReady: a frame is ready when its last byte has arrived, and not before,
// also behind one of which a part is left.
func TestReaderReady(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 125, 126, 1000, 65535, 65536} {
		whole := Append(nil, Header{Fin: true, Opcode: Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}}, make([]byte, size))
		for _, n := range []int{0, 1, 2, 5, len(whole) - 1, len(whole), len(whole) + 1} {
			p := append(bytes.Clone(whole), whole...)[:n]
			r := NewReader(bytes.NewReader(nil), Rules{Role: Server}, 0)
			r.Preload(p)
			if got, want := r.Ready(), n >= len(whole); got != want {
				t.Errorf("%d of the %d bytes of a frame: %v", n, len(whole), got)
			}
			// Behind another frame whose header was read and whose payload was not.
			r = NewReader(bytes.NewReader(nil), Rules{Role: Server}, 0)
			r.Preload(append(bytes.Clone(whole), p...))
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			if got, want := r.Ready(), n >= len(whole); got != want {
				t.Errorf("%d of the %d bytes behind a frame: %v", n, len(whole), got)
			}
		}
	}
}
