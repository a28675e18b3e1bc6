package fuzz

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"hawser/websocket/frame/deflate"
)

// writers has compress/flate's of all levels, which take long to make.
var writers = sync.OnceValue(func() (z [12]*flate.Writer) {
	for i := range z {
		z[i], _ = flate.NewWriter(nil, i+flate.HuffmanOnly)
	}
	return z
})

// FuzzDeflateRoundTrip: two messages that are made of data, compressed with any
// configuration and cut into any parts, come out again from the decoder and from
// compress/flate; and what compress/flate makes of them, from the decoder.
func FuzzDeflateRoundTrip(f *testing.F) {
	f.Add([]byte("Hello Hello Hello"), uint16(0), uint16(3))
	f.Add([]byte(strings.Repeat("\x00\x01\x02\x03abcabcabd", 100)), uint16(0x1ff), uint16(1))
	f.Add(bytes.Repeat([]byte{0}, 5000), uint16(0x73), uint16(500))
	f.Fuzz(func(t *testing.T, data []byte, how, cut uint16) {
		c := deflate.Config{
			WindowBits: 8 + int(how&7),
			Takeover:   how&8 != 0,
			Compact:    how&16 != 0,
			Level:      deflate.Level(how >> 5 & 1),
		}
		// Runs and repetitions, of which the fuzzer finds few by itself.
		expanded := expand(data)
		at := min(int(cut), len(expanded))
		e, d, d2 := deflate.NewEncoder(c), deflate.NewDecoder(c), deflate.NewDecoder(deflate.Config{Takeover: c.Takeover})
		var history, theirs bytes.Buffer
		z := writers()[int(how>>6)%12]
		z.Reset(&theirs)
		for _, m := range [][]byte{expanded[at:], expanded} {
			k := min(int(how>>4), len(m))
			p := e.AppendPart(nil, m[:k], false)
			p = e.AppendPart(p, m[k:], true)
			if !c.Takeover {
				history.Reset()
				z.Reset(&theirs)
			}
			if got, ok := inflate(history.Bytes(), p, "\x00\x00\xff\xff\x01\x00\x00\xff\xff", "", len(m)); !ok || !bytes.Equal(got, m) {
				t.Fatalf("%+v: compress/flate doesn't get %x from %x", c, m, p)
			}
			history.Write(m)
			got, err := d.AppendPart(nil, p[:len(p)/2], int64(len(m)))
			if err == nil {
				got, err = d.AppendPart(got, p[len(p)/2:], int64(len(m)))
			}
			if err = errors.Join(err, d.End()); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("%+v: %v: not %x from %x", c, err, m, p)
			}
			theirs.Reset()
			if _, err := z.Write(m); err != nil || z.Flush() != nil {
				t.Fatal(err)
			}
			p = bytes.TrimSuffix(theirs.Bytes(), []byte{0, 0, 0xFF, 0xFF})
			if got, err := d2.Append(nil, p, int64(len(m))); err != nil || !bytes.Equal(got, m) {
				t.Fatalf("%v: not %x from compress/flate's %x", err, m, p)
			}
		}
	})
}

// expand takes some bytes for orders to repeat what was before.
func expand(data []byte) (out []byte) {
	for i := 0; i < len(data) && len(out) < 1<<17; i++ {
		if data[i] == 0xF0 && i+3 < len(data) {
			back, n := int(data[i+1])<<8|int(data[i+2]), int(data[i+3])*5
			for range n {
				if back < len(out) {
					out = append(out, out[len(out)-1-back])
				} else {
					out = append(out, byte(len(out)*len(out)>>5))
				}
			}
			i += 3
		} else {
			out = append(out, data[i])
		}
	}
	return out
}

// FuzzInflateDifferential: on any bytes, the decoder and compress/flate come to
// the same verdict and the same output, however the bytes are cut.
func FuzzInflateDifferential(f *testing.F) {
	for _, s := range []string{
		"f248cdc9c90700", "000500faff48656c6c6f00", "f348cdc9c9070000", "f248050000 00ffffcac9c90700", "00", "",
		"0dc00109000000c0a0dfaaff3b0f00", "4a1c050000", "f200110000",
	} {
		p, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		f.Add(p, uint16(1))
	}
	for _, c := range []deflate.Config{{}, {Level: deflate.Better}} {
		text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, said he. ", 3))
		for i := range text {
			text[i] += byte(i * i % 7)
		}
		f.Add(deflate.NewEncoder(c).Append(nil, text), uint16(7))
		f.Add(deflate.NewEncoder(c).Append(nil, bytes.Repeat(text, 50)), uint16(50))
	}
	const limit = 1 << 17
	f.Fuzz(func(t *testing.T, p []byte, cut uint16) {
		want, ok := reference(p, limit)
		whole, err := deflate.NewDecoder(deflate.Config{}).Append(nil, p, limit)
		if ok != (err == nil) || ok && !bytes.Equal(whole, want) {
			t.Fatalf("%x: %v, wanted %v; %x, wanted %x", p, err, ok, whole, want)
		}
		d := deflate.NewDecoder(deflate.Config{Takeover: true})
		var got []byte
		var err2 error
		step := int(cut)%64 + 1
		for piece := range slices.Chunk(p, step) {
			if cut&0x8000 != 0 { // into little room
				buf := make([]byte, 1+cut>>8&63)
				for err2 == nil {
					var n, used int
					n, used, err2 = d.Decode(buf, piece, limit)
					got = append(got, buf[:n]...)
					if piece = piece[used:]; n < len(buf) {
						break
					}
				}
			} else {
				got, err2 = d.AppendPart(got, bytes.Clone(piece), limit)
			}
			if err2 != nil {
				break
			}
		}
		if err2 == nil {
			err2 = d.End()
		}
		if (err == nil) != (err2 == nil) || !bytes.Equal(got, whole) {
			t.Fatalf("%x in pieces of %d: %v, whole: %v", p, step, err2, err)
		}
		var corrupt *deflate.CorruptError
		var limitErr *deflate.LimitError
		if err != nil && !errors.As(err, &corrupt) && !errors.As(err, &limitErr) {
			t.Fatal(err)
		}
	})
}

// reference is compress/flate's verdict on a message. It must end where the
// length of an empty stored block is missing (that of a longer one would do just
// as well), or between two blocks (where a block of any kind can follow).
func reference(p []byte, limit int) ([]byte, bool) {
	const end = "\x01\x00\x00\xff\xff"
	a, ok1 := inflate(nil, p, "\x00\x00\xff\xff"+end, "", limit)
	_, ok2 := inflate(nil, p, "\x01\x00\xfe\xffX"+end, "X", limit+1)
	if ok1 && ok2 {
		return a, true
	}
	a, ok1 = inflate(nil, p, end, "", limit)
	_, ok2 = inflate(nil, p, "\x03\x00", "", limit)
	return a, ok1 && ok2
}

// inflate decodes p and suffix with compress/flate. It's false if they don't end
// where a DEFLATE stream does, if the output doesn't end with after, or if it's
// longer than limit.
func inflate(history, p []byte, suffix, after string, limit int) ([]byte, bool) {
	in := bytes.NewReader(append(bytes.Clone(p), suffix...))
	out := bytes.NewBuffer(bytes.Clone(history))
	for {
		window := bytes.Clone(out.Bytes()[max(0, out.Len()-1<<15):])
		z := flate.NewReaderDict(in, window)
		if _, err := io.Copy(out, io.LimitReader(z, int64(limit+len(history)-out.Len()+1))); err != nil {
			return nil, false
		}
		if out.Len()-len(history) > limit {
			return nil, false
		}
		if in.Len() == 0 {
			return bytes.CutSuffix(out.Bytes()[len(history):], []byte(after))
		}
	}
}
