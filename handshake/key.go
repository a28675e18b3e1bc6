package handshake

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
)

const (
	guid    = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455 section 1.3
	keySize = 24                                     // of 16 bytes in base64
)

// randReader is the source of keys. Tests replace it by one that fails.
var randReader io.Reader = rand.Reader

// NewKey returns a value for Sec-WebSocket-Key: 16 bytes from crypto/rand, in base64 (RFC
// 6455 section 4.1). Each attempt to connect needs a new one, redirects included. It
// fails only if the system's source of randomness does.
func NewKey() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(randReader, b[:]); err != nil {
		return "", fmt.Errorf("websocket: no random bytes for Sec-WebSocket-Key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b[:]), nil
}

// Accept returns the value of Sec-WebSocket-Accept that answers key (RFC 6455 section
// 4.2.2). It shows that the server knows the protocol and that the response is not from
// a cache; it is no protection against anything else.
func Accept(key string) string {
	var b [28]byte
	return string(appendAccept(b[:0], key))
}

// appendAccept is [Accept] without an allocation.
func appendAccept(dst []byte, key string) []byte {
	var b [keySize + len(guid)]byte
	sum := sha1.Sum(append(append(b[:0], key...), guid...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// validKey reports whether key is the base64 of 16 bytes in its one canonical form (RFC
// 4648 section 3.5).
func validKey(key string) bool {
	if len(key) != keySize {
		return false
	}
	for i := range 22 {
		if c := key[i]; !isAlpha(c) && !('0' <= c && c <= '9') && c != '+' && c != '/' {
			return false
		}
	}
	// The last digit has only 2 bits of the 16 bytes: it is A, Q, g or w.
	return (key[21] == 'A' || key[21] == 'Q' || key[21] == 'g' || key[21] == 'w') && key[22] == '=' && key[23] == '='
}
