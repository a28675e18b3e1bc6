package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"
)

var sizes = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 128 << 10}

// series returns messages of one size and kind that don't repeat each other. Together
// they are longer than a window.
func series(kind, size int) [][]byte {
	n := max(4, min(2000, 1<<19/size))
	src := contents[kind].make(newRand(1), n*size)
	out := make([][]byte, n)
	for i := range out {
		out[i] = src[i*size:][:size]
	}
	return out
}

func run(b *testing.B, name string, messages [][]byte, f func(m []byte) int) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(messages[0])))
		in, out, i := 0, 0, 0
		for b.Loop() {
			m := messages[i]
			in += len(m)
			out += f(m)
			if i++; i == len(messages) {
				i = 0
			}
		}
		b.ReportMetric(float64(out)/float64(in), "ratio")
	})
}

// BenchmarkCompress compresses one message of a series after the other, with takeover and
// a window of 15 bits unless the name says otherwise. Only figures of the same run can be
// compared.
func BenchmarkCompress(b *testing.B) {
	for kind, content := range contents[:3] {
		for _, size := range sizes {
			messages := series(kind, size)
			name := fmt.Sprintf("%s/%d/", content.name, size)
			var dst []byte
			own := func(what string, c Config) {
				e := NewEncoder(c)
				run(b, name+what, messages, func(m []byte) int {
					dst = e.Append(dst[:0], m)
					return len(dst)
				})
			}
			own("fast", Config{Takeover: true})
			own("fast_12_bits", Config{Takeover: true, WindowBits: 12})
			own("fast_12_bits_compact", Config{Takeover: true, WindowBits: 12, Compact: true})
			own("fast_no_takeover", Config{})
			own("better", Config{Takeover: true, Level: Better})
			for _, level := range []int{1, 6} {
				for _, takeover := range []bool{true, false} {
					what := fmt.Sprintf("compress_flate_%d", level)
					if !takeover {
						what += "_no_takeover"
					}
					var buf bytes.Buffer
					z, _ := flate.NewWriter(&buf, level)
					run(b, name+what, messages, func(m []byte) int {
						buf.Reset()
						if !takeover {
							z.Reset(&buf)
						}
						z.Write(m)
						z.Flush()
						return buf.Len() - len(tail)
					})
				}
			}
		}
	}
}

// BenchmarkInflate inflates messages that compress/flate made at level 6, without takeover.
func BenchmarkInflate(b *testing.B) {
	for kind, content := range contents[:3] {
		for _, size := range sizes {
			var payloads [][]byte
			z, _ := flate.NewWriter(nil, 6)
			for _, m := range series(kind, size) {
				var buf bytes.Buffer
				z.Reset(&buf)
				z.Write(m)
				z.Flush()
				payloads = append(payloads, bytes.TrimSuffix(buf.Bytes(), tail))
			}
			name := fmt.Sprintf("%s/%d/", content.name, size)
			d := NewDecoder(Config{})
			dst := make([]byte, 0, size)
			run(b, name+"own", payloads, func(p []byte) int {
				dst, _ = d.Append(dst[:0], p, noLimit)
				return len(dst)
			})
			in := bytes.NewReader(nil)
			r := flate.NewReader(in)
			dst = dst[:size]
			run(b, name+"compress_flate", payloads, func(p []byte) int {
				in.Reset(p)
				r.(flate.Resetter).Reset(in, nil)
				n, _ := io.ReadFull(r, dst)
				return n
			})
		}
	}
}
