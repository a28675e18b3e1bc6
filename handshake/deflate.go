package handshake

import (
	"fmt"
	"slices"
	"strconv"
)

// deflateName is the extension's name (RFC 7692 section 7).
const deflateName = "permessage-deflate"

// The windows that can be agreed on, as base-2 logarithms of bytes (RFC 7692
// section 7.1.2).
const (
	minWindowBits = 8
	maxWindowBits = 15

	zlibWindowBits = 9 // the smallest that zlib can compress with
)

// Deflate has the parameters of the extension permessage-deflate (RFC 7692
// section 7.1): those that were agreed on, or what one side wants at least. The
// zero value is the extension without any.
type Deflate struct {
	// ServerNoTakeover and ClientNoTakeover say that the server, the client,
	// compresses each message without reference to earlier ones.
	ServerNoTakeover, ClientNoTakeover bool
	// ServerWindowBits and ClientWindowBits bound the window that the server, the
	// client, compresses with: 8 to 15, the base-2 logarithm of its size in
	// bytes. 0 is no bound, which is the same as 15.
	ServerWindowBits, ClientWindowBits int
}

// OfferDeflate returns what a client offers that wants the given parameters: a single
// offer, as there are servers that answer each of several. Without a bound for the
// server's window, and with takeover, that is what browsers offer and all servers
// understand: permessage-deflate with the parameter client_max_window_bits. A bound
// for the client's own window is not in it, as the client can keep to any, and as
// some servers don't know of one there. A window of 8 bits is asked for as one of 9:
// zlib has none of 8, and many servers refuse it or fail.
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

// AcceptDeflate returns a server's answer to the first offer that it can meet,
// given the parameters that it wants itself, and what was agreed on by that. Offers
// that make no sense are declined, as RFC 7692 section 7.1 demands. ok is false
// if none is left.
//
// The answer has a parameter for the client only if that knows of it: many fail on
// what they didn't offer, which RFC 7692 section 7.1.1.2 would allow. So a client that
// doesn't offer client_max_window_bits has a window of 15 bits, and
// client_no_context_takeover is in the answer only if it's in the offer or want has
// it. Nor is a window made as small as 8 bits but for a peer that has said 8: zlib has
// none, and what is built on it refuses it. Those get 9.
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
		if offer.ServerWindowBits != 0 { // an answer to no question could be too much for some
			a.ServerWindowBits = answerBits(offer.ServerWindowBits, want.ServerWindowBits)
		}
		if offer.client && (bounded(offer.ClientWindowBits) || bounded(want.ClientWindowBits)) {
			a.ClientWindowBits = answerBits(offer.ClientWindowBits, want.ClientWindowBits)
		}
		return a.extension(), a.Deflate, true
	}
	return Extension{}, Deflate{}, false
}

// answerBits is the window to answer with, given what was offered and is wanted.
func answerBits(offered, wanted int) int {
	return min(bitsOf(offered), max(bitsOf(wanted), zlibWindowBits))
}

// CheckDeflate returns what a client has agreed on by offering these extensions
// and getting this answer. An answer that none of the offers allows is an error
// (RFC 7692 section 5.1).
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
	return Deflate{}, fmt.Errorf("websocket: the server's answer %s is none to what was offered", printable(FormatExtensions([]Extension{answer})))
}

// deflateOffer is an offer, or an answer, as it's written.
type deflateOffer struct {
	Deflate
	client bool // client_max_window_bits is there; its value may be missing
}

// answers reports whether a is a legal answer to the offer (RFC 7692 section
// 7.1).
func (a deflateOffer) answers(offer deflateOffer) bool {
	return (a.ServerNoTakeover || !offer.ServerNoTakeover) &&
		(offer.ServerWindowBits == 0 || a.ServerWindowBits != 0 && a.ServerWindowBits <= offer.ServerWindowBits) &&
		(!a.client || offer.client && a.ClientWindowBits <= bitsOf(offer.ClientWindowBits))
}

// parseDeflate parses the parameters: of those that are known, each at most once,
// with a value where it takes one.
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

func noValue(p Param) error {
	if p.Value != "" {
		return fmt.Errorf("parameter %s has a value", p.Name)
	}
	return nil
}

// windowBits parses a value from 8 to 15, without a leading zero.
func windowBits(p Param) (int, error) {
	if n, err := strconv.Atoi(p.Value); err == nil && minWindowBits <= n && n <= maxWindowBits && p.Value == strconv.Itoa(n) {
		return n, nil
	}
	return 0, fmt.Errorf("parameter %s is %s, not a number from 8 to 15", p.Name, printable(p.Value))
}

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

// bitsOf is what no bound stands for.
func bitsOf(bits int) int {
	if bits == 0 {
		return maxWindowBits
	}
	return bits
}

func bounded(bits int) bool { return bitsOf(bits) < maxWindowBits }
