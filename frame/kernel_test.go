package frame

import (
	"bytes"
	"fmt"
	"testing"
	"unicode/utf8"
)

type maskKernel struct {
	min int // the least number of bytes that f takes
	f   func(p []byte, k uint32)
}

// TestMaskKernels masks every size at every alignment and with every rotation of the key,
// and checks that no byte before or behind is changed.
func TestMaskKernels(t *testing.T) {
	t.Parallel()
	const maxSize, maxAlign = 1100, 64
	rng := newRand(1)
	buf := make([]byte, maxSize+maxAlign+64)
	for i := range buf {
		buf[i] = byte(rng.Uint32())
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	var masked [4][]byte // buf, with the key beginning at each phase
	for phase := range masked {
		for i, b := range buf {
			masked[phase] = append(masked[phase], b^key[(phase+i)%4])
		}
	}
	step := 1
	if poison {
		step = 7 // the race detector is slow, and finds nothing here
	}
	for name, kernel := range maskKernels {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make([]byte, len(buf))
			for n := kernel.min; n <= maxSize; n += step {
				for at := range maxAlign {
					for phase := range 4 {
						copy(got, buf)
						kernel.f(got[at:at+n], turn(key, phase))
						want := masked[(phase-at)&3]
						if !bytes.Equal(got[at:at+n], want[at:at+n]) {
							t.Fatalf("%d bytes at %d, phase %d", n, at, phase)
						}
						if !bytes.Equal(got[:at], buf[:at]) || !bytes.Equal(got[at+n:], buf[at+n:]) {
							t.Fatalf("%d bytes at %d, phase %d: wrote outside", n, at, phase)
						}
					}
				}
			}
		})
	}
}

// TestMaskLong masks payloads that are so long that assembly gets them in parts.
func TestMaskLong(t *testing.T) {
	t.Parallel()
	const k = 0x3d21fa37
	for _, n := range []int{1<<17 - 1, 1 << 17, 1<<17 + 1, 1<<18 + 77} {
		want, got := make([]byte, n), make([]byte, n)
		maskWords(want, k)
		mask(got, k)
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes", n)
		}
	}
}

// TestValidLong checks texts that are so long that assembly gets them in parts, with a wrong
// byte around the ends of the parts.
func TestValidLong(t *testing.T) {
	t.Parallel()
	valid := func(p []byte) bool {
		var u UTF8
		return u.Feed(p) && u.Done()
	}
	for _, r := range []rune("aя語😀") {
		unit := utf8.AppendRune(nil, r)
		p := bytes.Repeat(unit, (1<<17+1000)/len(unit))
		for shift := range len(unit) {
			p := append(bytes.Repeat([]byte("x"), shift), p...)
			if !valid(p) {
				t.Fatalf("%q after %d bytes is not valid", r, shift)
			}
			if valid(p[:len(p)-1]) != (len(unit) == 1) {
				t.Errorf("%q after %d bytes: wrong without its last byte", r, shift)
			}
			for at := 1<<16 - 8; at < 1<<16+8; at++ {
				old := p[at]
				for _, p[at] = range []byte{0x80, 0xc3, 0xe3, 0xff} {
					if got, want := valid(p), utf8.Valid(p); got != want {
						t.Fatalf("%q after %d bytes, %#x at %d: %v, want %v", r, shift, p[at], at, got, want)
					}
				}
				p[at] = old
			}
		}
	}
}

// TestUTF8Cuts cuts texts in two everywhere, long enough for assembly to get both
// parts, and compares the state after each with that after byte by byte.
func TestUTF8Cuts(t *testing.T) {
	t.Parallel()
	rng := newRand(3)
	for range 2000 {
		var p []byte
		for size := rng.IntN(200); len(p) < size; {
			p = utf8.AppendRune(p, []rune("aяé語😀\U0010FFFF")[rng.IntN(6)])
		}
		if len(p) > 0 && rng.IntN(2) == 0 {
			p[rng.IntN(len(p))] = byte(rng.IntN(256))
		}
		states := make([]UTF8, 1, len(p)+1) // up to the first byte that can't be
		for i := range p {
			u := states[i]
			if !u.Feed(p[i : i+1]) {
				break
			}
			states = append(states, u)
		}
		for cut := range len(p) + 1 {
			var u UTF8
			from := 0
			for _, end := range []int{cut, len(p)} {
				ok := u.Feed(p[from:end])
				from = end
				if want := end < len(states); ok != want || ok && (u.need != states[end].need || u.need > 0 && u != states[end]) {
					t.Fatalf("% x cut at %d, up to %d: %v %v", p, cut, end, ok, u)
				} else if !ok {
					break
				}
			}
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{16, 125, 1 << 10, 16 << 10, 1 << 20} {
		run := func(name string, f func(p []byte)) {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				buf := make([]byte, max(4096, n+8))
				b.SetBytes(int64(n))
				at := 8 // as in a read buffer: not aligned, and elsewhere each time
				for b.Loop() {
					f(buf[at : at+n])
					if at += n + 8; at+n > len(buf) {
						at = 8
					}
				}
			})
		}
		run("Mask", func(p []byte) { Mask(p, [4]byte{1, 2, 3, 4}, 0) })
		run("portable", func(p []byte) { maskWords(p, 0x04030201) })
	}
}

func BenchmarkUTF8(b *testing.B) {
	for _, text := range []struct{ name, unit string }{
		{"ASCII", "plain text "}, {"Cyrillic", "Привет, "}, {"CJK", "日本語の"}, {"emoji", "ok 😀👍🏽 "},
	} {
		for _, n := range []int{16, 125, 1 << 10, 16 << 10} {
			p := bytes.Repeat([]byte(text.unit), n/len(text.unit)+1)[:n]
			p = p[:unfinished(p)]
			run := func(name string, f func(p []byte) bool) {
				b.Run(fmt.Sprintf("%s/%d/%s", text.name, n, name), func(b *testing.B) {
					b.SetBytes(int64(len(p)))
					for b.Loop() {
						if !f(p) {
							b.Fatal("not valid")
						}
					}
				})
			}
			run("Feed", func(p []byte) bool { var u UTF8; return u.Feed(p) })
			run("std", utf8.Valid)
		}
	}
}
