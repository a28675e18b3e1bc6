package websocket

// Poisoned reports whether memory is overwritten that users must not look at any more.
const Poisoned = poison

// NewPipe returns the transports of a [Pipe], for tests that put something in
// between.
func NewPipe() (a, b Transport) {
	up, down := newStream(), newStream()
	return &pipeEnd{r: down, w: up}, &pipeEnd{r: up, w: down}
}
