//go:build !purego

package frame

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

var maskKernels = func() map[string]maskKernel {
	kernels := map[string]maskKernel{"mask": {0, mask}, "portable": {0, maskWords}}
	if hasAVX2 {
		kernels["AVX2"] = maskKernel{maskLongMin, func(p []byte, k uint32) { maskAVX2(&p[0], len(p), k) }}
	}
	return kernels
}()

func needAVX2(t *testing.T) {
	t.Parallel()
	if !hasAVX2 {
		t.Skip("no AVX2")
	}
}

// checkValid puts q into p, which is ASCII, at each of the offsets, and fails the test if
// the kernel does not say what want says about the whole.
func checkValid(t *testing.T, p, q []byte, want bool, offsets []int) {
	for _, at := range offsets {
		copy(p[at:], q)
		if validAVX2(&p[0], len(p), &utf8Errors) != want {
			t.Fatalf("% x at %d of %d bytes is valid: want %v", q, at, len(p), want)
		}
		for i := range q {
			p[at+i] = 'x'
		}
	}
}

// TestValidAVX2Exhaustive puts all combinations of 1, 2 and 3 bytes at the places where
// vectors begin and end, the first and the last vector included.
func TestValidAVX2Exhaustive(t *testing.T) {
	needAVX2(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	third := all
	if poison {
		third = []byte{0x7f, 0x80, 0xbf, 0xc2, 0xe1, 0xf1} // the race detector is slow
	}
	p := []byte(strings.Repeat("x", 80)) // vectors begin at 0, 32 and 48
	offsets := []int{0, 30, 31, 46, 47, 77}
	var with [][]byte // p with q at each offset
	for range offsets {
		with = append(with, bytes.Clone(p))
	}
	q := make([]byte, 3)
	for _, q[0] = range all {
		checkValid(t, p, q[:1], utf8.Valid(q[:1]), []int{0, 31, 32, 47, 48, 79})
		for _, q[1] = range all {
			checkValid(t, p, q[:2], utf8.Valid(q[:2]), []int{0, 30, 31, 32, 46, 47, 63, 64, 78})
			for _, q[2] = range third {
				want := utf8.Valid(q)
				for i, at := range offsets {
					p := with[i]
					p[at], p[at+1], p[at+2] = q[0], q[1], q[2]
					if validAVX2(&p[0], len(p), &utf8Errors) != want {
						t.Fatalf("% x at %d is valid: want %v", q, at, want)
					}
				}
			}
		}
	}
}

// TestValidAVX2Edges puts 4 bytes that are barely valid or barely not at each offset, in
// texts of lengths that lead through all branches of the kernel.
func TestValidAVX2Edges(t *testing.T) {
	needAVX2(t)
	leads := []byte{0x41, 0x80, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xf8, 0xff}
	edges := []byte{0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xf0}
	if poison {
		edges = edges[:4]
	}
	for _, n := range []int{35, 63, 64, 65, 160, 288, 301} {
		p := []byte(strings.Repeat("x", n))
		var offsets []int
		for at := range n - 3 {
			offsets = append(offsets, at)
		}
		q := make([]byte, 4)
		for _, q[0] = range leads {
			for _, q[1] = range edges {
				for _, q[2] = range edges {
					for _, q[3] = range edges {
						checkValid(t, p, q, utf8.Valid(q), offsets)
					}
				}
			}
		}
	}
}

func TestValidAVX2Random(t *testing.T) {
	needAVX2(t)
	rng := newRand(2)
	alphabets := [][]rune{[]rune("a"), []rune("aя"), []rune("語語aé"), []rune("😀"), []rune("aé€😀я\uFFFD")}
	for range 30000 {
		var b bytes.Buffer
		for size := 35 + rng.IntN(600); b.Len() < size; {
			for alphabet := alphabets[rng.IntN(len(alphabets))]; rng.IntN(50) != 0; {
				b.WriteRune(alphabet[rng.IntN(len(alphabet))])
			}
		}
		p := b.Bytes()
		p = p[rng.IntN(4) : len(p)-rng.IntN(4)] // at any alignment, cut or not
		if len(p) < validLongMin {
			continue
		}
		for spoil := rng.IntN(3); spoil > 0; spoil-- {
			p[rng.IntN(len(p))] = byte(rng.IntN(256))
		}
		if got, want := validAVX2(&p[0], len(p), &utf8Errors), utf8.Valid(p); got != want {
			t.Fatalf("% x: %v, want %v", p, got, want)
		}
	}
}
