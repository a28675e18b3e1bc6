package handshake

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
)

const (
	guid    = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	keySize = 24 // bytes of 16 in base64
)

// randReader is where keys come from; tests make it fail.
var randReader io.Reader = rand.Reader

// NewKey returns a value for Sec-WebSocket-Key: 16 random bytes in base64 (RFC
// 6455 section 4.1). It fails only with the system's source of randomness.
func NewKey() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(randReader, b[:]); err != nil {
		return "", fmt.Errorf("websocket: no key for the handshake: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b[:]), nil
}

// Accept returns the value of Sec-WebSocket-Accept that answers key (RFC 6455
// section 4.2.2). The hash keeps caches from answering; it protects nothing.
func Accept(key string) string {
	var b [28]byte
	return string(appendAccept(b[:0], key))
}

func appendAccept(dst []byte, key string) []byte {
	var b [keySize + len(guid)]byte
	sum := sha1.Sum(append(append(b[:0], key...), guid...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// validKey reports whether key is the base64 of 16 bytes, in the one form that
// an encoder gives them (RFC 4648 section 3.5).
func validKey(key string) bool {
	if len(key) != keySize {
		return false
	}
	for i := range 22 {
		if c := key[i]; !isAlpha(c) && !('0' <= c && c <= '9') && c != '+' && c != '/' {
			return false
		}
	}
	// 16 bytes leave 2 bits for the last digit, which is A, Q, g or w.
	return (key[21] == 'A' || key[21] == 'Q' || key[21] == 'g' || key[21] == 'w') && key[22] == '=' && key[23] == '='
}
