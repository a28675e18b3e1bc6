package deflate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	ends     = "message ends within a block"
	lenNlen  = "stored block whose LEN and NLEN differ"
	reserved = "block of the reserved type"
	noPrefix = "dynamic block with an over-subscribed or incomplete code"
	noBack   = "distance beyond the start of the data"
)

// TestDecode has the payloads of messages of one connection, in hexadecimal digits, and what
// they inflate to. The last one may be an error instead.
func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		config   Config
		payloads []string
		want     []string
		err      string
	}{
		{name: "7.2.3.1_one_block", payloads: []string{"f248cdc9c90700"}, want: []string{"Hello"}},
		{name: "7.2.3.2_sharing_the_window", config: Config{Takeover: true},
			payloads: []string{"f248cdc9c90700", "f200110000"}, want: []string{"Hello", "Hello"}},
		{name: "7.2.3.3_stored_block", payloads: []string{"000500faff48656c6c6f00"}, want: []string{"Hello"}},
		{name: "7.2.3.4_BFINAL", payloads: []string{"f348cdc9c9070000"}, want: []string{"Hello"}},
		{name: "7.2.3.5_two_blocks", payloads: []string{"f248050000 00ffff cac9c90700"}, want: []string{"Hello"}},
		{name: "7.2.3.6_empty_message", payloads: []string{"00"}, want: []string{""}},
		{name: "Z3_empty_payload", payloads: []string{""}, want: []string{""}},
		{name: "Z3_nothing_left_off", payloads: []string{"f248cdc9c907000000ffff"}, want: []string{"Hello"}},
		{name: "Z3_BFINAL_last", payloads: []string{"f348cdc9c90700"}, want: []string{"Hello"}},
		{name: "Z3_BFINAL_often", payloads: []string{"f348cdc9c90700 f348cdc9c90700 0300 0300 f348cdc9c90700 00"}, want: []string{"HelloHelloHello"}},
		{name: "Z3_BFINAL_stored", payloads: []string{"010500faff48656c6c6f f348cdc9c90700 010000ffff 00"}, want: []string{"HelloHello"}},
		{name: "Z3_BFINAL_keeps_the_window", config: Config{Takeover: true},
			payloads: []string{"f348cdc9c9070000", "f200110000"}, want: []string{"Hello", "Hello"}},
		{name: "Z3_empty_blocks", payloads: []string{"000000ffff 000000ffff 0200"}, want: []string{""}},
		{name: "Z2_reserved_type", payloads: []string{"07"}, err: reserved},
		{name: "Z2_reserved_type_second", payloads: []string{"f348cdc9c9070006"}, want: []string{"Hello"}, err: reserved},
		{name: "Z2_NLEN", payloads: []string{"000500fbff48656c6c6f00"}, err: lenNlen},
		{name: "Z2_NLEN_equals_LEN", payloads: []string{"000500050048656c6c6f00"}, err: lenNlen},
		{name: "Z2_stored_cut", payloads: []string{"000500faff48656c6c"}, want: []string{"Hell"}, err: ends},
		{name: "Z2_tail_isn't_data", payloads: []string{"000400fbff"}, err: ends},
		{name: "Z2_LEN_cut", payloads: []string{"0000"}, err: ends},
		{name: "Z2_fixed_cut", payloads: []string{"f248cdc9c907"}, want: []string{"Hello"}, err: ends},
		{name: "Z2_header_cut", payloads: []string{"04"}, err: ends},
		{name: "Z2_before_the_start", payloads: []string{"f200110000"}, want: []string{"H"}, err: noBack},
		{name: "Z2_at_the_start", payloads: []string{"0211"}, err: noBack},
		{name: "Z2_HLIT", payloads: []string{"f4ffffffffffffffffffffffffff"}, err: "dynamic block with too many length or distance codes"},
		{name: "Z2_HDIST", payloads: []string{"041effffffffffffffffffffffff"}, err: "dynamic block with too many length or distance codes"},
		{name: "Z2_code_lengths_full", payloads: []string{"04e0ffffffffffffffffffffffff"}, err: "dynamic block with an over-subscribed or incomplete code of code lengths"},
		{name: "Z2_literal_286", payloads: []string{"1a0300"}, err: badSymbol},
		{name: "Z2_distance_30", payloads: []string{"4a043e00"}, want: []string{"a"}, err: badDistance},
		{name: "Z5_refers_back_after_all", payloads: []string{"f248cdc9c90700", "f200110000"}, want: []string{"Hello", "H"}, err: noBack},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, how := range []string{"whole", "parts", "decode"} {
				d := NewDecoder(test.config)
				var got []string
				var err error
				for _, p := range test.payloads {
					var b []byte
					b, err = inflateBy(d, how, unhex(p), noLimit)
					if err == nil || len(b) > 0 {
						got = append(got, string(b))
					}
				}
				text := ""
				var corrupt *CorruptError
				if errors.As(err, &corrupt) {
					text = corrupt.Text
					if corrupt.Offset < 0 || corrupt.Offset > int64(len(test.payloads[len(test.payloads)-1])) || corrupt.Section == "" {
						t.Errorf("%+v", corrupt)
					}
					if again := d.End(); again != err {
						t.Errorf("after an error: %v", again)
					}
					if _, again := d.Append(nil, []byte{0}, 1); again != err {
						t.Errorf("after an error: %v", again)
					}
					if _, _, again := d.Decode(nil, nil, 1); again != err {
						t.Errorf("after an error: %v", again)
					}
				} else if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(append(test.want, test.err), append(got, text)); diff != "" {
					t.Error(how, diff)
				}
			}
		})
	}
}

// inflateBy inflates a message in the named way. All ways have the same result.
func inflateBy(d *Decoder, how string, payload []byte, limit int64) ([]byte, error) {
	var out []byte
	var err error
	switch how {
	case "whole":
		return d.Append(nil, payload, limit)
	case "parts":
		for i := range payload {
			if out, err = d.AppendPart(out, bytes.Clone(payload[i:i+1]), limit); err != nil {
				return out, err
			}
		}
	case "random":
		r := rand.New(rand.NewPCG(uint64(len(payload)), 0))
		for len(payload) > 0 {
			n := min(len(payload), 1+r.IntN(1<<r.IntN(16)))
			if out, err = d.AppendPart(out, payload[:n:n], limit); err != nil {
				return out, err
			}
			payload = payload[n:]
		}
	case "decode":
		var buf [3]byte
		for {
			n, used, err := d.Decode(buf[:], payload, limit)
			out = append(out, buf[:n]...)
			if payload = payload[used:]; err != nil {
				return out, err
			}
			if n < len(buf) {
				break
			}
		}
	}
	return out, d.End()
}

// TestEncode compares with the RFC's own examples where only one payload is the best.
func TestEncode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		messages []string
		want     []string
	}{
		{"7.2.3.1_one_block", []string{"Hello"}, []string{"f248cdc9c90700"}},
		{"7.2.3.6_empty_message", []string{"", ""}, []string{"00", "00"}},
		{"7.2.1_stored_block", []string{"\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd"},
			[]string{"002e00d1ff909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbd00"}},
		{"3.2.5_longest_match", []string{strings.Repeat("a", 259)}, []string{"4a1c050000"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range configs(MaxWindowBits) {
				e := NewEncoder(c)
				for i, m := range test.messages {
					got := hex.EncodeToString(e.Append(nil, []byte(m)))
					if diff := cmp.Diff(test.want[i], got); diff != "" {
						t.Errorf("%+v %s", c, diff)
					}
				}
			}
		})
	}
}

// configs returns all configurations of an encoder with one window.
func configs(bits int) (out []Config) {
	for _, level := range []Level{Fast, Better} {
		for _, c := range []Config{{}, {Takeover: true}, {Takeover: true, Compact: true}} {
			c.WindowBits, c.Level = bits, level
			out = append(out, c)
		}
	}
	return out
}
