package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hawser/websocket/server"
)

// TestBatches: while one batch is under way the next gathers, and each message's fate
// is its own.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		var sizes []int
		p := New(func(b []*Message) {
			time.Sleep(time.Second)
			sizes = append(sizes, len(b))
			for _, m := range b {
				if m.Topic == "bad" {
					m.Err = bad
				}
			}
		})
		defer p.Close()
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				topic, want := fmt.Sprint(i), error(nil)
				if i%7 == 0 {
					topic, want = "bad", bad
				}
				if err := p.Publish(context.Background(), topic, nil); err != want {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if len(sizes) > 3 {
			t.Errorf("batches of %v", sizes)
		}
	})
}

// TestContext: a message that didn't get into a batch is certainly not published; one
// that did, and has no answer, may be.
func TestContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		p := New(func(b []*Message) {
			time.Sleep(time.Hour)
			sent += len(b)
		})
		var wg sync.WaitGroup
		for _, want := range []error{server.ErrBusUnconfirmed, server.ErrBusUnavailable} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if err := p.Publish(ctx, "x", nil); !errors.Is(err, want) || !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		p.Close()
		if err := p.Publish(context.Background(), "x", nil); !errors.Is(err, server.ErrBusUnavailable) || sent != 1 {
			t.Error(err, sent)
		}
	})
}
