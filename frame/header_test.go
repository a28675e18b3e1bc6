package frame_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
)

// unhex returns the bytes of hexadecimal digits; spaces are skipped.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// code returns the close code of err if it is a breach of the protocol, and 0 otherwise.
func code(err error) frame.Code {
	var e *frame.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestParseHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     frame.Header
		n        int
		code     frame.Code
	}{
		{"5.7_text", "81 05", frame.Header{Fin: true, Opcode: frame.Text, Length: 5}, 2, 0},
		{"5.7_masked_text", "81 85 37fa213d", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: 5}, 6, 0},
		{"5.7_first_fragment", "01 03", frame.Header{Opcode: frame.Text, Length: 3}, 2, 0},
		{"5.7_last_fragment", "80 02", frame.Header{Fin: true, Length: 2}, 2, 0},
		{"5.7_ping", "89 05", frame.Header{Fin: true, Opcode: frame.Ping, Length: 5}, 2, 0},
		{"5.7_256_bytes", "82 7E 0100", frame.Header{Fin: true, Opcode: frame.Binary, Length: 256}, 4, 0},
		{"5.7_64KiB", "82 7F 0000000000010000", frame.Header{Fin: true, Opcode: frame.Binary, Length: 65536}, 10, 0},
		{"5.2_reserved_bits", "F1 00", frame.Header{Fin: true, Rsv: frame.Rsv1 | frame.Rsv2 | frame.Rsv3, Opcode: frame.Text}, 2, 0},
		{"5.2_125", "82 7D", frame.Header{Fin: true, Opcode: frame.Binary, Length: 125}, 2, 0},
		{"5.2_126", "82 7E 007E", frame.Header{Fin: true, Opcode: frame.Binary, Length: 126}, 4, 0},
		{"5.2_65535", "82 7E FFFF", frame.Header{Fin: true, Opcode: frame.Binary, Length: 65535}, 4, 0},
		{"F1_2^31", "82 7F 0000000080000000", frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 31}, 10, 0},
		{"F1_2^32", "82 7F 0000000100000000", frame.Header{Fin: true, Opcode: frame.Binary, Length: 1 << 32}, 10, 0},
		{"F1_2^63-1", "82 7F 7FFFFFFFFFFFFFFF", frame.Header{Fin: true, Opcode: frame.Binary, Length: math.MaxInt64}, 10, 0},
		{"F1_bit_63", "82 FF FFFFFFFFFFFFFFFF", frame.Header{}, 0, 1002},
		{"F1_bit_63_alone", "82 7F 8000000000000000", frame.Header{}, 0, 1002},
		{"F4_16_bits_for_2", "81 FE 0002", frame.Header{}, 0, 1002},
		{"F4_16_bits_for_125", "81 FE 007D", frame.Header{}, 0, 1002},
		{"F4_64_bits_for_2", "81 FF 0000000000000002", frame.Header{}, 0, 1002},
		{"F4_64_bits_for_65535", "81 7F 000000000000FFFF", frame.Header{}, 0, 1002},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := unhex(t, tt.in)
			h, n, err := frame.ParseHeader(append(in, "payload"...))
			if code(err) != tt.code || n != tt.n {
				t.Fatalf("n = %d, error %v; want n = %d, code %d", n, err, tt.n, tt.code)
			}
			if tt.code != 0 {
				return
			}
			if diff := cmp.Diff(tt.want, h); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(in, h.Append(nil)); diff != "" {
				t.Error("Append:", diff)
			}
			for cut := range in {
				if _, n, err := frame.ParseHeader(in[:cut]); n != 0 || err != nil {
					t.Errorf("first %d bytes: n = %d, error %v", cut, n, err)
				}
			}
		})
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	t.Parallel()
	lengths := []int64{0, 1, 124, 125, 126, 127, 128, 129, 65534, 65535, 65536, 65537, 1<<31 - 1, 1 << 31, 1 << 32, math.MaxInt64}
	for b0 := range 256 {
		for _, masked := range []bool{false, true} {
			for _, l := range lengths {
				h := frame.Header{Fin: b0&0x80 != 0, Rsv: byte(b0 & 0x70), Opcode: frame.Opcode(b0 & 0x0f), Masked: masked, Length: l}
				if masked {
					h.Key = [4]byte{1, 2, 3, byte(b0)}
				}
				b := h.Append(nil)
				got, n, err := frame.ParseHeader(b)
				if got != h || n != len(b) || err != nil || n > frame.MaxHeaderSize {
					t.Fatalf("%+v: got %+v, n = %d of %d, %v", h, got, n, len(b), err)
				}
			}
		}
	}
}

func TestAppendFrame(t *testing.T) {
	t.Parallel()
	payload := []byte("Hello")
	h := frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
	got := frame.Append([]byte("x"), h, payload)
	if diff := cmp.Diff(append([]byte("x"), unhex(t, "81 85 37fa213d 7f9f4d5158")...), got); diff != "" {
		t.Error(diff)
	}
	if string(payload) != "Hello" {
		t.Errorf("the payload was changed to %q", payload)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]string{
		"5.2":                "websocket: what was wrong (RFC 6455 section 5.2)",
		"RFC 7692 section 6": "websocket: what was wrong (RFC 7692 section 6)",
	} {
		if got := (&frame.Error{Code: frame.CodeProtocolError, Section: section, Text: "what was wrong"}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestAppendSizes: a frame is its header and its payload, whatever capacity there is.
func TestAppendSizes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 124, 125, 126, 127, 65535, 65536} {
		payload := []byte(strings.Repeat("x", n))
		for _, h := range []frame.Header{{Fin: true, Opcode: frame.Binary}, {Opcode: frame.Text, Rsv: frame.Rsv1}, {Fin: true, Masked: true}} { // the key is 0
			h.Length = int64(n)
			want := append(h.Append([]byte("x")), payload...)
			for _, room := range []int{0, n + 1, n + 2, n + 3, n + 20} {
				if got := frame.Append(append(make([]byte, 0, 1+room), 'x'), h, payload); !bytes.Equal(got, want) {
					t.Errorf("%+v with room for %d bytes: got %.20q, want %.20q", h, room, got, want)
				}
			}
		}
	}
}

// TestErrorTexts: what a peer did wrong is said with the numbers that an operator needs.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"\x82\x7e\x00\x7d":                         "websocket: payload length 125 is not encoded in the minimal number of bytes (RFC 6455 section 5.2)",
		"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff": "websocket: payload length 65535 is not encoded in the minimal number of bytes (RFC 6455 section 5.2)",
		"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x01": "websocket: payload length 0x8000000000000001 has its most significant bit set (RFC 6455 section 5.2)",
		"\x82\x0b":                  "websocket: frame with 11 bytes of payload, at most 10 are allowed (RFC 6455 section 10.4)",
		"\x89\x7e\x00\x7e":          "websocket: ping frame of 126 bytes, 125 are allowed (RFC 6455 section 5.5)",
		"\x82\x81\x00\x00\x00\x00a": "websocket: binary frame from a server is masked (RFC 6455 section 5.1)",
	} {
		_, err := frame.NewReader(strings.NewReader(in), frame.Rules{Role: frame.Client}, 10).Next()
		if err == nil || err.Error() != want {
			t.Errorf("% x: got %v, want %s", in, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	var got []string
	for o := range frame.Opcode(16) {
		got = append(got, o.String())
		if control := o >= 8; o.IsControl() != control {
			t.Errorf("%v.IsControl() = %v", o, o.IsControl())
		}
		if reserved := strings.HasPrefix(o.String(), "opcode"); o.IsReserved() != reserved {
			t.Errorf("%v.IsReserved() = %v", o, o.IsReserved())
		}
	}
	got = append(got, frame.Server.String(), frame.Client.String(), frame.CodeGoingAway.String(), frame.Code(4000).String())
	want := strings.Split("continuation,text,binary,opcode 0x3,opcode 0x4,opcode 0x5,opcode 0x6,opcode 0x7,"+
		"close,ping,pong,opcode 0xb,opcode 0xc,opcode 0xd,opcode 0xe,opcode 0xf,server,client,1001 (going away),4000", ",")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for c := frame.Code(1000); c <= 1015; c++ {
		if named := strings.Contains(c.String(), "("); named != (c != 1004) {
			t.Errorf("code %d is %q", uint16(c), c)
		}
	}
}
