package websocket

// NewPipe returns the transports of a [Pipe], for tests that put something in
// between.
func NewPipe() (a, b Transport) {
	up, down := newStream(), newStream()
	return &pipeEnd{r: down, w: up}, &pipeEnd{r: up, w: down}
}
