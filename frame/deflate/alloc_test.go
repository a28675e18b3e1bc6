package deflate

import (
	"fmt"
	"testing"
)

// TestAllocs: once the history has its size, no message allocates.
func TestAllocs(t *testing.T) {
	if poison {
		t.Skip("pools lose things with the race detector")
	}
	r := newRand(1)
	for _, bits := range []int{8, 12, 15} {
		for _, c := range configs(bits) {
			for _, content := range contents {
				e, d := NewEncoder(c), NewDecoder(c)
				m := content.make(r, 40_000)
				p, out := make([]byte, 0, 50_000), make([]byte, 0, 50_000)
				send := func(m []byte) {
					p = e.Append(p[:0], m)
					var err error
					if out, err = d.Append(out[:0], p, noLimit); err != nil {
						t.Fatal(err)
					}
				}
				sendParts := func(m []byte) {
					p = e.AppendPart(p[:0], m[:len(m)/3], false)
					p = e.AppendPart(p, m[len(m)/3:], true)
					k := len(p) / 3
					out, _ = d.AppendPart(out[:0], p[:k], noLimit)
					_, n, err := d.Decode(out[:5], p[k:], noLimit)
					if err == nil {
						out, err = d.AppendPart(out[:0], p[k+n:], noLimit)
					}
					if err != nil || d.End() != nil {
						t.Fatal(err)
					}
				}
				send(m)
				sendParts(m)
				for _, n := range []int{0, 10, 100, 1000, 40_000} {
					name := fmt.Sprintf("%s %+v %d", content.name, c, n)
					if got := testing.AllocsPerRun(20, func() { send(m[:n]) }); got != 0 {
						t.Errorf("%s: %v", name, got)
					}
					if got := testing.AllocsPerRun(20, func() { sendParts(m[:n]) }); got != 0 {
						t.Errorf("%s in parts: %v", name, got)
					}
				}
			}
		}
	}
}
