// Masking keys, drawn from the system's random source. It knows nothing of connections.

package websocket

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
)

// keySource draws masking keys in blocks, because one by one they'd cost more
// than the masking. They are from the system's strong source, so nobody can tell
// one key from those before (RFC 6455 sections 5.3 and 10.3).
type keySource struct {
	rand  io.Reader
	block [512]byte
	used  int // bytes of block that were given out
}

var keySources = sync.Pool{New: func() any {
	s := &keySource{rand: rand.Reader}
	s.used = len(s.block)
	return s
}}

func newMaskKey() ([4]byte, error) {
	s := keySources.Get().(*keySource)
	defer keySources.Put(s)
	return s.next()
}

func (s *keySource) next() (key [4]byte, err error) {
	if s.used == len(s.block) {
		if _, err := io.ReadFull(s.rand, s.block[:]); err != nil {
			return key, fmt.Errorf("websocket: no masking key: %w", err)
		}
		s.used = 0
	}
	n := copy(key[:], s.block[s.used:])
	clear(s.block[s.used:][:n]) // not to be found in memory after
	s.used += n
	return key, nil
}
