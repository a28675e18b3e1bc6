package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

const noLimit = 1 << 40

var tail = []byte{0, 0, 0xFF, 0xFF}

// diff describes the first difference of want and got; it returns "" if they are equal.
func diff(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	return fmt.Sprintf("%d bytes wanted, got %d, from byte %d on:\n%s", len(want), len(got), i,
		cmp.Diff(want[i:min(i+40, len(want))], got[i:min(i+40, len(got))]))
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

var words = sync.OnceValue(func() []string {
	r := newRand(1)
	w := make([]string, 3000)
	for i := range w {
		b := make([]byte, 2+r.IntN(9))
		for j := range b {
			b[j] = "etaoinshrdlucmfwypvbgkjqxz"[min(r.IntN(26), r.IntN(26))]
		}
		w[i] = string(b)
	}
	return w
})

// prose returns n bytes of a text from Go's own sources, or random words if that isn't
// there.
func prose(r *rand.Rand, n int) []byte {
	p, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src/testdata/Isaac.Newton-Opticks.txt"))
	if err == nil && len(p) > n {
		i := r.IntN(len(p) - n)
		return p[i:][:n:n]
	}
	var b strings.Builder
	for b.Len() < n {
		k := r.IntN(3000)
		b.WriteString(words()[r.IntN(k+1)])
		b.WriteByte(" , .\n"[r.IntN(5)])
	}
	return []byte(b.String())[:n]
}

// records returns n bytes of JSON records, which repeat their keys.
func records(r *rand.Rand, n int) []byte {
	var b []byte
	name := []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"}
	for len(b) < n {
		b = fmt.Appendf(b, `{"id":%d,"user":"%s%d","price":%.2f,"active":%t,"tags":["%s","%s"],"ts":"2024-%02d-%02dT%02d:%02d:%02dZ"},`,
			r.IntN(1e9), name[r.IntN(8)], r.IntN(1000), r.Float64()*1000, r.IntN(2) == 0, name[r.IntN(8)], name[r.IntN(8)],
			1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	}
	return b[:n]
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// mixed returns n bytes of noise, runs, few symbols and repetitions at any distance.
func mixed(r *rand.Rand, n int) []byte {
	var b []byte
	for len(b) < n {
		switch k := 1 + r.IntN(1<<r.IntN(12)); r.IntN(4) {
		case 0:
			b = append(b, noise(r, k)...)
		case 1:
			b = append(b, bytes.Repeat([]byte{byte(r.IntN(256))}, k)...)
		case 2:
			for range k {
				b = append(b, byte(r.IntN(4)*r.IntN(4)))
			}
		case 3:
			if len(b) > 0 {
				i := max(0, len(b)-1-r.IntN(1<<(1+r.IntN(16))))
				b = append(b, b[i:min(i+k, len(b))]...)
			}
		}
	}
	return b[:n]
}

var contents = []struct {
	name string
	make func(*rand.Rand, int) []byte
}{{"prose", prose}, {"records", records}, {"noise", noise}, {"mixed", mixed}}

// windowBits has the windows to test: all of them, or some with the race detector.
var windowBits = func() []int {
	if poison {
		return []int{8, 12, 15}
	}
	return []int{8, 9, 10, 11, 12, 13, 14, 15}
}()

// lengths are the lengths of the messages that tests send over one connection.
var lengths = []int{0, 1, 2, 3, 4, 5, 17, 100, 0, 255, 256, 257, 1000, 3, 4096, 10_000, 1, 65_536, 20, 140_000, 64, 33_000, 0}

// talk returns messages of these lengths with the named content.
func talk(name string, seed uint64) [][]byte {
	r := newRand(seed)
	var out [][]byte
	for _, c := range contents {
		if c.name == name {
			src := c.make(r, 400_000)
			for _, n := range lengths {
				if poison && n > 40_000 {
					continue // the race detector is slow
				}
				i := r.IntN(len(src) - n)
				out = append(out, src[i:][:n])
			}
		}
	}
	return out
}

// stdInflate inflates payload and suffix with compress/flate, with dict as the history. It
// reports whether blocks end at the end of suffix, and the output ends in after; the output
// is returned without it.
func stdInflate(dict, payload, suffix, after []byte, limit int64) ([]byte, bool) {
	in := bytes.NewReader(append(bytes.Clone(payload), suffix...))
	out := bytes.NewBuffer(bytes.Clone(dict))
	for {
		b := out.Bytes()
		z := flate.NewReaderDict(in, b[max(0, len(b)-1<<15):])
		if _, err := io.Copy(out, io.LimitReader(z, limit+int64(len(dict)-out.Len())+1)); err != nil {
			return nil, false
		}
		if int64(out.Len()-len(dict)) > limit {
			return out.Bytes()[len(dict):], false
		}
		if in.Len() == 0 {
			return bytes.CutSuffix(out.Bytes()[len(dict):], after)
		}
	}
}

// stdMessage inflates a message's payload with compress/flate.
func stdMessage(dict, payload []byte) ([]byte, bool) {
	return stdInflate(dict, payload, []byte{0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF}, nil, noLimit)
}

// held returns how many bytes of memory the encoder holds, besides the struct
// itself.
func (e *Encoder) held() int {
	n := len(e.hist.ring) + 2*len(e.table)
	if e.s != nil {
		n += int(unsafe.Sizeof(*e.s))
	}
	return n
}

// held returns how many bytes of memory the decoder holds, besides the struct
// itself.
func (d *Decoder) held() int {
	n := len(d.hist.ring)
	if d.c != nil {
		n += int(unsafe.Sizeof(*d.c))
	}
	return n
}

// decodeAll inflates a message in pieces with Decode into buf, over and over, and returns
// all that came out.
func decodeAll(d *Decoder, pieces [][]byte, buf []byte, limit int64) (got []byte, err error) {
	for _, p := range pieces {
		for more := true; more; {
			n, used, err := d.Decode(buf, p, limit)
			got = append(got, buf[:n]...)
			if err != nil {
				return got, err
			}
			p, more = p[used:], n == len(buf)
		}
		if len(p) > 0 {
			return got, fmt.Errorf("%d bytes are not used though there is room", len(p))
		}
	}
	return got, d.End()
}
