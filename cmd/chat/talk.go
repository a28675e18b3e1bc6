package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"hawser/websocket"
	"hawser/websocket/client"
	"hawser/websocket/cmd/internal/text"
	"hawser/websocket/frame"
)

// talk has the whole conversation and returns the exit code.
func talk(ctx context.Context, o *options, d *client.Dialer, io console) int {
	s := newScreen(io)
	defer s.leave()
	c, _, err := d.Dial(ctx, o.url)
	if err != nil {
		s.status("socket error %s", text.Escape(err.Error()))
		if isTimeout(err) {
			return exitTimeout
		}
		return exitConnect
	}
	defer c.CloseNow()
	s.status("socket open")

	input := make(chan error, 1)
	go func() {
		err := send(c, io.in, o, s)
		input <- err
		if err == nil {
			c.CloseWrite(frame.CodeNormal, "") // what comes until the server's close is still shown
		} else {
			c.Close(frame.CodeGoingAway, "")
		}
	}()
	stop := context.AfterFunc(ctx, func() { c.Close(frame.CodeGoingAway, "") })
	defer stop()

	for m, err := range c.Messages(context.Background()) {
		if err != nil {
			break
		}
		s.received(m)
	}
	<-c.Done()
	code := s.closed(c.Err())
	if ctx.Err() != nil {
		return code // the user wanted to leave, whatever was left to send
	}
	select {
	case err := <-input:
		var wrong *inputError
		if errors.As(err, &wrong) {
			s.status("%v", wrong)
			return exitUsage
		}
		if err != nil && code == exitNormal {
			s.status("input error: the connection was closed before all was sent")
			return exitCutOff
		}
	default: // there may be more to come; nobody knows
	}
	return code
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &t) && t.Timeout()
}

// inputError is something that can't be sent.
type inputError struct{ text string }

func (e *inputError) Error() string { return "input error: " + e.text }

// send sends each line of in as a message, until its end, which is no error.
func send(c *websocket.Conn, in io.Reader, o *options, s *screen) error {
	t := websocket.Text
	if o.binary {
		t = websocket.Binary
	}
	lines := bufio.NewReaderSize(in, 64<<10)
	var long []byte // the beginning of a line that is longer than the buffer
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		for err == bufio.ErrBufferFull {
			if int64(len(long)+len(line)) > o.maxMessage {
				return &inputError{fmt.Sprintf("line %d is longer than %d bytes", n, o.maxMessage)}
			}
			long = append(long, line...)
			line, err = lines.ReadSlice('\n')
		}
		if len(long) > 0 {
			line = append(long, line...)
			long = line[:0]
		}
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return &inputError{err.Error()}
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		if t == websocket.Text && !utf8.Valid(line) {
			return &inputError{fmt.Sprintf("line %d is not UTF-8; -binary sends it as it is", n)}
		}
		if err := c.Write(context.Background(), t, line); err != nil {
			return err
		}
		s.sent(line)
	}
}
