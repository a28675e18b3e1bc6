package deflate

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestSplit: a payload inflates to the same wherever it is cut.
func TestSplit(t *testing.T) {
	t.Parallel()
	for _, p := range samples() {
		want, err := NewDecoder(Config{}).Append(nil, p, noLimit)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(p) + 1 {
			d := NewDecoder(Config{WindowBits: 15})
			got, err := d.AppendPart(nil, bytes.Clone(p[:i]), noLimit)
			rest, err2 := d.AppendPart(nil, bytes.Clone(p[i:]), noLimit)
			if err := errors.Join(err, err2, d.End()); err != nil {
				t.Fatalf("cut at %d: %v", i, err)
			}
			if diff := diff(want, append(got, rest...)); diff != "" {
				t.Fatalf("cut at %d: %s", i, diff)
			}
			if d.held() != 0 {
				t.Fatalf("%d bytes held", d.held())
			}
		}
	}
}

// TestWriterDecode compresses messages of many sizes in writes of many sizes, and
// decodes the pieces into buffers of many sizes.
func TestWriterDecode(t *testing.T) {
	t.Parallel()
	for _, c := range configs(13) {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			r := newRand(8)
			e, d := NewEncoder(c), NewDecoder(c)
			whole := NewDecoder(c)
			for i, n := range []int{0, 1, 100, 32_767, 32_768, 32_769, 500_000, 0, 100_000} {
				want := mixed(r, n)
				var pieces [][]byte
				last := 0
				w := e.NewWriter(func(p []byte, final bool) error {
					if pieces = append(pieces, bytes.Clone(p)); final {
						last = len(pieces)
					}
					return nil
				})
				for p := want; len(p) > 0; {
					k := min(len(p), 1+r.IntN(1<<(1+r.IntN(17))))
					if got, err := w.Write(p[:k]); got != k || err != nil {
						t.Fatal(got, err)
					}
					p = p[k:]
				}
				if err := errors.Join(w.Close(), w.Close()); err != nil || last == 0 || last != len(pieces) {
					t.Fatal(err, last, len(pieces))
				}
				if _, err := w.Write([]byte{1}); err == nil {
					t.Error("write after the end")
				}
				if got, err := whole.Append(nil, bytes.Join(pieces, nil), int64(n)); err != nil || !bytes.Equal(got, want) {
					t.Fatal(i, err, diff(want, got))
				}
				got, err := decodeAll(d, pieces, make([]byte, 1+r.IntN(5000)), int64(n))
				if err != nil {
					t.Fatal(i, err)
				}
				if diff := diff(want, got); diff != "" {
					t.Fatal(i, diff)
				}
			}
		})
	}
}

// TestDecodeErrors: Decode returns what came before an error, and the same error again
// afterwards.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	p := NewEncoder(Config{}).Append(nil, prose(newRand(1), 5000))
	all := func(p []byte, limit int64) (int, error) {
		d := NewDecoder(Config{})
		got, err := decodeAll(d, [][]byte{p}, make([]byte, 100), limit)
		if _, _, again := d.Decode(make([]byte, 1), nil, limit); again != err {
			t.Errorf("the next call returned %v after %v", again, err)
		}
		return len(got), err
	}
	n, err := all(p, 4999)
	if _, ok := err.(*LimitError); !ok || n != 4999 {
		t.Error(n, err)
	}
	_, err = all(p[:len(p)-3], noLimit)
	if _, ok := err.(*CorruptError); !ok {
		t.Error(err)
	}
	_, err = all([]byte{7}, noLimit)
	if _, ok := err.(*CorruptError); !ok {
		t.Error(err)
	}
}

// TestWriterError: an error of emit ends the message and is returned again by later calls;
// after Reset the encoder works as a new one.
func TestWriterError(t *testing.T) {
	t.Parallel()
	fail := errors.New("fail")
	for _, c := range configs(12) {
		for k := range 3 {
			e := NewEncoder(c)
			w := e.NewWriter(func(p []byte, final bool) error {
				if k--; k < 0 {
					return fail
				}
				return nil
			})
			_, err := w.Write(noise(newRand(1), 70_000))
			if err == nil {
				err = w.Close()
			}
			if _, again := w.Write([]byte{1}); err != fail || again != fail || w.Close() != fail {
				t.Error(err, again)
			}
			e.Reset()
			m := prose(newRand(2), 1000)
			if diff := diff(NewEncoder(c).Append(nil, m), e.Append(nil, m)); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// TestBounded: a message of many MiB passes through a Writer and Decode in bounded memory.
func TestBounded(t *testing.T) {
	text := prose(newRand(1), 100_000)
	for _, c := range []Config{{}, {Takeover: true, Level: Better}} {
		e, d := NewEncoder(c), NewDecoder(c)
		size, got := 0, 0
		var out [10_000]byte
		w := e.NewWriter(func(p []byte, final bool) error {
			if len(p) > 40_000 || e.held() > 1<<18 || d.held() > 1<<18 {
				t.Errorf("%d bytes, %d and %d held", len(p), e.held(), d.held())
			}
			for {
				n, used, err := d.Decode(out[:], p, noLimit)
				if err != nil {
					return err
				}
				p = p[used:]
				if got += n; n < len(out) {
					break
				}
			}
			if final {
				return d.End()
			}
			return nil
		})
		for size < 16<<20/step(1) {
			n, err := w.Write(text)
			if err != nil {
				t.Fatal(err)
			}
			size += n
		}
		if err := w.Close(); err != nil || got != size {
			t.Error(err, got, size)
		}
	}
}
