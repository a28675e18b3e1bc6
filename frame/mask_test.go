package frame_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"hawser/websocket/frame"
)

// maskBytes masks byte by byte, after the formula of RFC 6455 section 5.3.
func maskBytes(p []byte, key [4]byte, pos int) {
	for i := range p {
		p[i] ^= key[(pos+i)%4]
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	rng := rand.NewChaCha8([32]byte{})
	buf := make([]byte, 5000)
	rng.Read(buf)
	sizes := []int{1000, 1023, 1024, 1025, 4096, 4900}
	for n := range 301 {
		sizes = append(sizes, n)
	}
	for _, key := range [][4]byte{{0x37, 0xfa, 0x21, 0x3d}, {1, 0, 0, 0}, {}} {
		for _, n := range sizes {
			for pos := range 5 {
				for align := range 9 {
					want, got := bytes.Clone(buf), bytes.Clone(buf)
					maskBytes(want[align:align+n], key, pos)
					frame.Mask(got[align:align+n], key, pos)
					if !bytes.Equal(got, want) {
						t.Fatalf("key %x, %d bytes at %d, position %d", key, n, align, pos)
					}
				}
			}
		}
	}
}

func TestMaskPieces(t *testing.T) {
	t.Parallel()
	key := [4]byte{9, 8, 7, 6}
	want := make([]byte, 1000)
	maskBytes(want, key, 0)
	for step := 1; step < 40; step++ {
		got := make([]byte, 1000)
		for pos := 0; pos < len(got); pos += step {
			frame.Mask(got[pos:min(pos+step, len(got))], key, pos)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("F16: pieces of %d bytes", step)
		}
	}
}
