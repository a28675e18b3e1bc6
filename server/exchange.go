package server

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"hawser/websocket/handshake"
)

const (
	firstHead  = 4 << 10   // bytes of the buffer that most heads fit into
	maxLinger  = 256 << 10 // bytes that are read and dropped behind a refused request
	maxValues  = 32        // header values that an exchange keeps memory for
	answerHeld = 4 << 10   // bytes of a refusal's body that are held to count them
)

// An exchange is a connection of [Server.Serve] until it's upgraded or refused: the
// request that comes in on it, and the [http.ResponseWriter] of a refusal. It belongs to
// the goroutine of that connection, and goes back to a pool after it.
type exchange struct {
	nc   net.Conn
	addr netip.Addr // that nc is counted under, or the zero Addr
	in   []byte     // what has arrived
	size int        // of the head, at the beginning of in
	head head

	header http.Header // of the answer
	status int         // of the answer, 0 until it's known
	body   []byte      // that is held until the answer is complete or long
	begun  bool        // the head of the answer has been sent
	ended  bool        // its place has been given back
	shown  bool        // functions of the user have seen the request and may keep parts
	err    error       // of sending the answer
}

var exchanges = sync.Pool{New: func() any { return &exchange{in: make([]byte, 0, firstHead)} }}

func newExchange(nc net.Conn, addr netip.Addr) *exchange {
	x := exchanges.Get().(*exchange)
	x.nc, x.addr = nc, addr
	return x
}

// release gives x back, with the memory that nobody else can have kept and that isn't
// much. Of an exchange that functions of the user have seen, that's the buffer alone.
func (x *exchange) release() {
	if cap(x.in) > firstHead || cap(x.body) > answerHeld || len(x.head.values) > maxValues {
		return
	}
	if x.shown {
		exchanges.Put(&exchange{in: x.in[:0]})
		return
	}
	fields, values := x.head.fields, x.head.values
	clear(fields)
	clear(values)
	clear(x.header)
	*x = exchange{in: x.in[:0], body: x.body[:0], header: x.header, head: head{fields: fields, values: values[:0]}}
	exchanges.Put(x)
}

// readHead reads until the head of the request is there, and parses it. A refusal is to
// be sent. Another error is that of the connection.
func (x *exchange) readHead() error {
	line, searched := 0, 0 // where the last line begins, and what has no end of a line in it
	for {
		if len(x.in) == cap(x.in) {
			if len(x.in) >= maxHead {
				return malformed(http.StatusRequestHeaderFieldsTooLarge, "the head of the request is longer than 64 KiB")
			}
			x.in = append(make([]byte, 0, 2*cap(x.in)), x.in...)
		}
		n, err := x.nc.Read(x.in[len(x.in):cap(x.in)])
		x.in = x.in[:len(x.in)+n]
		if n > 0 && !isTokenByte(x.in[0]) {
			if x.in[0] == 0x16 { // a record of the TLS handshake
				return malformed(http.StatusBadRequest, "this server speaks plain HTTP, not TLS")
			}
			return malformed(http.StatusBadRequest, "the first line is not one of an HTTP request")
		}
		for {
			i := bytes.IndexByte(x.in[searched:], '\n')
			if i < 0 {
				searched = len(x.in)
				break
			}
			end := searched + i
			searched = end + 1
			if end == line || end == line+1 && x.in[line] == '\r' {
				x.size = searched
				if refusal := x.head.parse(string(x.in[:x.size])); refusal != nil {
					return refusal
				}
				return nil
			}
			line = searched
		}
		if err != nil {
			return err
		}
	}
}

// Header implements [http.ResponseWriter].
func (x *exchange) Header() http.Header {
	if x.header == nil {
		x.header = make(http.Header)
	}
	return x.header
}

// WriteHeader implements [http.ResponseWriter]. Informational answers are left out.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
	}
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	x.body = append(x.body, p...)
	if len(x.body) > answerHeld {
		x.send()
	}
	return len(p), x.err
}

// FlushError is for [http.ResponseController].
func (x *exchange) FlushError() error {
	x.WriteHeader(http.StatusOK)
	x.send()
	return x.err
}

// SetReadDeadline is for [http.ResponseController].
func (x *exchange) SetReadDeadline(t time.Time) error { return x.nc.SetReadDeadline(t) }

// SetWriteDeadline is for [http.ResponseController].
func (x *exchange) SetWriteDeadline(t time.Time) error { return x.nc.SetWriteDeadline(t) }

// send sends what is held. The body goes on to the end of the connection.
func (x *exchange) send() { x.sendAs(-1) }

// sendAs sends what is held, of a body of the given length, which is negative if that
// isn't known.
func (x *exchange) sendAs(length int) {
	var out []byte
	if !x.begun {
		x.begun = true
		out = x.answerHead(length)
	}
	if x.mayHaveBody() {
		out = append(out, x.body...)
	}
	x.body = x.body[:0]
	if len(out) > 0 && x.err == nil {
		_, x.err = x.nc.Write(out)
	}
}

func (x *exchange) answerHead(length int) []byte {
	h := x.Header()
	h["Connection"] = append([]string{"close"}, without(h["Connection"], "close")...)
	delete(h, "Transfer-Encoding")
	delete(h, "Content-Length")
	if length >= 0 && x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	if h["Date"] == nil {
		h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	}
	b := bytes.NewBufferString("HTTP/1.1 " + strconv.Itoa(x.status) + " " + http.StatusText(x.status) + "\r\n")
	h.Write(b)
	b.WriteString("\r\n")
	return b.Bytes()
}

func without(values []string, value string) []string {
	var rest []string
	for _, v := range values {
		if v != value {
			rest = append(rest, v)
		}
	}
	return rest
}

func (x *exchange) mayHaveBody() bool {
	return x.head.Method != http.MethodHead && x.status != http.StatusNoContent && x.status != http.StatusNotModified
}

// refuse sends a refusal that no function of the user is asked about.
func (x *exchange) refuse(refusal *handshake.Refusal) {
	refusal.ServeHTTP(x, &x.head.Request)
	x.finish()
}

// finish sends what is left of the answer, if there is one.
func (x *exchange) finish() {
	if x.status != 0 {
		x.sendAs(len(x.body))
	}
}

// linger reads and drops what the client still sends, for a while, so that it gets to
// see the answer: closing with unread bytes resets a TCP connection, and what is on its
// way with it (RFC 9112 section 9.6).
func (x *exchange) linger() {
	if w, ok := x.nc.(interface{ CloseWrite() error }); !ok || w.CloseWrite() != nil {
		return
	}
	x.nc.SetReadDeadline(time.Now().Add(lingerTimeout))
	io.Copy(io.Discard, io.LimitReader(x.nc, maxLinger))
}
