package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"runtime"
	"testing"
)

// samples returns payloads with blocks of all kinds.
func samples() [][]byte {
	r := newRand(5)
	var out [][]byte
	for _, c := range contents {
		m := c.make(r, 1500)
		var buf bytes.Buffer
		z, _ := flate.NewWriter(&buf, 9)
		z.Write(m)
		z.Close()
		out = append(out, NewEncoder(Config{Level: Better}).Append(nil, m), NewEncoder(Config{}).Append(nil, m[:60]), append(buf.Bytes(), 0))
	}
	e := NewEncoder(Config{})
	var p []byte
	for _, c := range contents {
		p = e.AppendPart(p, c.make(r, 500), false)
	}
	return append(out, e.AppendPart(p, nil, true))
}

// step returns n, or more of it with the race detector, which is slow.
func step(n int) int {
	if poison {
		return 11 * n
	}
	return n
}

// TestTruncated: a message that is cut anywhere is an error, unless it is cut between two
// blocks, in whatever pieces it is passed in.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for i, p := range samples() {
		whole, err := NewDecoder(Config{}).Append(nil, p, noLimit)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(p); n += step(1) {
			_, complete := reference(p[:n], noLimit)
			for _, how := range []string{"whole", "random", "decode"} {
				got, err := inflateBy(NewDecoder(Config{}), how, p[:n], noLimit)
				var corrupt *CorruptError
				if complete != (err == nil) || !complete && !errors.As(err, &corrupt) {
					t.Fatalf("sample %d cut to %d bytes of %d, %s: %v", i, n, len(p), how, err)
				}
				if !bytes.HasPrefix(whole, got) {
					t.Fatalf("sample %d cut to %d bytes, %s: %s", i, n, how, diff(whole, got))
				}
			}
		}
	}
}

// reference asks compress/flate whether p is a whole message, and what it inflates to. A
// message ends where the length of an empty stored block is missing, or between two blocks.
// So two different endings are tried for both cases, and have to lead to the same output.
func reference(p []byte, limit int64) ([]byte, bool) {
	const end = "\x01\x00\x00\xff\xff"
	for _, suffixes := range [][2]string{
		{"\x00\x00\xff\xff" + end, "\x01\x00\xfe\xffX" + end}, // the length of an empty stored block, and of one with one byte
		{end, "\x03\x00"}, // an empty stored block, and an empty fixed one
	} {
		after := ""
		if len(suffixes[1]) > 5 {
			after = "X"
		}
		a, ok1 := stdInflate(nil, p, []byte(suffixes[0]), nil, limit)
		b, ok2 := stdInflate(nil, p, []byte(suffixes[1]), []byte(after), limit+1)
		if ok1 && ok2 && bytes.Equal(a, b) {
			return a, true
		}
	}
	return nil, false
}

// TestFlipped: whatever a flipped bit does, the decoder and compress/flate agree on it.
func TestFlipped(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	for i, p := range samples() {
		for n := 0; n < 8*len(p); n += step(1 + len(p)/200) {
			p[n/8] ^= 1 << (n % 8)
			want, ok := reference(p, limit)
			for _, how := range []string{"whole", "random"} {
				got, err := inflateBy(NewDecoder(Config{}), how, p, limit)
				if ok != (err == nil) || ok && !bytes.Equal(got, want) {
					t.Fatalf("sample %d, bit %d, %s: %v, wanted %v %s", i, n, how, err, ok, diff(want, got))
				}
			}
			p[n/8] ^= 1 << (n % 8)
		}
	}
}

// TestLimit: of a message that is too long, exactly limit bytes come out.
func TestLimit(t *testing.T) {
	t.Parallel()
	for i, p := range samples() {
		whole, _ := NewDecoder(Config{}).Append(nil, p, noLimit)
		for _, how := range []string{"whole", "parts", "random", "decode"} {
			for _, limit := range []int{-1, 0, 1, 2, len(whole) / 2, len(whole) - 300, len(whole) - 1, len(whole), len(whole) + 1} {
				if how == "parts" && limit > 1000 && limit < len(whole)-1 {
					continue
				}
				d := NewDecoder(Config{Takeover: true})
				got, err := inflateBy(d, how, p, int64(limit))
				over := limit < len(whole)
				var e *LimitError
				if errors.As(err, &e) != over || over && e.Limit != int64(limit) {
					t.Errorf("sample %d, limit %d of %d, %s: %v", i, limit, len(whole), how, err)
				}
				if want := whole[:max(0, min(limit, len(whole)))]; !bytes.Equal(got, want) {
					t.Errorf("sample %d, limit %d, %s: %s", i, limit, how, diff(want, got))
				}
				if over && (d.held() != 0 || d.End() != err) {
					t.Errorf("after an error: %d bytes held, %v", d.held(), d.End())
				}
			}
		}
	}
}

// TestLimitChanges: a limit that is less than what came out already is an error, not a
// panic.
func TestLimitChanges(t *testing.T) {
	t.Parallel()
	p := NewEncoder(Config{}).Append(nil, prose(newRand(1), 1000))
	for _, decode := range []bool{false, true} {
		d := NewDecoder(Config{})
		out, err := d.AppendPart(nil, p[:len(p)/2], noLimit)
		if err != nil || len(out) < 100 {
			t.Fatal(err)
		}
		if decode {
			_, _, err = d.Decode(make([]byte, 100), p[len(p)/2:], 10)
		} else {
			_, err = d.AppendPart(nil, p[len(p)/2:], 10)
		}
		if _, ok := err.(*LimitError); !ok {
			t.Error(err)
		}
	}
}

// bomb returns a payload of about size/1030 bytes that inflates to size.
func bomb(size int) []byte {
	e := NewEncoder(Config{})
	zeros := make([]byte, 1<<20)
	var p []byte
	for range size >> 20 {
		p = e.AppendPart(p, zeros, false)
	}
	return e.AppendPart(p, nil, true)
}

// TestBomb: a message of 64 KiB that inflates to 64 MiB costs no more than the
// limit, in one piece and in many.
func TestBomb(t *testing.T) {
	p := bomb(64 << 20)
	if len(p) > 1<<17 {
		t.Fatal(len(p))
	}
	const limit = 1 << 20
	for _, how := range []string{"whole", "parts", "random"} {
		NewDecoder(Config{}).Append(nil, p, 10) // so that the pools are full
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := inflateBy(NewDecoder(Config{}), how, p, limit)
		runtime.ReadMemStats(&after)
		if _, ok := err.(*LimitError); !ok || len(got) != limit {
			t.Error(how, err, len(got))
		}
		// The last buffer, and all those before it that it grew out of.
		if used := after.TotalAlloc - before.TotalAlloc; used > 4*limit {
			t.Errorf("%s: %d bytes allocated", how, used)
		}
		if cap(got) > 2*limit {
			t.Errorf("%s: capacity of %d bytes", how, cap(got))
		}
	}
}

// TestManyTables: blocks without output cost time in proportion to their size.
func TestManyTables(t *testing.T) {
	t.Parallel()
	// A dynamic block of just one end of block, BFINAL set, so that it can be
	// repeated: its code lengths are 0 and 1.
	w := bitWriter{}
	w.add(5, 3)
	w.add(0|0<<5|14<<10, 14)
	for _, sym := range codeOrder[:18] {
		w.add(map[uint8]uint64{18: 1, 1: 1}[sym], 3)
	}
	w.add(1|(138-11)<<1, 8) // code 1: symbol 18
	w.add(1|(118-11)<<1, 8)
	w.add(0, 1) // code 0: symbol 1, for the end of block
	w.add(0, 1) // and the one distance
	w.add(0, 1) // end of block
	w.align()
	p := append(bytes.Repeat(w.out, 1<<16), 0)
	out, err := NewDecoder(Config{}).Append(nil, p, 10)
	if err != nil || len(out) > 0 {
		t.Error(err, len(out))
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	_, err := NewDecoder(Config{}).Append(nil, []byte{7}, 1)
	got := fmt.Sprint(err, "; ", &CorruptError{3, "RFC 7692 section 7.2.2", ends}, "; ", &LimitError{5})
	want := "websocket: corrupt compressed data: block of the reserved type before byte 1 (RFC 1951 section 3.2.3); " +
		"websocket: corrupt compressed data: message ends within a block before byte 3 (RFC 7692 section 7.2.2); " +
		"websocket: message inflates to more than 5 bytes"
	if diff := diff([]byte(want), []byte(got)); diff != "" {
		t.Error(diff)
	}
}
