package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// traffic is what the connections of a load send, made before anything is
// measured and shared by all of them.
type traffic struct {
	wire  []byte
	ends  []int // message i is wire[ends[i]:ends[i+1]]
	cycle int   // so many messages, then from the first again
	size  int   // payload of each message
	want  int   // payload of each echo; -1 if it's compressed
	first []byte
}

// newTraffic frames messages; batch is how many of them one write may take.
// The end of the wire repeats its begin so that any batch is one piece.
func newTraffic(messages [][]byte, batch int, frames func(dst []byte, i int, p []byte) []byte) *traffic {
	t := &traffic{cycle: len(messages), size: len(messages[0]), want: len(messages[0]), first: messages[0], ends: []int{0}}
	for i := range t.cycle + batch - 1 {
		i %= t.cycle
		t.wire = frames(t.wire, i, messages[i])
		t.ends = append(t.ends, len(t.wire))
	}
	return t
}

// batch returns n messages that begin with the one at position at of the cycle.
func (t *traffic) batch(at, n int) []byte {
	return t.wire[t.ends[at]:t.ends[at+n]]
}

// plain is traffic of one payload again and again, with as many masking keys as
// messages are in flight, each message in so many fragments.
func plain(opcode byte, payload []byte, inFlight, fragments int) *traffic {
	messages := make([][]byte, inFlight)
	for i := range messages {
		messages[i] = payload
	}
	return newTraffic(messages, inFlight, func(dst []byte, i int, p []byte) []byte {
		for f := range fragments {
			part := p[len(p)*f/fragments : len(p)*(f+1)/fragments]
			first := byte(0)
			if f == 0 {
				first = opcode
			}
			if f == fragments-1 {
				first |= frameFin
			}
			dst = appendPart(dst, first, maskKey(i+f), part)
		}
		return dst
	})
}

// compressed is traffic of JSON texts that were compressed so many in one
// stream: one if the server wants no context, else as many as fit into the
// window of the server that asks for the smallest, for all the same. The first
// of a stream refers to nothing before it, so the cycle may be repeated in a
// context that goes on.
func compressed(inFlight, together int) (*traffic, error) {
	messages := make([][]byte, 32)
	for i := range messages {
		messages[i] = jsonText(i, deflateSize)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 6)
	if err != nil {
		return nil, err
	}
	var deflated [][]byte
	for i, m := range messages {
		out.Reset()
		if i%together == 0 {
			w.Reset(&out)
		}
		w.Write(m)
		w.Flush()
		deflated = append(deflated, bytes.TrimSuffix(bytes.Clone(out.Bytes()), deflateTail))
	}
	t := newTraffic(deflated, inFlight, func(dst []byte, i int, p []byte) []byte {
		return appendFrame(dst, frameRSV1|frameText, maskKey(i), p)
	})
	t.size, t.want, t.first = len(messages[0]), -1, messages[0]
	return t, nil
}

// check compares the first echo on a connection with what was sent.
func (t *traffic) check(rsv1 bool, echo []byte) error {
	if rsv1 {
		r := flate.NewReader(io.MultiReader(bytes.NewReader(echo), bytes.NewReader(deflateTail), strings.NewReader("\x01\x00\x00\xff\xff")))
		var err error
		if echo, err = io.ReadAll(r); err != nil {
			return fmt.Errorf("the echo can't be inflated: %w", err)
		}
	}
	if !bytes.Equal(echo, t.first) {
		return fmt.Errorf("the echo is not what was sent: %.40q instead of %.40q", echo, t.first)
	}
	return nil
}

// together says how many messages of deflateSize a client may compress in one
// stream after the server's answer: as many as fit into 4 KiB.
func together(extensions string) (int, error) {
	if strings.Contains(extensions, "client_no_context_takeover") {
		return 1, nil
	}
	_, bits, found := strings.Cut(extensions, "client_max_window_bits=")
	if bits, _, _ = strings.Cut(bits, ";"); found {
		if n, err := strconv.Atoi(strings.Trim(bits, `" `)); err != nil || n < 12 {
			return 0, fmt.Errorf("the load has no messages for the window of %q", extensions)
		}
	}
	return 4096 / deflateSize, nil
}

const deflateSize = 1024

// deflateTail is what RFC 7692 has removed from the end of a message.
var deflateTail = []byte{0, 0, 0xff, 0xff}

func maskKey(i int) *[4]byte {
	return &[4]byte{0x37 + byte(i), 0xfa, 0x21 ^ byte(i>>3), 0x3d}
}

// binaryPayload has every byte value, in an order that doesn't repeat soon.
func binaryPayload(n int) []byte {
	p := make([]byte, n)
	x := uint32(2463534242)
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x)
	}
	return p
}

func broadcastPayload(n int) []byte { return binaryPayload(n) }

// asciiText is text as most protocols have it.
func asciiText(n int) []byte { return jsonText(0, n) }

// wideText is text with characters of one to four bytes, of exactly n bytes.
func wideText(n int) []byte {
	const sample = "Съешь же ещё этих мягких французских булок, 天地玄黄宇宙洪荒 🚢⚓ da war's. "
	var b []byte
	for _, r := range strings.Repeat(sample, n/len(sample)+1) {
		if len(b)+len(string(r)) > n {
			break
		}
		b = append(b, string(r)...)
	}
	for len(b) < n {
		b = append(b, '.')
	}
	return b
}

// jsonText is a JSON object of exactly n bytes, different for each i, alike as
// the messages of one application are.
func jsonText(i, n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"update","seq":%d,"items":[`, 100000+i*7919)
	for k := i * 131; b.Len() < n-100; k++ {
		fmt.Fprintf(&b, `{"id":%d,"symbol":"%s","bid":%d.%02d,"ask":%d.%02d,"side":"%s"},`,
			k*7907%1000003, []string{"ABCD", "EFGH", "IJKL", "MNOP", "QRST"}[k%5], 100+k*37%900, k*53%100, 101+k*41%900, k*59%100, []string{"buy", "sell"}[k&1])
	}
	b.WriteString(`null],"pad":"`)
	const tail = `"}`
	pad := n - b.Len() - len(tail)
	if pad < 0 {
		return []byte(strings.Repeat("a", n)) // too short for an object
	}
	return []byte(b.String() + strings.Repeat("x", pad) + tail)
}
