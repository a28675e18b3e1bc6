package frame_test

import (
	"fmt"
	"strings"
	"testing"

	"hawser/websocket/frame"
)

func TestRules(t *testing.T) {
	t.Parallel()
	type f = frame.Header
	tests := []struct {
		name   string
		rsv    byte
		frames []f // all but the last are allowed
		want   string
	}{
		{"5.4_unfragmented", 0, []f{{Fin: true, Opcode: 1}, {Fin: true, Opcode: 2}}, ""},
		{"5.4_fragmented", 0, []f{{Opcode: 1}, {}, {}, {Fin: true}, {Fin: true, Opcode: 1}}, ""},
		{"F10_control_between", 0, []f{{Opcode: 1}, {Fin: true, Opcode: 9}, {Fin: true, Opcode: 10, Length: 125}, {Fin: true}}, ""},
		{"F10_close_between", 0, []f{{Opcode: 2}, {Fin: true, Opcode: 8}}, ""},
		{"F9_continuation_first", 0, []f{{Fin: true}}, "no message to continue"},
		{"F9_second_last_continuation", 0, []f{{Opcode: 1}, {Fin: true}, {Fin: true}}, "no message to continue"},
		{"F9_text_inside_text", 0, []f{{Opcode: 1}, {Fin: true, Opcode: 1}}, "text frame inside of an unfinished text message"},
		{"F9_binary_inside_text", 0, []f{{Opcode: 1}, {Opcode: 2}}, "binary frame inside of an unfinished text message"},
		{"F9_text_inside_binary", 0, []f{{Opcode: 2}, {Opcode: 1}}, "text frame inside of an unfinished binary message"},
		{"F8_fragmented_ping", 0, []f{{Opcode: 9}}, "ping frame is fragmented"},
		{"F8_fragmented_close", 0, []f{{Opcode: 8}}, "close frame is fragmented"},
		{"F8_long_ping", 0, []f{{Fin: true, Opcode: 9, Length: 126}}, "ping frame of 126 bytes"},
		{"F8_long_pong", 0, []f{{Fin: true, Opcode: 10, Length: 1 << 40}}, "pong frame of"},
		{"F6_RSV1", 0, []f{{Fin: true, Opcode: 1, Rsv: frame.Rsv1}}, "reserved bits 100 set on a text frame"},
		{"F6_RSV2", 0, []f{{Fin: true, Opcode: 2, Rsv: frame.Rsv2}}, "reserved bits 010"},
		{"F6_RSV3_on_ping", 0, []f{{Fin: true, Opcode: 9, Rsv: frame.Rsv3}}, "reserved bits 001 set on a ping"},
		{"7692.6_RSV1_allowed", frame.Rsv1, []f{{Opcode: 1, Rsv: frame.Rsv1}, {Fin: true}}, ""},
		{"7692.6_RSV1_on_continuation", frame.Rsv1, []f{{Opcode: 1}, {Rsv: frame.Rsv1}}, "reserved bits 100 set on a continuation"},
		{"7692.6_RSV1_on_control", frame.Rsv1, []f{{Fin: true, Opcode: 9, Rsv: frame.Rsv1}}, "reserved bits 100 set on a ping"},
		{"7692.6_RSV2_too", frame.Rsv1, []f{{Fin: true, Opcode: 1, Rsv: frame.Rsv1 | frame.Rsv2}}, "reserved bits 010"},
	}
	for o := range frame.Opcode(16) {
		if o.IsReserved() {
			for _, fin := range []bool{false, true} {
				tests = append(tests, struct {
					name   string
					rsv    byte
					frames []f
					want   string
				}{fmt.Sprintf("F7_%v_%v", o, fin), 0, []f{{Fin: fin, Opcode: o, Length: 3}}, "is reserved"})
			}
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, role := range []frame.Role{frame.Server, frame.Client} {
				rules := frame.Rules{Role: role, Rsv: tt.rsv}
				var err error
				for i, h := range tt.frames {
					h.Masked = role == frame.Server
					if err = rules.Check(&h); err != nil && i < len(tt.frames)-1 {
						t.Fatalf("%v: frame %d: %v", role, i, err)
					}
				}
				switch {
				case tt.want == "" && err != nil:
					t.Errorf("%v: %v", role, err)
				case tt.want != "" && (code(err) != frame.CodeProtocolError || !strings.Contains(err.Error(), tt.want)):
					t.Errorf("%v: error %v; want %q", role, err, tt.want)
				}
			}
		})
	}
}

func TestRulesMask(t *testing.T) {
	t.Parallel()
	for o := range frame.Opcode(11) {
		if o.IsReserved() || o == frame.Continuation {
			continue
		}
		for _, role := range []frame.Role{frame.Server, frame.Client} {
			rules := frame.Rules{Role: role}
			err := rules.Check(&frame.Header{Fin: true, Opcode: o, Masked: role == frame.Client})
			if code(err) != frame.CodeProtocolError || !strings.Contains(err.Error(), "5.1") {
				t.Errorf("F5: %v, %v: error %v", role, o, err)
			}
		}
	}
	rules := frame.Rules{}
	if rules.Check(&frame.Header{Opcode: frame.Text, Masked: true}); !rules.Open() {
		t.Error("no message is open after its first frame")
	}
	if rules.Check(&frame.Header{Fin: true, Masked: true}); rules.Open() {
		t.Error("a message is open after its last frame")
	}
}
