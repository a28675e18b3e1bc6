package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"testing"
)

// TestRoundTrip: what an encoder makes of any content in any configuration inflates to the
// same content again, by compress/flate and by the decoder, wherever it is cut. It is never
// longer than stored blocks.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, content := range contents {
		for _, bits := range windowBits {
			t.Run(fmt.Sprint(content.name, bits), func(t *testing.T) {
				t.Parallel()
				messages := talk(content.name, uint64(bits))
				for _, c := range configs(bits) {
					e, parts := NewEncoder(c), NewEncoder(c)
					whole, cut := NewDecoder(c), NewDecoder(c)
					var before []byte
					for i, m := range messages {
						p := e.Append([]byte("ab"), m)[2:]
						if len(p) > len(m)+6*(len(m)/65_000+1) {
							t.Errorf("%+v: %d bytes from %d", c, len(p), len(m))
						}
						if got, ok := stdMessage(before, p); !ok || !bytes.Equal(got, m) {
							t.Fatalf("%+v: message %d: compress/flate: %s", c, i, diff(m, got))
						}
						if got, err := whole.Append([]byte("ab"), p, int64(len(m))); err != nil || !bytes.Equal(got[2:], m) {
							t.Fatalf("%+v: message %d: %v %s", c, i, err, diff(m, got[2:]))
						}
						p = encodeParts(parts, m)
						if got, err := inflateBy(cut, "random", p, int64(len(m))); err != nil || !bytes.Equal(got, m) {
							t.Fatalf("%+v: message %d in parts: %v %s", c, i, err, diff(m, got))
						}
						if c.Takeover {
							before = append(before, m...)
							before = before[max(0, len(before)-1<<15):]
						}
					}
				}
			})
		}
	}
}

// encodeParts compresses m in parts, each longer than the one before.
func encodeParts(e *Encoder, m []byte) (p []byte) {
	for n := 1; len(m) > n; n = n*2 + 7 {
		p = e.AppendPart(p, m[:n:n], false)
		m = m[n:]
	}
	return e.AppendPart(p, m, true)
}

// TestInflate: the decoder inflates what compress/flate compressed.
func TestInflate(t *testing.T) {
	t.Parallel()
	for _, content := range contents {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			if poison && level > 1 && level != 6 {
				continue
			}
			t.Run(fmt.Sprint(content.name, level), func(t *testing.T) {
				t.Parallel()
				for _, takeover := range []bool{false, true} {
					for _, how := range []string{"whole", "parts", "random", "decode"} {
						d := NewDecoder(Config{Takeover: takeover})
						var buf bytes.Buffer
						z, _ := flate.NewWriter(&buf, level)
						for i, m := range talk(content.name, 1) {
							if len(m) > 40_000 && how != "whole" && how != "random" {
								m = m[:40_000]
							}
							buf.Reset()
							if !takeover {
								z.Reset(&buf)
							}
							z.Write(m)
							z.Flush()
							got, err := inflateBy(d, how, bytes.TrimSuffix(buf.Bytes(), tail), int64(len(m)))
							if err != nil || !bytes.Equal(got, m) {
								t.Fatalf("%s message %d: %v %s", how, i, err, diff(m, got))
							}
						}
					}
				}
			})
		}
	}
}

// TestDeterministic: an encoder's output does not depend on what others left in the memory
// that it takes from the pools.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	r := newRand(3)
	for _, c := range configs(12) {
		want, got := NewEncoder(c), NewEncoder(c)
		for range 50 {
			m := mixed(r, 1+r.IntN(20_000))
			a := want.Append(nil, m)
			NewEncoder(Config{}).Append(nil, prose(r, 1+r.IntN(60_000)))
			if diff := diff(a, got.Append(nil, m)); diff != "" {
				t.Errorf("%+v %s", c, diff)
			}
		}
		want.AppendPart(nil, prose(r, 1000), false)
		want.Reset()
		m := prose(r, 3000)
		if diff := diff(NewEncoder(c).Append(nil, m), want.Append(nil, m)); diff != "" {
			t.Errorf("%+v after a reset: %s", c, diff)
		}
	}
}
