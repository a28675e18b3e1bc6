package handshake

import (
	"fmt"
	"slices"
	"strconv"
)

// deflateName is the name of the extension (RFC 7692 section 7).
const deflateName = "permessage-deflate"

// The sizes of a window that can be agreed on, as base-2 logarithms of bytes (RFC 7692
// section 7.1.2).
const (
	minWindowBits = 8
	maxWindowBits = 15

	zlibWindowBits = 9 // the smallest window that zlib can compress with
)

// Deflate has the parameters of the extension permessage-deflate (RFC 7692 section 7.1):
// those that were agreed on, or those that one side asks for. The zero value is the
// extension without parameters: context takeover and windows of 15 bits both ways.
type Deflate struct {
	// ServerNoTakeover says that the server compresses each message without reference
	// to earlier ones, so that neither side needs memory between messages for this
	// direction. ClientNoTakeover says the same of the client. The default is false.
	ServerNoTakeover, ClientNoTakeover bool
	// ServerWindowBits bounds the window that the server compresses with, and
	// ClientWindowBits that of the client: 8 to 15, the base-2 logarithm of its size
	// in bytes. 0 is no bound, which is the same as 15.
	ServerWindowBits, ClientWindowBits int
}

// OfferDeflate returns the offer of a client that wants the given parameters, for
// [RequestHeader].
//
// It is one offer, as there are servers that answer each of several. If want has no
// bound for the server's window and allows takeover, it is the offer of browsers, which
// every server understands: permessage-deflate with client_max_window_bits. A bound for
// the client's own window is not offered: the client can keep to any, and some servers
// fail on one. A window of 8 bits is offered as 9, because zlib cannot compress with 8,
// and many servers refuse it or fail.
func OfferDeflate(want Deflate) []Extension {
	offer := deflateOffer{Deflate: want, client: true}
	offer.ClientWindowBits = 0
	if bounded(want.ServerWindowBits) {
		offer.ServerWindowBits = max(want.ServerWindowBits, zlibWindowBits)
	} else {
		offer.ServerWindowBits = 0
	}
	return []Extension{offer.extension()}
}

// AcceptDeflate chooses the first of a client's offers that the server can accept. Want
// has the parameters that the server asks for itself. It returns the answer for
// [AppendResponse] and what is agreed on by that. ok is false if no offer is left:
// offers of other extensions, and offers with unknown, repeated or malformed parameters
// (RFC 7692 section 7.1), are passed over.
//
// The answer has a parameter for the client only if the client knows it. RFC 7692
// section 7.1.1.2 would allow more, but many clients fail on what they did not offer. So
// a client that does not offer client_max_window_bits keeps a window of 15 bits, and
// client_no_context_takeover is in the answer only if the offer or want has it. A window
// of 8 bits is agreed on only with a peer that said 8 itself, and 9 with all others, as
// zlib cannot compress with 8.
func AcceptDeflate(offered []Extension, want Deflate) (answer Extension, agreed Deflate, ok bool) {
	for _, e := range offered {
		if e.Name != deflateName {
			continue
		}
		offer, err := parseDeflate(e)
		if err != nil {
			continue
		}
		a := deflateOffer{}
		a.ServerNoTakeover = offer.ServerNoTakeover || want.ServerNoTakeover
		a.ClientNoTakeover = offer.ClientNoTakeover || want.ClientNoTakeover
		if offer.ServerWindowBits != 0 { // some clients fail on a bound that they did not ask for
			a.ServerWindowBits = answerBits(offer.ServerWindowBits, want.ServerWindowBits)
		}
		if offer.client && (bounded(offer.ClientWindowBits) || bounded(want.ClientWindowBits)) {
			a.ClientWindowBits = answerBits(offer.ClientWindowBits, want.ClientWindowBits)
		}
		return a.extension(), a.Deflate, true
	}
	return Extension{}, Deflate{}, false
}

// answerBits returns the window to answer with, given the one that was offered and the
// one that this server wants.
func answerBits(offered, wanted int) int {
	return min(bitsOf(offered), max(bitsOf(wanted), zlibWindowBits))
}

// CheckDeflate returns what a client has agreed on that offered these extensions and got
// this answer. An answer that none of the offers allows is an error, and ends the
// handshake (RFC 7692 section 5.1).
func CheckDeflate(offered []Extension, answer Extension) (Deflate, error) {
	a, err := parseDeflate(answer)
	if err != nil {
		return Deflate{}, fmt.Errorf("websocket: answer to %s: %w", deflateName, err)
	}
	if a.client && a.ClientWindowBits == 0 {
		return Deflate{}, fmt.Errorf("websocket: answer to %s: client_max_window_bits has no value", deflateName)
	}
	for _, e := range offered {
		if e.Name != deflateName {
			continue
		}
		if offer, err := parseDeflate(e); err == nil && a.answers(offer) {
			return a.Deflate, nil
		}
	}
	return Deflate{}, fmt.Errorf("websocket: the server's answer %s is not allowed by any offer", printable(FormatExtensions([]Extension{answer})))
}

// deflateOffer is an offer or an answer as it is written.
type deflateOffer struct {
	Deflate
	client bool // whether client_max_window_bits is there, be it without a value
}

// answers reports whether a is an answer that the offer allows (RFC 7692 section 7.1).
func (a deflateOffer) answers(offer deflateOffer) bool {
	return (a.ServerNoTakeover || !offer.ServerNoTakeover) &&
		(offer.ServerWindowBits == 0 || a.ServerWindowBits != 0 && a.ServerWindowBits <= offer.ServerWindowBits) &&
		(!a.client || offer.client && a.ClientWindowBits <= bitsOf(offer.ClientWindowBits))
}

// parseDeflate parses the parameters of an offer or an answer. Unknown, repeated and
// malformed ones are errors.
func parseDeflate(e Extension) (d deflateOffer, err error) {
	for i, p := range e.Params {
		if slices.ContainsFunc(e.Params[:i], func(q Param) bool { return q.Name == p.Name }) {
			return d, fmt.Errorf("parameter %s is repeated", printable(p.Name))
		}
		switch p.Name {
		case "server_no_context_takeover":
			d.ServerNoTakeover, err = true, noValue(p)
		case "client_no_context_takeover":
			d.ClientNoTakeover, err = true, noValue(p)
		case "server_max_window_bits":
			d.ServerWindowBits, err = windowBits(p)
		case "client_max_window_bits":
			if d.client = true; p.Value != "" {
				d.ClientWindowBits, err = windowBits(p)
			}
		default:
			err = fmt.Errorf("parameter %s is unknown", printable(p.Name))
		}
		if err != nil {
			return d, err
		}
	}
	return d, nil
}

// noValue returns an error if p has a value.
func noValue(p Param) error {
	if p.Value != "" {
		return fmt.Errorf("parameter %s has a value", p.Name)
	}
	return nil
}

// windowBits parses a window: a number from 8 to 15, without a leading zero.
func windowBits(p Param) (int, error) {
	if n, err := strconv.Atoi(p.Value); err == nil && minWindowBits <= n && n <= maxWindowBits && p.Value == strconv.Itoa(n) {
		return n, nil
	}
	return 0, fmt.Errorf("parameter %s is %s, not a number from 8 to 15", p.Name, printable(p.Value))
}

// extension returns d as it is written in a header.
func (d deflateOffer) extension() Extension {
	e := Extension{Name: deflateName}
	add := func(present bool, name, value string) {
		if present {
			e.Params = append(e.Params, Param{name, value})
		}
	}
	add(d.ServerNoTakeover, "server_no_context_takeover", "")
	add(d.ClientNoTakeover, "client_no_context_takeover", "")
	add(d.ServerWindowBits != 0, "server_max_window_bits", strconv.Itoa(d.ServerWindowBits))
	add(d.ClientWindowBits != 0, "client_max_window_bits", strconv.Itoa(d.ClientWindowBits))
	add(d.client && d.ClientWindowBits == 0, "client_max_window_bits", "")
	return e
}

// bitsOf returns the window of a bound: 0 is none, which is 15.
func bitsOf(bits int) int {
	if bits == 0 {
		return maxWindowBits
	}
	return bits
}

// bounded reports whether bits is a smaller window than any peer can have.
func bounded(bits int) bool { return bitsOf(bits) < maxWindowBits }
