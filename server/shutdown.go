package server

import (
	"context"
	"fmt"
	"sync"

	"hawser/websocket/frame"
)

// closers is how many connections are waited for at the same time.
const closers = 256

// Shutdown has [Server.Serve] return, refuses new upgrades with status 503, tells all connections to go with
// [frame.CodeGoingAway], behind what was accepted for them before, and waits until
// they and their handlers have ended. When ctx ends first, it cuts off those that
// are left and returns an error that matches ctx.Err(). It doesn't stop the
// [http.Server] in front, whose own Shutdown knows nothing of upgraded connections:
// call that one after, to have health checks answered meanwhile, or before, if
// somebody else is listening on the same port already.
func (s *Server) Shutdown(ctx context.Context) error {
	s.beginClosing()
	all := make(chan struct{})
	go func() {
		defer close(all)
		s.closeAll(frame.CodeGoingAway)
		s.waitHandlers()
	}()
	select {
	case <-all:
		return nil
	case <-ctx.Done():
	}
	left := s.snapshot()
	for _, c := range left {
		c.CloseNow()
	}
	return fmt.Errorf("websocket: shutdown: %d connections cut off: %w", len(left), ctx.Err())
}

// Close has [Server.Serve] return, refuses new upgrades and cuts off all connections.
func (s *Server) Close() error {
	s.beginClosing()
	for c := range s.Conns() {
		c.CloseNow()
	}
	return nil
}

// closeAll tells everybody first, which waits for nobody: so those that take
// their time, or have to be cut off, don't keep others from being told. Each gets
// what was accepted for it before.
func (s *Server) closeAll(code frame.Code) {
	conns := s.snapshot()
	for _, c := range conns {
		c.CloseWrite(code, "")
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, closers)
	for _, c := range conns {
		turn <- struct{}{}
		wg.Go(func() {
			c.Close(code, "")
			<-turn
		})
	}
	wg.Wait()
}

func (s *Server) waitHandlers() {
	s.mu.Lock()
	if s.handlers == 0 {
		s.mu.Unlock()
		return
	}
	if s.ended == nil {
		s.ended = make(chan struct{})
	}
	ended := s.ended
	s.mu.Unlock()
	<-ended
}
