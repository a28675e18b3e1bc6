package cases

import (
	"errors"
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/frame"
	"hawser/websocket/handshake"
)

// section14 is about the negotiation of permessage-deflate (RFC 7692 sections 5
// and 7.1): whether each answer of a server is one to what it was offered, and
// whether a client takes every legal answer and no other.
func section14() []*Case {
	return append(append(offersToAnswer(), offersToDecline()...), append(answersToTake(), answersToRefuse()...)...)
}

// offersToAnswer are offers that a server may take, but only with certain answers.
func offersToAnswer() (all []*Case) {
	offers := []string{
		"", "client_max_window_bits", serverNoTakeover, clientNoTakeover, serverNoTakeover + "; " + clientNoTakeover,
	}
	for _, name := range []string{serverWindow, clientWindow} {
		for bits := 8; bits <= 15; bits++ {
			offers = append(offers, fmt.Sprintf("%s=%d", name, bits))
		}
	}
	offers = append(offers,
		serverWindow+"=10; "+clientWindow+"=12",
		serverWindow+`="10"`,
		serverNoTakeover+"; "+clientNoTakeover+"; "+serverWindow+"=12; "+clientWindow+"=12",
		serverWindow+"=8, permessage-deflate",
		serverNoTakeover+"\npermessage-deflate",
		"no_such_parameter, permessage-deflate; "+serverNoTakeover,
		serverWindow+"=16, permessage-deflate; "+serverWindow+"=15, permessage-deflate",
	)
	for i, o := range offers {
		o = strings.TrimSuffix(deflateName+"; "+o, "; ")
		if i == len(offers)-1 {
			o = "x-unknown-extension; with=parameter, " + o
		}
		all = append(all, &Case{
			ID: fmt.Sprintf("14.1.%d", i+1), Only: Servers, Packed: true, End: normal, Negotiate: Negotiation{Offer: o},
			Sends: "the offer " + strings.ReplaceAll(o, "\n", " and, in another line, "),
			Wants: "If it's taken, the answer is one to it (RFC 7692 section 7.1), and compressed messages come back.",
			Play: func(t *T) {
				offered, _ := handshake.ParseExtensions(strings.Split(o, "\n"))
				answered, _ := handshake.ParseExtensions(engine.Lines(t.Opening.Response, "Sec-WebSocket-Extensions"))
				if _, err := handshake.CheckDeflate(offered, answered[0]); err != nil {
					t.failf("The answer %q is not one to the offer.", handshake.FormatExtensions(answered))
					return
				}
				t.exchange()
			},
		})
	}
	return all
}

// exchange sends compressible messages that repeat each other.
func (t *T) exchange() {
	p := []byte(strings.Repeat("The same words again and again, ", 40))
	for range 3 {
		if !t.echo(frame.Text, p) {
			return
		}
	}
}

// offersToDecline are offers that a server must not take (RFC 7692 section 7.1).
func offersToDecline() (all []*Case) {
	params := []string{
		"no_such_parameter", "no_such_parameter=1",
		serverNoTakeover + "=1", clientNoTakeover + "=1",
		serverNoTakeover + "; " + serverNoTakeover, clientNoTakeover + "; " + clientNoTakeover,
		serverWindow + "=10; " + serverWindow + "=10", clientWindow + "; " + clientWindow,
		serverWindow,
	}
	for _, value := range []string{"7", "16", "0", "08", "015", "100", "a", "-9", "+9", "9.5", `"7"`} {
		params = append(params, serverWindow+"="+value, clientWindow+"="+value)
	}
	for i, p := range params {
		o := deflateName + "; " + p
		all = append(all, &Case{
			ID: fmt.Sprintf("14.2.%d", i+1), Only: Servers, Negotiate: Negotiation{Offer: o}, End: anyEnd,
			Sends: "the offer " + o, Wants: "The offer is declined, and messages come back that are not compressed (RFC 7692 section 7.1).",
			Raw: func(t *T) {
				err := t.open()
				var r refusal
				switch {
				case errors.As(err, &r) && r.status >= 400 && r.status < 500:
					t.nonStrictf("The whole handshake was refused with status %d.", r.status)
				case err != nil:
					t.failf("The opening handshake failed: %v.", err)
				case t.Conn.Agreed != nil:
					t.failf("The offer was taken.")
				default:
					t.echo(frame.Text, []byte(hello))
				}
			},
		})
	}
	all = append(all, &Case{
		ID: "14.3.1", Only: Servers, Sends: "no offer", Wants: "There is no answer (RFC 6455 section 4.2.2).", End: normal,
		Play: func(t *T) {
			if a := engine.Lines(t.Opening.Response, "Sec-WebSocket-Extensions"); len(a) > 0 {
				t.failf("There is an answer, %q.", a)
				return
			}
			t.echo(frame.Text, []byte(hello))
		},
	}, &Case{
		ID: "14.3.2", Only: Servers, Sends: "an offer behind an unknown one, on one connection in the same line and on another in a line of its own",
		Wants: "The answers are the same: lines mean what they mean together (RFC 6455 section 9.1).",
		Raw: func(t *T) {
			var answers []string
			for _, between := range []string{", ", "\n"} {
				c := *t.Case
				c.Negotiate.Offer = "x-unknown-extension" + between + deflateName
				if t.Case = &c; !t.Open() {
					return
				}
				answers = append(answers, strings.Join(engine.Lines(t.Opening.Response, "Sec-WebSocket-Extensions"), ", "))
				t.Conn.CloseWith(1000)
				t.Conn.Finish(t.receive)
			}
			switch {
			case answers[0] != answers[1]:
				t.failf("The answers are %q and %q.", answers[0], answers[1])
			case answers[0] == "":
				t.verdict(Unimplemented, "The offer is not taken either way.")
			default:
				t.okf("The answer is %s both times.", answers[0])
			}
		},
	})
	return all
}

// take answers a client's first offer with what it demands and more.
func take(more func(o offered, d *handshake.Deflate) bool) func([]handshake.Extension) string {
	return func(offers []handshake.Extension) string {
		for _, o := range readOffers(offers) {
			d := handshake.Deflate{ServerNoTakeover: o.ServerNoTakeover, ServerWindowBits: o.ServerWindowBits}
			if more == nil || more(o, &d) {
				return answer(d)
			}
		}
		return ""
	}
}

// answersToTake are answers that a client has to take, if it offers anything.
func answersToTake() (all []*Case) {
	add := func(what string, more func(o offered, d *handshake.Deflate) bool) {
		all = append(all, &Case{
			ID: fmt.Sprintf("14.4.%d", len(all)+1), Only: Clients, Packed: true, End: normal, Negotiate: Negotiation{Accept: take(more)},
			Sends: "an answer with " + what, Wants: "It's taken (RFC 7692 section 7.1), and compressed messages come back.",
			Play: (*T).exchange,
		})
	}
	add("what was asked for", nil)
	add(serverNoTakeover, func(o offered, d *handshake.Deflate) bool { d.ServerNoTakeover = true; return true })
	add(clientNoTakeover, func(o offered, d *handshake.Deflate) bool { d.ClientNoTakeover = true; return true })
	for bits := 8; bits <= 15; bits++ {
		add(fmt.Sprintf("%s=%d, if no less was asked for", serverWindow, bits), func(o offered, d *handshake.Deflate) bool {
			d.ServerWindowBits = bits
			return o.ServerWindowBits == 0 || bits <= o.ServerWindowBits
		})
	}
	for bits := 8; bits <= 15; bits++ {
		add(fmt.Sprintf("%s=%d, if the client offers that", clientWindow, bits), func(o offered, d *handshake.Deflate) bool {
			d.ClientWindowBits = bits
			return o.window && (o.ClientWindowBits == 0 || bits <= o.ClientWindowBits)
		})
	}
	return all
}

// answersToRefuse are answers that a client must fail the connection for (RFC
// 6455 section 9.1, RFC 7692 section 7.1). A server must not give those that are
// tolerable, but a client that can do what they say may take them.
func answersToRefuse() (all []*Case) {
	row := func(what, wants string, tolerable bool, accept func([]handshake.Extension) string) {
		all = append(all, &Case{
			ID: fmt.Sprintf("14.5.%d", len(all)+1), Only: Clients, End: anyEnd, Negotiate: Negotiation{Accept: accept},
			Sends: "an answer with " + what, Wants: wants,
			Raw: func(t *T) {
				offers, _ := t.Request.Offers()
				if accept(offers) == "" {
					t.verdict(Unimplemented, "The client doesn't offer what this is about.")
					return
				}
				t.open()
				t.Conn.Send(engine.Frame{Opcode: frame.Text, Payload: []byte(hello)})
				if t.fails(); tolerable && same(t.received, events(gotText(hello))) {
					t.nonStrictf("The answer was taken.")
				}
			},
		})
	}
	add := func(what string, accept func([]handshake.Extension) string) {
		row(what, "The client fails the connection.", false, accept)
	}
	tolerable := func(what string, accept func([]handshake.Extension) string) {
		row(what, "The client fails the connection. To take the answer is allowed, but not recommended.", true, accept)
	}
	fixed := func(a string) func([]handshake.Extension) string {
		return func([]handshake.Extension) string { return a }
	}
	add("an extension that nobody offers", fixed("x-unknown-extension"))
	for _, p := range []string{
		"no_such_parameter", serverNoTakeover + "=1", clientNoTakeover + "=1", serverNoTakeover + "; " + serverNoTakeover,
		serverWindow, clientWindow, serverWindow + "=7", serverWindow + "=16", serverWindow + "=08", clientWindow + "=7", clientWindow + "=16",
		serverWindow + "=a", serverWindow + "=10; " + serverWindow + "=10",
	} {
		add(p, fixed(deflateName+"; "+p))
	}
	add("the extension twice", func(offers []handshake.Extension) string {
		if a := take(nil)(offers); a != "" {
			return a + ", " + a
		}
		return ""
	})
	add("the extension, though the client doesn't offer it", func(offers []handshake.Extension) string {
		if len(readOffers(offers)) == 0 {
			return deflateName
		}
		return ""
	})
	// broken is an answer that is none to any of the offers.
	broken := func(d func(o offered) (handshake.Deflate, bool)) func([]handshake.Extension) string {
		return func(offers []handshake.Extension) string {
			all := readOffers(offers)
			for _, o := range all {
				bad, ok := d(o)
				if !ok {
					continue
				}
				a, _ := handshake.ParseExtensions([]string{answer(bad)})
				if _, err := handshake.CheckDeflate(offers, a[0]); err != nil {
					return answer(bad)
				}
			}
			return ""
		}
	}
	add(clientWindow+"=12, though the client doesn't offer that", broken(func(o offered) (handshake.Deflate, bool) {
		return handshake.Deflate{ServerNoTakeover: o.ServerNoTakeover, ServerWindowBits: o.ServerWindowBits, ClientWindowBits: 12}, !o.window
	}))
	tolerable("a larger "+clientWindow+" than the client offers", broken(func(o offered) (handshake.Deflate, bool) {
		return handshake.Deflate{ServerNoTakeover: o.ServerNoTakeover, ServerWindowBits: o.ServerWindowBits, ClientWindowBits: 15}, o.ClientWindowBits > 0
	}))
	tolerable("no "+serverNoTakeover+", though the client demands it", broken(func(o offered) (handshake.Deflate, bool) {
		return handshake.Deflate{ServerWindowBits: o.ServerWindowBits}, o.ServerNoTakeover
	}))
	tolerable("a larger "+serverWindow+" than the client demands", broken(func(o offered) (handshake.Deflate, bool) {
		return handshake.Deflate{ServerNoTakeover: o.ServerNoTakeover, ServerWindowBits: 15}, o.ServerWindowBits > 0
	}))
	return all
}
