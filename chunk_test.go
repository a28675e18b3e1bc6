package websocket

import (
	"bytes"
	"testing"
)

// TestChunkSizes: a chunk has the smallest power of two, from 4 KiB up, that has room, or a
// little more if it comes from a pool, and no more than asked for where there's none.
func TestChunkSizes(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{
		0:            minChunk,
		1:            minChunk,
		minChunk:     minChunk,
		minChunk + 1: 2 * minChunk,
		3 * minChunk: 4 * minChunk,
		4 * minChunk: 4 * minChunk,
		maxChunk - 1: maxChunk,
		maxChunk:     maxChunk,
		maxChunk + 1: maxChunk + 1,
	} {
		b := getChunk(size)
		if len(b.p) != 0 || cap(b.p) < want || cap(b.p) >= 2*want || want > maxChunk && cap(b.p) != want {
			t.Errorf("%d bytes: length %d and capacity %d, want %d", size, len(b.p), cap(b.p), want)
		}
	}
}

// TestChunkGrows: to what is needed, and to four times as much as it had at least, so that
// long messages are copied only a few times.
func TestChunkGrows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ has, more, want int }{
		{100, minChunk - 100, minChunk},
		{100, minChunk - 99, 4 * minChunk},
		{minChunk, 1, 4 * minChunk},
		{minChunk, 4 * minChunk, 8 * minChunk},
	} {
		b := &chunk{make([]byte, 0, minChunk)}
		content := bytes.Repeat([]byte("x"), test.has)
		b.p = append(b.p, content...)
		larger := b.grow(test.more)
		if !bytes.Equal(larger.p, content) || cap(larger.p) < test.want || cap(larger.p) >= 2*test.want {
			t.Errorf("%d bytes and %d more: %d bytes in %d, want %d", test.has, test.more, len(larger.p), cap(larger.p), test.want)
		}
		if same := larger == b; same != (test.want == minChunk) {
			t.Errorf("%d bytes and %d more: the same chunk: %v", test.has, test.more, same)
		}
	}
}

// TestOnlyChunksOfThePoolsGoThere: what is smaller or larger is left to the collector.
func TestOnlyChunksOfThePoolsGoThere(t *testing.T) {
	t.Parallel()
	(*chunk)(nil).put()
	for _, size := range []int{0, minChunk - 1, maxChunk + 1} {
		b := &chunk{make([]byte, size)}
		b.put()
		if len(b.p) != size {
			t.Errorf("a chunk of %d bytes was taken", size)
		}
	}
	for _, size := range []int{minChunk, maxChunk} {
		b := &chunk{make([]byte, size)}
		b.put()
		if len(b.p) != 0 {
			t.Errorf("a chunk of %d bytes was not taken", size)
		}
	}
}
