package engine

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Opening is the opening handshake as it went over the wire.
type Opening struct {
	Request, Response string // the heads
	Timeout           bool   // the peer's head didn't come in time
}

// Lines returns the values of all header lines with a name in a head.
func Lines(head, name string) (values []string) {
	for line := range strings.Lines(head) {
		n, v, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(n), name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return values
}

// errNoHead is for a peer that sends something else than a head of HTTP.
var errNoHead = errors.New("no head of HTTP within 64 KiB")

// readHead reads from nc up to the empty line that ends a head, and returns what
// was read behind it as well.
func readHead(nc net.Conn, by time.Time) (head, rest []byte, err error) {
	nc.SetReadDeadline(by)
	defer nc.SetReadDeadline(time.Time{})
	var got []byte
	chunk := make([]byte, 4096)
	for {
		if i := bytes.Index(got, []byte("\r\n\r\n")); i >= 0 {
			return got[:i+4], got[i+4:], nil
		}
		if len(got) > maxHead {
			return got, nil, errNoHead
		}
		n, err := nc.Read(chunk)
		got = append(got, chunk[:n]...)
		if n == 0 && err != nil {
			if len(got) > 0 {
				err = fmt.Errorf("%w behind %q", err, Show(got))
			}
			return got, nil, err
		}
	}
}

// writeHead writes a head, so many bytes at a time if chop isn't 0.
func writeHead(nc net.Conn, head string, chop int) error {
	if chop == 0 {
		chop = len(head)
	}
	for len(head) > 0 {
		n := min(chop, len(head))
		if _, err := nc.Write([]byte(head[:n])); err != nil {
			return err
		}
		head = head[n:]
		if len(head) > 0 {
			time.Sleep(chopPause)
		}
	}
	return nil
}
