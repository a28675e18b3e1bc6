package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// dialRaw connects and upgrades without the library. It returns nil when that
// fails because there is no time left.
func dialRaw(ctx context.Context, addr string, j *judge) net.Conn {
	for try := 0; ctx.Err() == nil; try++ {
		nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			nc.(*net.TCPConn).SetLinger(0) // its end shall be noticed at once
			nc.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err = io.WriteString(nc, request); err == nil {
				var res *http.Response
				if res, err = http.ReadResponse(bufio.NewReaderSize(nc, 16), nil); err == nil && res.StatusCode == 101 {
					nc.SetDeadline(time.Time{})
					j.dials.Add(1)
					return nc
				}
			}
			nc.Close()
		}
		if try > 20 {
			j.check(false, "dial: %v", err)
			return nil
		}
		pause(ctx, 100*time.Millisecond)
	}
	return nil
}

const request = "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// frameOf masks with a key of zeros, so the payload stays readable.
func frameOf(first byte, payload string) string {
	head := []byte{first, 0x80 | 127, 0, 0, 0, 0, 0, byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), 0, 0, 0, 0}
	switch {
	case len(payload) < 126:
		head = []byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	case len(payload) < 1<<16:
		head = []byte{first, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload)), 0, 0, 0, 0}
	}
	return string(head) + payload
}

// slow sends all it can and reads next to nothing, so that the server has to
// stop reading, or to give it up. When it's given up it comes again.
func slow(ctx context.Context, addr string, rnd *rand.Rand, j *judge) {
	message := frameOf(0x82, strings.Repeat("slow and slower ", 1<<12))
	buf := make([]byte, 256)
	for {
		nc := dialRaw(ctx, addr, j)
		if nc == nil {
			return
		}
		nc.(*net.TCPConn).SetReadBuffer(8 << 10)
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		rest := message
		for {
			// A write that is cut by its deadline goes on where it was.
			nc.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
			n, err := io.WriteString(nc, rest)
			if rest = rest[n:]; rest == "" {
				rest = message
			}
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if _, err := nc.Read(buf); err != nil {
				break
			}
			if !pause(ctx, time.Duration(100+rnd.IntN(200))*time.Millisecond) {
				break
			}
		}
		stop()
		nc.Close()
		if ctx.Err() != nil {
			return
		}
		j.evicted.Add(1)
	}
}

// silent connects and does nothing at all; every other one doesn't even ask
// for an upgrade. The server drops both, sooner or later.
func silent(ctx context.Context, addr string, rnd *rand.Rand, j *judge) {
	for {
		var nc net.Conn
		if rnd.IntN(2) == 0 {
			nc = dialRaw(ctx, addr, j)
		} else if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			nc = c
		}
		if nc == nil {
			if !pause(ctx, time.Second) {
				return
			}
			continue
		}
		// Reads, but never answers: its end is then seen here too.
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		io.Copy(io.Discard, nc)
		stop()
		nc.Close()
		if ctx.Err() != nil {
			return
		}
		j.evicted.Add(1)
	}
}

// breaches are what RFC 6455 forbids, each the end of a connection.
var breaches = []string{
	"\x81\x05hello",                                            // not masked
	frameOf(0x83, "reserved opcode"),                           //
	frameOf(0xc1, "reserved bit"),                              //
	frameOf(0x80, "continues nothing"),                         //
	frameOf(0x01, "one") + frameOf(0x81, "in another"),         //
	frameOf(0x09, "a fragmented ping"),                         //
	frameOf(0x89, strings.Repeat("long ping ", 20)),            //
	frameOf(0x81, "not UTF-8: \xff"),                           //
	frameOf(0x01, "\xd1") + frameOf(0x80, "\x00"),              // half a character
	frameOf(0x88, "\x03"),                                      // half a close code
	frameOf(0x88, "\x03\xed"),                                  // 1005
	"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", // a length of 1<<63
	"\x82\xff\x00\x00\x00\xff\xff\xff\xff\xff\x00\x00\x00\x00", // larger than allowed
	"\x82\xfe\x00\x05\x00\x00\x00\x00hello",                    // a length in too many bytes
	"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n\r\n",        // not a frame at all
}

// malformed breaks a rule after some good messages and wants to be cut off.
func malformed(ctx context.Context, addr string, rnd *rand.Rand, j *judge) {
	for {
		nc := dialRaw(ctx, addr, j)
		if nc == nil {
			return
		}
		bad := breaches[rnd.IntN(len(breaches))]
		nc.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(nc, strings.Repeat(frameOf(0x81, "fine"), rnd.IntN(4))+bad)
		_, err := io.Copy(io.Discard, nc) // a reset is an end too
		if !j.check(!errors.Is(err, os.ErrDeadlineExceeded), "not cut off after %.40q", bad) {
			nc.Close()
			return
		}
		j.cut.Add(1)
		nc.Close()
		if !pause(ctx, time.Duration(50+rnd.IntN(1000))*time.Millisecond) {
			return
		}
	}
}
