package frame_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
)

func sendable(c int) bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	}
	return false
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for c := range 1 << 16 {
		payload := []byte{byte(c >> 8), byte(c)}
		got, reason, err := frame.ParseClose(payload)
		if ok := err == nil; ok != sendable(c) || ok && (got != frame.Code(c) || reason != "") {
			t.Errorf("K2: ParseClose of code %d: %v, %q, %v", c, got, reason, err)
		}
		if err != nil && code(err) != frame.CodeProtocolError {
			t.Errorf("K2: code %d: %v", c, err)
		}
		out, err := frame.AppendClose(nil, frame.Code(c), "")
		switch {
		case c == 1005:
			if err != nil || len(out) > 0 {
				t.Errorf("K4: AppendClose without a code: % x, %v", out, err)
			}
		case !sendable(c):
			if err == nil || len(out) > 0 {
				t.Errorf("K4: AppendClose of code %d: % x, %v", c, out, err)
			}
		default:
			if diff := cmp.Diff(payload, out); diff != "" || err != nil {
				t.Errorf("AppendClose of code %d: %v, %v", c, diff, err)
			}
		}
	}
}

func TestParseClose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		code     frame.Code
		reason   string
		err      frame.Code
	}{
		{"5.5.1_empty", "", frame.CodeNone, "", 0},
		{"5.5.1_reason", "\x03\xe8bye €", 1000, "bye €", 0},
		{"K3_123_bytes", "\x03\xe8" + strings.Repeat("x", 123), 1000, strings.Repeat("x", 123), 0},
		{"K1_one_byte", "\x03", 0, "", frame.CodeProtocolError},
		{"K8_bad_reason", "\x03\xe8\xce\xba\xff", 0, "", frame.CodeInvalidPayload},
		{"U4_cut_reason", "\x03\xe8\xce", 0, "", frame.CodeInvalidPayload},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, reason, err := frame.ParseClose([]byte(tt.in))
			if c != tt.code || reason != tt.reason || code(err) != tt.err {
				t.Errorf("got %v, %q, %v", c, reason, err)
			}
		})
	}
}

func TestAppendCloseReason(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "x", strings.Repeat("x", 123), strings.Repeat("x", 124), strings.Repeat("€", 50), strings.Repeat("😀", 50),
		"x" + strings.Repeat("😀", 50), "bad \xff byte", strings.Repeat("\xff", 200)} {
		p, err := frame.AppendClose([]byte("x"), 4000, in)
		if err != nil {
			t.Fatal(err)
		}
		reason := string(p[3:])
		full := strings.ToValidUTF8(in, "\uFFFD")
		if len(reason) > frame.MaxReason || !utf8.ValidString(reason) || !strings.HasPrefix(full, reason) ||
			len(full) > len(reason) && len(reason) < frame.MaxReason-3 {
			t.Errorf("K3: reason %q of %q", reason, in)
		}
	}
	if _, err := frame.AppendClose(nil, frame.CodeNone, "reason"); err == nil {
		t.Error("K4: a reason without a code was accepted")
	}
}
