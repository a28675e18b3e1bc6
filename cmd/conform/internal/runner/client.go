// Package runner runs cases: against a server, or as a server against the clients
// that come.
package runner

import (
	"context"
	"sync"

	"hawser/websocket/cmd/conform/internal/cases"
)

// Client runs cases against a server.
type Client struct {
	Env      cases.Env // with a Target
	Cases    []*cases.Case
	Parallel int                                    // how many at a time
	Done     func(number int, r *cases.Result)      // gets every result, one at a time
	Skip     func(agent string, c *cases.Case) bool // may be nil
}

// Run runs the cases and returns when all have a result, or ctx has ended. The
// order of results is that in which they come.
func (c *Client) Run(ctx context.Context, agent string) {
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, max(c.Parallel, 1))
	for i, one := range c.Cases {
		if c.Skip != nil && c.Skip(agent, one) {
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			r := cases.Run(ctx, one, c.Env)
			if ctx.Err() != nil {
				return // it was cut short
			}
			mu.Lock()
			defer mu.Unlock()
			c.Done(i+1, r)
		})
	}
	group.Wait()
}
