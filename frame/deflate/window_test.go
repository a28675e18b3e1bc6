package deflate

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestWindow: an encoder finds a repetition at the distance of exactly a window and none
// that is one byte further, within a message and across two. A decoder refuses the same
// distances that an encoder does not use.
func TestWindow(t *testing.T) {
	t.Parallel()
	for bits := MinWindowBits; bits <= MaxWindowBits; bits++ {
		for _, c := range configs(bits) {
			for further := range 2 {
				t.Run(fmt.Sprintf("7.1.2.1_%+v_%d", c, further), func(t *testing.T) {
					t.Parallel()
					size := 1<<bits + further
					m := make([]byte, size+200)
					copy(m, noise(newRand(uint64(bits)), 200)) // the rest stays zeros
					copy(m[size:], m[:200])
					cuts := []int{0}
					if c.Takeover {
						cuts = []int{0, 100, 200, 230, size - 20, size, size + 1, size + 9}
					}
					for _, cut := range cuts {
						e, strict, lax := NewEncoder(c), NewDecoder(c), NewDecoder(Config{Takeover: c.Takeover})
						less := NewDecoder(Config{Takeover: c.Takeover, WindowBits: max(bits-1, MinWindowBits)})
						length := 0
						var last error
						for _, m := range [][]byte{m[:cut], m[cut:]} {
							p := e.Append(nil, m)
							length += len(p)
							for _, d := range []*Decoder{strict, lax} {
								if got, err := d.Append(nil, p, noLimit); err != nil || !bytes.Equal(got, m) {
									t.Fatal(cut, err, diff(m, got))
								}
							}
							_, last = less.Append(nil, p, noLimit)
						}
						if found := length < 380; found != (further == 0) {
							t.Errorf("cut at %d: %d bytes", cut, length)
						}
						var corrupt *CorruptError
						beyond := errors.As(last, &corrupt) && corrupt.Section == "RFC 7692 section 7.1.2"
						if beyond != (further == 0 && bits > MinWindowBits) {
							t.Errorf("cut at %d, with a smaller window: %v", cut, last)
						}
					}
				})
			}
		}
	}
	for _, bits := range []int{-1, 1, 7, 16} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(bits)
				}
			}()
			NewEncoder(Config{WindowBits: bits})
		}()
	}
}

// TestTakeover: with context takeover a repetition of an earlier message takes few bytes.
// Without it no message refers to an earlier one, and one that does is corrupt.
func TestTakeover(t *testing.T) {
	t.Parallel()
	m := noise(newRand(1), 180)
	for bits := MinWindowBits; bits <= MaxWindowBits; bits++ {
		for _, c := range configs(bits) {
			e := NewEncoder(c)
			e.Append(nil, m)
			for i := range 5 {
				p := e.Append(nil, m)
				if small := len(p) < 20; small != c.Takeover {
					t.Errorf("%+v message %d: %d bytes", c, i, len(p))
				}
				if _, err := NewDecoder(c).Append(nil, p, noLimit); (err != nil) != c.Takeover {
					t.Errorf("Z5 %+v: %v", c, err)
				}
			}
		}
	}
}

// TestHeld: encoder and decoder hold no more between messages than the package's
// documentation says.
func TestHeld(t *testing.T) {
	t.Parallel()
	for bits := MinWindowBits; bits <= MaxWindowBits; bits++ {
		for _, c := range configs(bits) {
			e, d := NewEncoder(c), NewDecoder(c)
			before := 0
			for _, n := range []int{10, 300, 1000, 100_000} {
				m := prose(newRand(uint64(n)), n)
				p := e.Append(nil, m)
				for range 2 {
					if _, err := d.AppendPart(nil, p[:len(p)/2], noLimit); err != nil {
						t.Fatal(err)
					}
					p = p[len(p)/2:]
				}
				d.AppendPart(nil, p, noLimit)
				if err := d.End(); err != nil {
					t.Fatal(err)
				}
				bound := min(1<<bits, max(256, 2*(n+before)))
				before += n
				enc, dec := bound, bound
				if !c.Compact {
					enc += 2 * min(maxTable, bound)
				}
				if !c.Takeover {
					enc, dec = 0, 0
				}
				if e.held() > enc || d.held() > dec {
					t.Errorf("%+v: after %d bytes: %d, %d", c, before, e.held(), d.held())
				}
			}
			if c.WindowBits == 12 && e.held()+d.held() > 24<<10 {
				t.Errorf("%+v: %d", c, e.held()+d.held())
			}
		}
	}
}
