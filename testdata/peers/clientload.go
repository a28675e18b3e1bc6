package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// The loads of clients turn the sides around: the process that is measured dials, and
// this one echoes, with no library.

// clientWork is what each connection of a client process does, and what all count.
type clientWork struct {
	url      string
	payload  []byte
	inFlight int           // messages written before their echoes are read
	together bool          // in one call, where the library has one
	echoes   *atomic.Int64 // messages that came back
	max      int64         // size of the longest message
}

// talk writes messages and reads their echoes until one fails. writeAll may be nil.
func (w *clientWork) talk(write func(p []byte) error, writeAll func(n int) error, read func() ([]byte, error)) error {
	for first := true; ; first = false {
		if w.together && writeAll != nil {
			if err := writeAll(w.inFlight); err != nil {
				return err
			}
		} else {
			for range w.inFlight {
				if err := write(w.payload); err != nil {
					return err
				}
			}
		}
		for range w.inFlight {
			p, err := read()
			if err == nil {
				err = w.check(p, first)
			}
			if err != nil {
				return err
			}
			w.echoes.Add(1)
		}
	}
}

// check compares the first echoes byte by byte, later ones by their size.
func (w *clientWork) check(p []byte, first bool) error {
	if len(p) != len(w.payload) || first && !bytes.Equal(p, w.payload) {
		return fmt.Errorf("the echo of %d bytes is not what was sent", len(p))
	}
	return nil
}

// startClients has the peer dial and talk on all connections of the load, or dial again
// and again, and returns what counts the echoes or the dials.
func startClients(p peer, o options) (*atomic.Int64, error) {
	l, err := chooseLoads(o.Load)
	if err != nil {
		return nil, err
	}
	w := &clientWork{url: "ws://" + o.Dial + "/", payload: binaryPayload(l[0].size), inFlight: l[0].inFlight,
		together: l[0].together, echoes: new(atomic.Int64), max: o.MaxMessage}
	fail := func(err error) {
		if err != nil && !errors.Is(err, net.ErrClosed) {
			panic(fmt.Sprintf("%s as a client: %v", p.name, err)) // the side that asks gets to see it
		}
	}
	for range l[0].conns {
		go func() {
			if l[0].inFlight > 0 {
				fail(p.client(w))
			}
			for l[0].inFlight == 0 {
				fail(p.client(&clientWork{url: w.url, max: w.max}))
				w.echoes.Add(1)
			}
		}()
	}
	return w.echoes, nil
}

// runClient measures a client process, which talks by itself.
func runClient(_ load, s *proc, w window) (values, error) {
	time.Sleep(w.warm)
	st, err := s.ask("begin")
	if err != nil {
		return nil, err
	}
	before := mark{st, cpuTime(), float64(st.Count), time.Now()}
	time.Sleep(w.measure)
	return before.end(s, nil)
}

// serveEchoes echoes messages to WebSocket clients, whole ones only, so that neither
// side ever waits for the other in a write.
func serveEchoes() (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	accept(l, func(nc net.Conn) {
		nc.(*net.TCPConn).SetLinger(0) // leaves no port waiting
		defer nc.Close()
		r := bufio.NewReaderSize(nc, 64<<10)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: %s\r\n\r\n", acceptOf(req.Header.Get("Sec-WebSocket-Key")))
		echoFrames(nc, r)
	})
	return l.Addr().String(), func() { l.Close() }, nil
}

func echoFrames(nc net.Conn, r *bufio.Reader) {
	var message, out []byte
	for {
		h, err := r.Peek(2)
		if err != nil {
			return
		}
		size := 6
		switch h[1] & 0x7f {
		case 126:
			size += 2
		case 127:
			size += 8
		}
		if h, err = r.Peek(size); err != nil {
			return
		}
		first, n, key := h[0], int(h[1]&0x7f), binary.LittleEndian.Uint32(h[size-4:])
		switch n {
		case 126:
			n = int(binary.BigEndian.Uint16(h[2:]))
		case 127:
			n = int(binary.BigEndian.Uint64(h[2:]))
		}
		r.Discard(size)
		at := len(message)
		message = append(message, make([]byte, n)...)
		for k := at; k < len(message); {
			m, err := r.Read(message[k:])
			if err != nil {
				return
			}
			k += m
		}
		unmask(message[at:], key)
		if first&8 != 0 {
			return // a client that closes
		}
		if first&frameFin == 0 {
			continue
		}
		out = appendFrame(out, frameBinary, nil, message)
		message = message[:0]
		if r.Buffered() == 0 || len(out) > 64<<10 {
			if _, err := nc.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

func unmask(p []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
	}
	for i := range p {
		p[i] ^= byte(key >> (8 * (i & 3)))
	}
}
