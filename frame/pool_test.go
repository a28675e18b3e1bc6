package frame

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReaderMemory: the buffer grows with the bytes that arrive, not with the length that a
// header announces.
func TestReaderMemory(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 100, 3000, 50000} { // in an earlier frame
		for _, n := range []int{0, 1, 1000, 4090, 10_000, 17_000, 100_000, 1_000_000} {
			in := stream(Client, event{Op: Text, Payload: text(before)})
			in = Header{Fin: true, Length: 1 << 30}.Append(in)
			in = append(in, make([]byte, n)...)
			for _, hold := range []bool{false, true} {
				r := NewReader(&source{in, newRand(7)}, Rules{Role: Client}, 0)
				retry(r.Next)
				retry(r.Payload)
				retry(r.Next)
				for err := error(nil); err == nil; {
					if hold {
						_, err = retry(r.Piece)
						r.Hold()
					} else {
						_, err = retry(r.Payload)
					}
				}
				if size := bufferSize(r); size > 4*len(in)+minSize {
					t.Errorf("F14: %d bytes arrived, the buffer has %d", len(in), size)
				}
			}
		}
	}
}

func bufferSize(r *Reader) int {
	if r.b == nil {
		return 0
	}
	return len(r.b.p)
}

// TestReaderGrowth: a payload that is wanted as one slice, by Payload or by Hold, moves
// through buffers of these sizes: each larger by four, until the rest is known to need less.
func TestReaderGrowth(t *testing.T) {
	t.Parallel()
	const k = 1 << 10
	for _, test := range []struct {
		n    int // bytes of payload
		want []int
	}{
		{0, []int{4 * k}},
		{4*k - 4, []int{4 * k}}, // with the header of 4 bytes
		{4*k - 3, []int{4 * k, 16 * k}},
		{16 * k, []int{4 * k, 16 * k}}, // the header stays behind
		{16*k + 1, []int{4 * k, 16 * k, 64 * k}},
		{64 * k, []int{4 * k, 16 * k, 64 * k}},
		{64*k + 1, []int{4 * k, 16 * k, 64 * k, 128 * k}},
		{100_000, []int{4 * k, 16 * k, 64 * k, 128 * k}},
		{128*k - 4*k, []int{4 * k, 16 * k, 64 * k, 128 * k}},
		{128*k - 4*k + 1, []int{4 * k, 16 * k, 64 * k, 256 * k}},
		{250_000, []int{4 * k, 16 * k, 64 * k, 256 * k}},
		{500_000, []int{4 * k, 16 * k, 64 * k, 256 * k, 512 * k}},
		{1_000_000, []int{4 * k, 16 * k, 64 * k, 256 * k, 1024 * k}},
		{1_500_000, []int{4 * k, 16 * k, 64 * k, 256 * k, 1024 * k, 2048 * k}},
	} {
		for _, hold := range []bool{false, true} {
			in := bytes.NewReader(stream(Client, event{Op: Binary, Fin: true, Payload: text(test.n)}))
			var got []int
			var r *Reader
			r = NewReader(readerFunc(func(p []byte) (int, error) {
				if size := bufferSize(r); len(got) == 0 || got[len(got)-1] != size {
					got = append(got, size)
				}
				return in.Read(p)
			}), Rules{Role: Client}, 0)
			r.Next()
			if !hold {
				r.Payload()
			}
			for r.Left() > 0 {
				r.Piece()
				r.Hold()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%d bytes, held piece by piece: %v: -want +got\n%s", test.n, hold, diff)
			}
		}
	}
}

// TestReaderShrinks: the buffer of a long message is given back after it, even
// if a part of the next frame came together with its end.
func TestReaderShrinks(t *testing.T) {
	t.Parallel()
	for _, hold := range []bool{false, true} {
		for unread := range 10 {
			in := stream(Client, event{Op: Text, Payload: text(500_000)}, event{Fin: true, Payload: text(400_000)})
			in = append(in, stream(Client, event{Op: Binary, Fin: true, Payload: text(10)})[:unread]...)
			r := NewReader(bytes.NewReader(in), Rules{Role: Client}, 0)
			for range 2 {
				r.Next()
				if _, err := r.Payload(); err != nil {
					t.Fatal(err)
				}
				if hold {
					r.Hold()
				}
			}
			if size := bufferSize(r); size < 500_000 {
				t.Fatalf("a buffer of %d bytes", size)
			}
			r.Release()
			r.Next()
			r.Payload()
			if size := bufferSize(r); size > maxRunSize {
				t.Errorf("4.7: with %d bytes of the next frame the buffer has still %d bytes", unread, size)
			}
		}
	}
}

// TestReaderRuns: a source that has much to read is read in larger pieces, up to a limit.
// The buffer becomes small again when it has less.
func TestReaderRuns(t *testing.T) {
	t.Parallel()
	in := stream(Client, event{Op: Binary, Fin: true, Payload: text(1 << 20)})
	reads := 0
	r := NewReader(readerFunc(func(p []byte) (int, error) {
		reads++
		if len(p) > maxRunSize {
			t.Errorf("a buffer of %d bytes", len(p))
		}
		n := copy(p, in)
		in = in[n:]
		return n, nil
	}), Rules{Role: Client}, 0)
	r.Next()
	for r.Left() > 0 {
		if _, err := r.Piece(); err != nil {
			t.Fatal(err)
		}
	}
	if reads > 25 {
		t.Errorf("%d reads for 1 MiB", reads)
	}
	for range 2 {
		in = stream(Client, event{Op: Text, Fin: true, Payload: "short"})
		r.Next()
		r.Payload()
	}
	if size := bufferSize(r); size != minSize {
		t.Errorf("after the run the buffer has still %d bytes", size)
	}
}

// TestReaderSteady: many small messages don't make the buffer grow beyond its limit.
func TestReaderSteady(t *testing.T) {
	t.Parallel()
	in := stream(Server, event{Op: Binary, Payload: text(100)}, event{Fin: true, Payload: text(1500)})
	r := NewReader(&endless{in, 0}, Rules{}, 0)
	for range 10_000 {
		h, _ := r.Next()
		r.Payload()
		if r.Hold(); h.Fin {
			r.Release()
		}
		if size := bufferSize(r); size > maxRunSize {
			t.Fatalf("a buffer of %d bytes", size)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestBufferSizes: getBuffer rounds up to a power of two, also if the size is too large for a
// pool.
func TestBufferSizes(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{1: minSize, minSize: minSize, minSize + 1: 2 * minSize, 1 << maxShift: 1 << maxShift, 1<<maxShift + 1: 2 << maxShift} {
		b := getBuffer(size)
		if len(b.p) != want {
			t.Errorf("getBuffer(%d) has %d bytes, want %d", size, len(b.p), want)
		}
		b.put()
	}
}

// endless is a reader that repeats p for ever.
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

// endlessLate is an endless that gives the buffer back before each read.
type endlessLate struct{ endless }

func (e *endlessLate) ReadLate(l Lender) (int, error) {
	l.Take()
	l.Give()
	return e.Read(l.Take())
}

func TestReaderAllocs(t *testing.T) { // not parallel: it counts every goroutine's
	if poison {
		t.Skip("the race detector makes pools forget")
	}
	small := stream(Server, event{Op: Binary, Fin: true, Payload: text(125)})
	fragmented := stream(Server, event{Op: Text, Payload: text(600)}, event{Op: Ping, Fin: true}, event{Fin: true, Payload: text(6000)})
	for name, src := range map[string]LateReader{
		"small":           plainReader{&endless{small, 0}},
		"fragmented":      plainReader{&endless{fragmented, 0}},
		"late_small":      &endlessLate{endless{small, 0}},
		"late_fragmented": &endlessLate{endless{fragmented, 0}},
	} {
		r := new(Reader)
		r.Init(src, Rules{}, 0)
		n := testing.AllocsPerRun(2000, func() {
			h, err := r.Next()
			if err == nil {
				_, err = r.Payload()
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Opcode.IsControl() {
				return
			}
			if r.Hold(); h.Fin {
				r.Release()
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations per frame", name, n)
		}
	}
}

// TestPoison: a slice that is used for too long shows poison. That a slice shows none before
// is tested by drive in the other tests.
//
// The test is not parallel: another one would take the buffer from the pool and write to it.
func TestPoison(t *testing.T) {
	if !poison {
		t.Skip("poison is on with -race or -tags poison")
	}
	in := stream(Client, event{Op: Text, Fin: true, Payload: "abc"}, event{Op: Text, Fin: true, Payload: text(5000)})
	for name, late := range map[string]func(*Reader){
		"Free":    func(r *Reader) { r.Free() },
		"growth":  func(r *Reader) { r.Next(); r.Payload() },
		"Preload": func(r *Reader) { r.Preload(make([]byte, 10000)) },
	} {
		r := NewReader(bytes.NewReader(in), Rules{Role: Client}, 0)
		r.Next()
		p, _ := r.Payload()
		late(r)
		if string(p) != "\xdd\xdd\xdd" {
			t.Errorf("R10: a slice kept over %s shows %q", name, p)
		}
	}
}
