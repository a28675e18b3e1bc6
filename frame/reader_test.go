package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

// readAll reads frames until an error other than errTemporary.
func readAll(r *Reader) (events []event) {
	for {
		h, err := r.Next()
		if err == errTemporary {
			continue
		}
		if err != nil {
			return append(events, event{Err: kind(err)})
		}
		p, err := r.Payload()
		for err == errTemporary {
			p, err = r.Payload()
		}
		if err != nil {
			return append(events, event{Op: h.Opcode, Err: kind(err)})
		}
		events = append(events, event{h.Opcode, h.Fin, string(p), ""})
	}
}

func kind(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Sprint(uint16(e.Code))
	}
	return err.Error()
}

var errTemporary = errors.New("temporary")

// stream makes bytes of frames for role, with keys that differ.
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

func conversation() []event {
	return []event{
		{Op: Text, Fin: true, Payload: "Hello"},
		{Op: Text, Payload: "Hel"}, {Op: Ping, Fin: true, Payload: "?"}, {Fin: true, Payload: "lo"},
		{Op: Binary, Fin: true}, {Op: Text}, {}, {Fin: true},
		{Op: Binary, Fin: true, Payload: text(125)}, {Op: Binary, Fin: true, Payload: text(126)},
		{Op: Binary, Fin: true, Payload: text(5000)}, {Op: Pong, Fin: true},
		{Op: Binary, Fin: true, Payload: text(70000)},
		{Op: Close, Fin: true, Payload: "\x03\xe8bye"},
	}
}

// lateSource is a LateReader that gives the buffer back before it "waits", and
// fails the test if the Reader holds one meanwhile.
type lateSource struct {
	t   *testing.T
	r   *Reader
	src io.Reader
	rng *rand.Rand
}

func (s *lateSource) Read(p []byte) (int, error) { return s.src.Read(p) }

func (s *lateSource) ReadLate(l Lender) (int, error) {
	for s.rng.IntN(2) == 0 {
		l.Take()
		l.Give()
	}
	if s.r.b != nil {
		s.t.Error("a buffer is held while the source waits")
	}
	return s.src.Read(l.Take())
}

func TestReaderSources(t *testing.T) {
	t.Parallel()
	sources := map[string]func(t *testing.T, in []byte) *Reader{}
	add := func(name string, wrap func(io.Reader) io.Reader) {
		sources[name] = func(_ *testing.T, in []byte) *Reader {
			return NewReader(wrap(bytes.NewReader(in)), Rules{}, 0)
		}
	}
	add("F13_whole", func(r io.Reader) io.Reader { return r })
	add("F12_one_byte", iotest.OneByteReader)
	add("half", iotest.HalfReader)
	add("data_with_error", iotest.DataErrReader)
	add("temporary_errors", func(r io.Reader) io.Reader { return &flaky{r: r} })
	sources["late"] = func(t *testing.T, in []byte) *Reader {
		s := &lateSource{t: t, src: iotest.OneByteReader(bytes.NewReader(in)), rng: rand.New(rand.NewPCG(1, 2))}
		s.r = NewReader(s, Rules{}, 0)
		return s.r
	}
	sources["preloaded"] = func(_ *testing.T, in []byte) *Reader {
		r := NewReader(bytes.NewReader(in[9000:]), Rules{}, 0)
		r.Preload(in[:5])
		r.Preload(in[5:9000])
		return r
	}
	want := append(conversation(), event{Err: "EOF"})
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := source(t, stream(Server, conversation()...))
			if diff := cmp.Diff(want, readAll(r)); diff != "" {
				t.Error(diff)
			}
			r.Free()
		})
	}
}

// flaky fails before each byte.
type flaky struct {
	r      io.Reader
	failed bool
}

func (f *flaky) Read(p []byte) (int, error) {
	if f.failed = !f.failed; f.failed {
		return 0, errTemporary
	}
	return f.r.Read(p[:1])
}

func TestReaderRandom(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		var want []event
		for range rng.IntN(40) {
			n := []int{rng.IntN(10), rng.IntN(200), rng.IntN(5000), rng.IntN(100000)}[rng.IntN(4)]
			want = append(want, event{Op: Binary, Fin: true, Payload: text(n)})
		}
		role := Role(rng.IntN(2))
		src := &chunks{bytes.NewReader(stream(role, want...)), rng}
		got := readAll(NewReader(src, Rules{Role: role}, 0))
		if diff := cmp.Diff(append(want, event{Err: "EOF"}), got); diff != "" {
			t.Fatal(diff)
		}
	}
}

type chunks struct {
	r   io.Reader
	rng *rand.Rand
}

func (c *chunks) Read(p []byte) (int, error) { return c.r.Read(p[:1+c.rng.IntN(min(len(p), 3000))]) }

// TestReaderHold makes one slice of each message's fragments, with control
// frames in between.
func TestReaderHold(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		want := text(rng.IntN(30000))
		var frames []event
		op, rest := Text, want
		for {
			n := rng.IntN(len(rest) + 1)
			if rng.IntN(3) == 0 {
				n = min(n, 3)
			}
			fin := n == len(rest)
			frames = append(frames, event{Op: op, Fin: fin, Payload: rest[:n]})
			if fin {
				break
			}
			op, rest = Continuation, rest[n:]
			frames = append(frames, event{Op: Ping, Fin: true, Payload: text(rng.IntN(125))})
		}
		frames = append(frames, event{Op: Text, Fin: true, Payload: "next"})
		r := NewReader(&chunks{bytes.NewReader(stream(Server, frames...)), rng}, Rules{}, 0)
		for _, f := range frames {
			h, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if h.Opcode == Ping {
				p, err := r.Payload()
				if string(p) != f.Payload || err != nil {
					t.Fatalf("ping of %d bytes: %q, %v", len(f.Payload), p, err)
				}
				continue
			}
			if r.Left() != int64(len(f.Payload)) {
				t.Fatalf("Left() = %d of %d", r.Left(), len(f.Payload))
			}
			for r.Left() > 0 {
				p, err := r.Piece()
				if err != nil || len(p) == 0 {
					t.Fatal(len(p), err)
				}
				r.Hold()
			}
			if _, err := r.Piece(); err != io.EOF {
				t.Fatal(err)
			}
			if h.Fin {
				break
			}
		}
		if got := string(r.Held()); got != want {
			t.Fatalf("held %d bytes of %d", len(got), len(want))
		}
		held := r.Held()
		r.Detach()
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if p, err := r.Payload(); string(p) != "next" || err != nil || string(held) != want {
			t.Fatalf("after Detach: %q, %v, held %v", p, err, string(held) == want)
		}
		r.Free()
	}
}

func TestReaderEnds(t *testing.T) {
	t.Parallel()
	frames := []event{{Op: Text, Payload: "abc"}, {Fin: true, Payload: text(130)}}
	in := stream(Server, frames...)
	first := len(stream(Server, frames[0]))
	for cut := range in {
		got := readAll(NewReader(bytes.NewReader(in[:cut]), Rules{}, 0))
		want := "unexpected EOF"
		if cut == 0 || cut == first {
			want = "EOF"
		}
		if last := got[len(got)-1]; last.Err != want {
			t.Errorf("F15: end after %d bytes: %q, want %q", cut, last.Err, want)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		role Role
		max  int64
		want []event
	}{
		{"F5_unmasked", "\x81\x01a", Server, 0, []event{{Err: "1002"}}},
		{"F5_masked", "\x81\x81\x00\x00\x00\x00a", Client, 0, []event{{Err: "1002"}}},
		{"F4_length", "\x81\x7e\x00\x02", Client, 0, []event{{Err: "1002"}}},
		{"5.4_text_inside_unfinished_text", "\x01\x01a\x81\x01b", Client, 0, []event{{Op: Text, Payload: "a"}, {Err: "1002"}}},
		{"F2_too_long", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", Client, 1 << 20, []event{{Err: "1009"}}},
		{"F2_longer_than_memory", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", Client, 0, []event{{Op: Binary, Err: "1009"}}},
		{"10.4_limit", "\x82\x05abcde\x82\x06abcdef", Client, 5, []event{{Op: Binary, Fin: true, Payload: "abcde"}, {Err: "1009"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(bytes.NewReader([]byte(tt.in)), Rules{Role: tt.role}, tt.max)
			if diff := cmp.Diff(tt.want, readAll(r)); diff != "" {
				t.Error(diff)
			}
			if tt.name == "F2_longer_than_memory" {
				return
			}
			if _, err := r.Next(); kind(err) != tt.want[len(tt.want)-1].Err {
				t.Errorf("after the breach: %v", err)
			}
		})
	}
	if _, err := NewReader(iotest.ErrReader(errTemporary), Rules{}, 0).Next(); err != errTemporary {
		t.Error(err)
	}
	if _, err := NewReader(stuck{}, Rules{}, 0).Next(); err != io.ErrNoProgress {
		t.Error(err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestReaderSkips: Next skips what is left of a payload.
func TestReaderSkips(t *testing.T) {
	t.Parallel()
	in := stream(Server, event{Op: Binary, Fin: true, Payload: text(9000)}, event{Op: Text, Fin: true, Payload: "next"})
	r := NewReader(iotest.HalfReader(bytes.NewReader(in)), Rules{}, 0)
	r.Next()
	r.Piece()
	if h, err := r.Next(); h.Opcode != Text || err != nil {
		t.Fatal(h, err)
	}
}

// TestReaderMemory: the buffer grows with what arrives, not with what a header
// promises, and shrinks when a long message is done.
func TestReaderMemory(t *testing.T) {
	t.Parallel()
	head := Header{Fin: true, Opcode: Binary, Length: 1 << 28}.Append(nil)
	for _, n := range []int{1, 1000, 10_000, 100_000, 1_000_000} {
		r := NewReader(bytes.NewReader(append(head[:len(head):len(head)], make([]byte, n)...)), Rules{Role: Client}, 0)
		r.Next()
		if _, err := r.Payload(); err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
		if size := len(r.b.p); size > 4*n+2*minSize {
			t.Errorf("F14: %d bytes arrived, the buffer has %d", n, size)
		}
	}
	in := stream(Client, event{Op: Binary, Fin: true, Payload: text(1 << 20)}, event{Op: Text, Fin: true, Payload: "x"})
	r := NewReader(&chunks{bytes.NewReader(in), rand.New(rand.NewPCG(7, 8))}, Rules{Role: Client}, 0)
	readAll(r)
	if size := len(r.b.p); size > maxRunSize {
		t.Errorf("the buffer has still %d bytes", size)
	}
}

// TestReaderRuns: who has much to read is read in larger pieces.
func TestReaderRuns(t *testing.T) {
	t.Parallel()
	in := stream(Client, event{Op: Binary, Fin: true, Payload: text(1 << 20)})
	src := &counter{r: bytes.NewReader(in)}
	r := NewReader(src, Rules{Role: Client}, 0)
	r.Next()
	for r.Left() > 0 {
		if _, err := r.Piece(); err != nil {
			t.Fatal(err)
		}
	}
	if src.n > 25 {
		t.Errorf("%d reads for 1 MiB", src.n)
	}
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	c.n++
	return c.r.Read(p)
}

func TestReaderMore(t *testing.T) {
	t.Parallel()
	in := stream(Client, event{Op: Text, Fin: true, Payload: "abc"}, event{Op: Text, Fin: true, Payload: text(130)})
	for cut := 5; cut <= len(in); cut++ {
		r := NewReader(bytes.NewReader(in[:cut]), Rules{Role: Client}, 0)
		r.Next()
		if r.More() {
			t.Errorf("%d bytes: More() inside of a frame", cut)
		}
		r.Payload()
		if got, want := r.More(), cut == len(in); got != want {
			t.Errorf("%d of %d bytes: More() = %v", cut, len(in), got)
		}
		if r.Buffered() != cut-5 {
			t.Errorf("Buffered() = %d of %d", r.Buffered(), cut-5)
		}
	}
}

func TestReaderAllocs(t *testing.T) {
	if poison {
		t.Skip("the race detector makes pools forget")
	}
	in := stream(Server, event{Op: Binary, Fin: true, Payload: text(125)}, event{Op: Text, Payload: text(600)}, event{Op: Ping, Fin: true},
		event{Fin: true, Payload: text(600)})
	r := NewReader(&endless{in, 0}, Rules{}, 0)
	n := testing.AllocsPerRun(1000, func() {
		h, err := r.Next()
		if err == nil {
			_, err = r.Payload()
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Opcode != Ping {
			r.Hold()
		}
		if h.Fin && h.Opcode != Ping {
			r.Release()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

// endless repeats p.
type endless struct {
	p   []byte
	pos int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], e.p[e.pos:])
		n += k
		e.pos = (e.pos + k) % len(e.p)
	}
	return n, nil
}

func TestPoison(t *testing.T) {
	if !poison {
		t.Skip("poison is on with -race or -tags poison")
	}
	r := NewReader(bytes.NewReader(stream(Client, event{Op: Text, Fin: true, Payload: "abc"})), Rules{Role: Client}, 0)
	r.Next()
	p, _ := r.Payload()
	r.Free()
	if string(p) != "\xdd\xdd\xdd" {
		t.Errorf("R10: a slice kept too long shows %q", p)
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
