package cases

import "sync"

// Keys are the values of Sec-WebSocket-Key that clients have sent. Its methods may
// be called from any goroutine.
type Keys struct {
	mu    sync.Mutex
	seen  map[string]bool // guarded by mu
	again string          // one that came more than once; guarded by mu
}

// Add takes note of a key.
func (k *Keys) Add(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen == nil {
		k.seen = map[string]bool{}
	}
	if k.seen[key] {
		k.again = key
	}
	k.seen[key] = true
}

// Repeated returns a key that came more than once, or "".
func (k *Keys) Repeated() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.again
}
