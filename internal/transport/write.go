package transport

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// writePart is how many bytes the peer has to take within the time limit of a write.
const writePart = 64 << 10

// Write writes what is left of head and then of p after the first done bytes, which
// [Stream.TryWrite] has written, and waits for the peer: as long as it takes 64 KiB within
// each timeout, and as ctx lets it. A timeout of 0 is none. The error is the context's,
// [os.ErrDeadlineExceeded] after the timeout, or else the transport's. It's unknown how
// much has gone out then.
func (s *Stream) Write(ctx context.Context, head, p []byte, done int, timeout time.Duration) error {
	if done < len(head) {
		if err := s.write(ctx, head[done:], timeout); err != nil {
			return err
		}
		done = len(head)
	}
	return s.write(ctx, p[done-len(head):], timeout)
}

// write writes p and waits for the peer.
func (s *Stream) write(ctx context.Context, p []byte, timeout time.Duration) error {
	if len(p) == 0 {
		return nil
	}
	if ctx.Done() != nil {
		fired := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			s.Conn.SetWriteDeadline(aLongTimeAgo)
			close(fired)
		})
		defer func() {
			if !stop() {
				<-fired
				s.Conn.SetWriteDeadline(time.Time{})
			}
		}()
	}
	limit := s.writeLimit(timeout)
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err // the limit may have taken back its deadline
		}
		part := p
		if limit != nil {
			part = p[:min(len(p), writePart)]
			limit.begin()
		}
		n, err := s.Conn.Write(part)
		late := limit != nil && limit.end()
		if n == 0 && err == nil {
			err = io.ErrShortWrite // trying again could go on for ever
		}
		p = p[n:]
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case late && isTimeout(err), errors.Is(err, os.ErrDeadlineExceeded):
			return os.ErrDeadlineExceeded
		default:
			return err
		}
	}
	return nil
}

func (s *Stream) writeLimit(timeout time.Duration) *writeLimit {
	w := s.limit.Load()
	if w == nil && timeout > 0 {
		w = &writeLimit{c: s.Conn, timeout: timeout}
		s.limit.Store(w)
	}
	return w
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
