package websocket

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/frame"
	"hawser/websocket/frame/deflate"
	"hawser/websocket/handshake"
)

// TestWhatIsNegotiated: what each side asks for, from what its program wants.
func TestWhatIsNegotiated(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		k              Compression
		server, client handshake.Deflate
	}{
		{"nothing set", Compression{},
			handshake.Deflate{ServerWindowBits: 12, ClientWindowBits: 12},
			handshake.Deflate{ServerWindowBits: 15, ClientWindowBits: 12}},
		{"windows", Compression{Send: Window{Bits: 9}, Receive: Window{Bits: 10}},
			handshake.Deflate{ServerWindowBits: 9, ClientWindowBits: 10},
			handshake.Deflate{ServerWindowBits: 10, ClientWindowBits: 9}},
		{"windows that don't exist", Compression{Send: Window{Bits: 1}, Receive: Window{Bits: 99}},
			handshake.Deflate{ServerWindowBits: 8, ClientWindowBits: 15},
			handshake.Deflate{ServerWindowBits: 15, ClientWindowBits: 8}},
		{"no context to send", Compression{Send: Window{NoTakeover: true}},
			handshake.Deflate{ServerWindowBits: 12, ClientWindowBits: 12, ServerNoTakeover: true},
			handshake.Deflate{ServerWindowBits: 15, ClientWindowBits: 12, ClientNoTakeover: true}},
		{"no context to receive", Compression{Receive: Window{NoTakeover: true}},
			handshake.Deflate{ServerWindowBits: 12, ClientWindowBits: 12, ClientNoTakeover: true},
			handshake.Deflate{ServerWindowBits: 15, ClientWindowBits: 12, ServerNoTakeover: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.server, test.k.Deflate(frame.Server)); diff != "" {
				t.Error("server", diff)
			}
			if diff := cmp.Diff(test.client, test.k.Deflate(frame.Client)); diff != "" {
				t.Error("client", diff)
			}
		})
	}
}

// TestWhatASideSends: its window is the one agreed on for it, or its own if that is
// smaller, and it keeps its context if both sides let it.
func TestWhatASideSends(t *testing.T) {
	t.Parallel()
	agreed := handshake.Deflate{ServerWindowBits: 11, ClientWindowBits: 13}
	for _, test := range []struct {
		name     string
		role     frame.Role
		send     Window
		agreed   handshake.Deflate
		bits     int
		takeover bool
	}{
		{"server, by default", frame.Server, Window{}, agreed, 11, true},
		{"client, by default", frame.Client, Window{}, agreed, 12, true},
		{"server, with less", frame.Server, Window{Bits: 10}, agreed, 10, true},
		{"server, with the same", frame.Server, Window{Bits: 11}, agreed, 11, true},
		{"client, with more", frame.Client, Window{Bits: 15}, agreed, 13, true},
		{"nothing agreed on", frame.Server, Window{Bits: 14}, handshake.Deflate{}, 14, true},
		{"server that wants no context", frame.Server, Window{NoTakeover: true}, agreed, 11, false},
		{"server that may have no context", frame.Server, Window{}, handshake.Deflate{ServerNoTakeover: true, ServerWindowBits: 11}, 11, false},
		{"server whose client has no context", frame.Server, Window{}, handshake.Deflate{ClientNoTakeover: true, ServerWindowBits: 11}, 11, true},
		{"client that may have no context", frame.Client, Window{}, handshake.Deflate{ClientNoTakeover: true, ClientWindowBits: 11}, 11, false},
		{"client whose server has no context", frame.Client, Window{}, handshake.Deflate{ServerNoTakeover: true, ClientWindowBits: 11}, 11, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, _ := (&Compression{Send: test.send}).start(test.role, &test.agreed)
			if d.form.bits != test.bits {
				t.Errorf("a window of %d bits, want %d", d.form.bits, test.bits)
			}
			message := []byte("a message that says much, and a message that says it again")
			first, second := len(d.Append(nil, message)), len(d.Append(nil, message))
			if takeover := second < first; takeover != test.takeover {
				t.Errorf("%d bytes, and %d when it comes again", first, second)
			}
			if diff := cmp.Diff(test.agreed, d.agreed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhichMessagesAreCompressed: from the smallest size on, unless the program says no.
func TestWhichMessagesAreCompressed(t *testing.T) {
	t.Parallel()
	start := func(min int) *deflater {
		d, _ := (&Compression{MinSize: min}).start(frame.Server, new(handshake.Deflate))
		return d
	}
	for _, test := range []struct {
		what string
		d    *deflater
		t    MessageType
		n    int
		want bool
	}{
		{"nothing agreed on", nil, Text, 1000, false},
		{"below the default", start(0), Text, DefaultMinCompressSize - 1, false},
		{"the default", start(0), Binary, DefaultMinCompressSize, true},
		{"below the size", start(100), Text, 99, false},
		{"the size", start(100), Text, 100, true},
		{"all", start(-1), Text, 0, true},
		{"of unknown size", start(0), Text, math.MaxInt, true},
		{"with a secret", start(0), Text | Uncompressed, 1000, false},
	} {
		if got := test.d.compresses(test.t, test.n); got != test.want {
			t.Errorf("%s: %v", test.what, got)
		}
	}
}

// TestErrorsOfInflating: corrupt data is a breach that names the section of the RFC that
// has the rule, a message that gets too long is one of its own, and other errors stay.
func TestErrorsOfInflating(t *testing.T) {
	t.Parallel()
	other := errors.New("another")
	for _, test := range []struct {
		err  error
		want error
	}{
		{nil, nil},
		{&deflate.CorruptError{Section: "3.2.3", Text: "block type 3"},
			&frame.Error{Code: frame.CodeInvalidPayload, Section: "RFC 1951 section 3.2.3", Text: "corrupt compressed data: block type 3"}},
		{&deflate.CorruptError{Section: "RFC 7692 section 7.2.2", Text: "no end"},
			&frame.Error{Code: frame.CodeInvalidPayload, Section: "RFC 7692 section 7.2.2", Text: "corrupt compressed data: no end"}},
		{&deflate.LimitError{Limit: 1000},
			&frame.Error{Code: frame.CodeTooBig, Section: "10.4", Text: "message is longer than 1000 bytes"}},
		{other, other},
	} {
		got := inflateError(test.err)
		if _, breach := test.want.(*frame.Error); !breach {
			if got != test.want {
				t.Errorf("%v becomes %v", test.err, got)
			}
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
