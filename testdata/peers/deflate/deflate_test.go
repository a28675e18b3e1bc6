package deflate

import (
	"bytes"
	std "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	klaus "github.com/klauspost/compress/flate"

	codec "hawser/websocket/frame/deflate"
)

// sizes of messages, kinds of content.
var (
	sizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 128 << 10}
	kinds = []string{"json", "text", "random"}
)

// messages returns messages of a kind that don't repeat each other.
func messages(tb testing.TB, kind string, size int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	n := max(8, min(2000, 1<<19/size))
	var src []byte
	switch kind {
	case "json":
		words := []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"}
		for len(src) < n*size {
			src = fmt.Appendf(src, `{"id":%d,"user":"%s%d","price":%.2f,"active":%t,"tags":["%s","%s"],"ts":"2024-%02d-%02dT%02d:%02d:%02dZ"},`,
				r.IntN(1e9), words[r.IntN(8)], r.IntN(1000), r.Float64()*1000, r.IntN(2) == 0, words[r.IntN(8)], words[r.IntN(8)],
				1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		}
	case "text":
		t, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src/testdata/Isaac.Newton-Opticks.txt"))
		if err != nil {
			tb.Skip(err)
		}
		for len(src) < n*size {
			src = append(src, t...)
		}
	case "random":
		src = make([]byte, n*size)
		for i := range src {
			src[i] = byte(r.Uint32())
		}
	}
	out := make([][]byte, n)
	for i := range out {
		out[i] = src[i*size:][:size]
	}
	return out
}

// A contender compresses one message, or inflates it, and returns how many
// bytes came out.
type contender struct {
	name string
	f    func(src []byte) int
}

type writer interface {
	io.Writer
	Flush() error
	Reset(io.Writer)
}

func writers() []contender {
	var cs []contender
	own := func(name string, c codec.Config) {
		e := codec.NewEncoder(c)
		var dst []byte
		cs = append(cs, contender{name, func(src []byte) int {
			dst = e.Append(dst[:0], src)
			return len(dst)
		}})
	}
	peer := func(name string, w writer, buf *bytes.Buffer, reset bool) {
		cs = append(cs, contender{name, func(src []byte) int {
			buf.Reset()
			if reset {
				w.Reset(buf)
			}
			w.Write(src)
			w.Flush()
			return buf.Len() - 4
		}})
	}
	for _, keep := range []bool{true, false} {
		suffix := ""
		if !keep {
			suffix = " no takeover"
		}
		for _, bits := range []int{15, 12} {
			own(fmt.Sprint("fast w", bits, suffix), codec.Config{WindowBits: bits, Takeover: keep})
			own(fmt.Sprint("better w", bits, suffix), codec.Config{WindowBits: bits, Takeover: keep, Level: codec.Better})
			if keep {
				own(fmt.Sprint("fast compact w", bits), codec.Config{WindowBits: bits, Takeover: true, Compact: true})
			}
		}
		for _, l := range []int{1, 6} {
			var b1, b2 bytes.Buffer
			w1, _ := std.NewWriter(&b1, l)
			peer(fmt.Sprint("std ", l, suffix), w1, &b1, !keep)
			w2, _ := klaus.NewWriter(&b2, l)
			peer(fmt.Sprint("klauspost ", l, suffix), w2, &b2, !keep)
		}
	}
	return cs
}

// race lets all take turns, so that what else the machine does hits all alike,
// and prints the best turn of each.
func race(t *testing.T, title string, cs []contender, msgs [][]byte, base string) {
	size := 0
	for _, m := range msgs {
		size += len(m)
	}
	best := make([]time.Duration, len(cs))
	out := make([]int, len(cs))
	for round := range 15 {
		for i, c := range cs {
			start := time.Now()
			n := 0
			for _, m := range msgs {
				n += c.f(m)
			}
			if d := time.Since(start); best[i] == 0 || d < best[i] {
				best[i] = d
			}
			if round == 0 {
				out[i] = n
			}
		}
	}
	ref := slices.IndexFunc(cs, func(c contender) bool { return c.name == base })
	for i, c := range cs {
		t.Logf("%-16s %-28s %9.0f ns/msg  x%-6.2f %.3f", title, c.name, float64(best[i].Nanoseconds())/float64(len(msgs)),
			float64(best[ref])/float64(best[i]), float64(out[i])/float64(size))
	}
}

// TestDeflate prints how long each takes to compress, how many times faster
// that is than compress/flate's level 1 with takeover, and the ratio. Run it
// with PEERS=json,text,random (or some of them).
func TestDeflate(t *testing.T) {
	which := os.Getenv("PEERS")
	if which == "" {
		t.Skip("PEERS isn't set")
	}
	for _, kind := range kinds {
		if !strings.Contains(which, kind) {
			continue
		}
		for _, size := range sizes {
			cs := slices.DeleteFunc(writers(), func(c contender) bool { return !strings.Contains(c.name, os.Getenv("ONLY")) && c.name != "std 1" })
			race(t, fmt.Sprintf("%s %d", kind, size), cs, messages(t, kind, size), "std 1")
		}
	}
}

// TestInflate prints how long each takes to inflate what compress/flate's level
// 6 made without takeover, and how many times faster that is than compress/flate.
func TestInflate(t *testing.T) {
	which := os.Getenv("PEERS")
	if which == "" {
		t.Skip("PEERS isn't set")
	}
	for _, kind := range kinds {
		if !strings.Contains(which, kind) {
			continue
		}
		for _, size := range sizes {
			var payloads [][]byte
			z, _ := std.NewWriter(nil, 6)
			for _, m := range messages(t, kind, size) {
				var buf bytes.Buffer
				z.Reset(&buf)
				z.Write(m)
				z.Flush()
				payloads = append(payloads, bytes.TrimSuffix(buf.Bytes(), []byte{0, 0, 0xFF, 0xFF}))
			}
			d := codec.NewDecoder(codec.Config{})
			dst := make([]byte, size)
			peer := func(name string, in *bytes.Reader, r io.Reader, reset func() error) contender {
				return contender{name, func(p []byte) int {
					in.Reset(p)
					if err := reset(); err != nil {
						t.Fatal(err)
					}
					n, _ := io.ReadFull(r, dst[:size])
					return n
				}}
			}
			in := bytes.NewReader(nil)
			r1, r2 := std.NewReader(in), klaus.NewReader(in)
			race(t, fmt.Sprintf("%s %d", kind, size), []contender{
				{"own", func(p []byte) int {
					out, err := d.Append(dst[:0], p, 1<<30)
					if err != nil {
						t.Fatal(err)
					}
					return len(out)
				}},
				peer("std", in, r1, func() error { return r1.(std.Resetter).Reset(in, nil) }),
				peer("klauspost", in, r2, func() error { return r2.(klaus.Resetter).Reset(in, nil) }),
			}, payloads, "std")
		}
	}
}
