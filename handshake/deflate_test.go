package handshake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hawser/websocket/handshake"
)

// parse parses the value of one header.
func parse(t *testing.T, header string) []handshake.Extension {
	t.Helper()
	if header == "" {
		return nil
	}
	e, err := handshake.ParseExtensions([]string{header})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAcceptDeflate(t *testing.T) {
	t.Parallel()
	type deflate = handshake.Deflate
	const (
		name = "permessage-deflate"
		any  = "; client_max_window_bits"
	)
	tests := []struct {
		name, offer string
		want        deflate
		answer      string // "" if declined
		agreed      deflate
	}{
		{"5_none", "", deflate{}, "", deflate{}},
		{"5_another", "x-webkit-deflate-frame", deflate{}, "", deflate{}},
		{"5_other_case", "Permessage-Deflate", deflate{}, "", deflate{}},
		{"7_plain", name, deflate{}, name, deflate{}},
		{"7_behind_another", "foo, " + name, deflate{}, name, deflate{}},
		{"7_browser", name + any, deflate{}, name, deflate{}},

		{"7.1.1.1_asked", name + "; server_no_context_takeover", deflate{}, name + "; server_no_context_takeover", deflate{ServerNoTakeover: true}},
		{"7.1.1.1_unasked", name, deflate{ServerNoTakeover: true}, name + "; server_no_context_takeover", deflate{ServerNoTakeover: true}},
		{"7.1.1.2_hint", name + "; client_no_context_takeover", deflate{}, name + "; client_no_context_takeover", deflate{ClientNoTakeover: true}},
		{"7.1.1.2_unasked", name, deflate{ClientNoTakeover: true}, name + "; client_no_context_takeover", deflate{ClientNoTakeover: true}},

		{"7.1.2.1_asked", name + "; server_max_window_bits=10", deflate{}, name + "; server_max_window_bits=10", deflate{ServerWindowBits: 10}},
		{"7.1.2.1_quoted", name + `; server_max_window_bits="10"`, deflate{}, name + "; server_max_window_bits=10", deflate{ServerWindowBits: 10}},
		{"7.1.2.1_less", name + "; server_max_window_bits=15", deflate{ServerWindowBits: 12}, name + "; server_max_window_bits=12", deflate{ServerWindowBits: 12}},
		{"7.1.2.1_more", name + "; server_max_window_bits=9", deflate{ServerWindowBits: 12}, name + "; server_max_window_bits=9", deflate{ServerWindowBits: 9}},
		{"7.1.2.1_15", name + "; server_max_window_bits=15", deflate{}, name + "; server_max_window_bits=15", deflate{ServerWindowBits: 15}},
		{"7.1.2.1_8", name + "; server_max_window_bits=8", deflate{}, name + "; server_max_window_bits=8", deflate{ServerWindowBits: 8}},
		{"7.1.2.1_not_asked", name, deflate{ServerWindowBits: 12}, name, deflate{}},

		{"7.1.2.2_any", name + any, deflate{ClientWindowBits: 12}, name + "; client_max_window_bits=12", deflate{ClientWindowBits: 12}},
		{"7.1.2.2_value", name + any + "=10", deflate{}, name + "; client_max_window_bits=10", deflate{ClientWindowBits: 10}},
		{"7.1.2.2_value_15", name + any + "=15", deflate{}, name, deflate{}},
		{"7.1.2.2_less", name + any + "=10", deflate{ClientWindowBits: 9}, name + "; client_max_window_bits=9", deflate{ClientWindowBits: 9}},
		{"8_bits_are_not_for_zlib", name + any, deflate{ClientWindowBits: 8}, name + "; client_max_window_bits=9", deflate{ClientWindowBits: 9}},
		{"8_bits_are_not_for_zlib_of_15", name + any + "=15", deflate{ClientWindowBits: 8}, name + "; client_max_window_bits=9", deflate{ClientWindowBits: 9}},
		{"8_bits_are_not_for_zlib_to_receive", name + "; server_max_window_bits=15", deflate{ServerWindowBits: 8}, name + "; server_max_window_bits=9", deflate{ServerWindowBits: 9}},
		{"8_bits_of_a_client_that_says_8", name + any + "=8; server_max_window_bits=8", deflate{ServerWindowBits: 12, ClientWindowBits: 12},
			name + "; server_max_window_bits=8; client_max_window_bits=8", deflate{ServerWindowBits: 8, ClientWindowBits: 8}},
		{"7.1.2.2_more", name + any + "=10", deflate{ClientWindowBits: 14}, name + "; client_max_window_bits=10", deflate{ClientWindowBits: 10}},
		{"7.1.2.2_not_offered", name, deflate{ClientWindowBits: 12}, name, deflate{}},

		{"7_all", name + `; client_max_window_bits="11"; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover`, deflate{},
			name + "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=11",
			deflate{true, true, 9, 11}},

		{"7_fallback", name + "; server_max_window_bits=16, " + name, deflate{}, name, deflate{}},
		{"7_fallback_of_three", name + "; x, " + name + any + "=7, " + name + any + "=13", deflate{}, name + "; client_max_window_bits=13", deflate{ClientWindowBits: 13}},
		{"7_first_is_best", name + "; server_max_window_bits=9, " + name, deflate{}, name + "; server_max_window_bits=9", deflate{ServerWindowBits: 9}},

		{"Z6_unknown", name + "; foo", deflate{}, "", deflate{}},
		{"Z6_unknown_with_value", name + "; foo=bar", deflate{}, "", deflate{}},
		{"Z6_duplicate", name + "; server_no_context_takeover; server_no_context_takeover", deflate{}, "", deflate{}},
		{"Z6_duplicate_bits", name + "; server_max_window_bits=10; server_max_window_bits=10", deflate{}, "", deflate{}},
		{"Z6_duplicate_any", name + any + any + "=10", deflate{}, "", deflate{}},
		{"Z6_value", name + "; server_no_context_takeover=1", deflate{}, "", deflate{}},
		{"Z6_value_of_client", name + "; client_no_context_takeover=true", deflate{}, "", deflate{}},
		{"Z6_no_value", name + "; server_max_window_bits", deflate{}, "", deflate{}},
		{"Z6_7", name + "; server_max_window_bits=7", deflate{}, "", deflate{}},
		{"Z6_16", name + "; server_max_window_bits=16", deflate{}, "", deflate{}},
		{"Z6_client_7", name + any + "=7", deflate{}, "", deflate{}},
		{"Z6_client_16", name + any + "=16", deflate{}, "", deflate{}},
		{"Z6_0", name + "; server_max_window_bits=0", deflate{}, "", deflate{}},
		{"Z6_08", name + "; server_max_window_bits=08", deflate{}, "", deflate{}},
		{"Z6_010", name + any + "=010", deflate{}, "", deflate{}},
		{"Z6_plus", name + "; server_max_window_bits=+8", deflate{}, "", deflate{}},
		{"Z6_minus", name + "; server_max_window_bits=-8", deflate{}, "", deflate{}},
		{"Z6_hex", name + "; server_max_window_bits=0xa", deflate{}, "", deflate{}},
		{"Z6_10.0", name + "; server_max_window_bits=10.0", deflate{}, "", deflate{}},
		{"Z6_huge", name + "; server_max_window_bits=99999999999999999999", deflate{}, "", deflate{}},
		{"Z6_prototype", name + "; __proto__=10; constructor", deflate{}, "", deflate{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			offered := parse(t, test.offer)
			answer, agreed, ok := handshake.AcceptDeflate(offered, test.want)
			if got := handshake.FormatExtensions([]handshake.Extension{answer}); got != test.answer || ok != (test.answer != "") {
				t.Errorf("answer %q, %v; want %q", got, ok, test.answer)
			}
			if diff := cmp.Diff(test.agreed, agreed); diff != "" {
				t.Error("-want +got\n" + diff)
			}
			if !ok {
				return
			}
			same, err := handshake.CheckDeflate(offered, answer)
			if diff := cmp.Diff(agreed, same); err != nil || diff != "" {
				t.Errorf("the client makes of it: %v\n%s", err, diff)
			}
		})
	}
}

func TestOfferDeflate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		want  handshake.Deflate
		offer string
	}{
		{"as browsers", handshake.Deflate{}, "permessage-deflate; client_max_window_bits"},
		{"a bound that is none", handshake.Deflate{ServerWindowBits: 15}, "permessage-deflate; client_max_window_bits"},
		{"the client's own window is its own affair", handshake.Deflate{ClientWindowBits: 12}, "permessage-deflate; client_max_window_bits"},
		{"no takeover", handshake.Deflate{ServerNoTakeover: true, ClientNoTakeover: true},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
		{"no takeover of its own", handshake.Deflate{ClientWindowBits: 9, ClientNoTakeover: true}, "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
		{"a smaller window", handshake.Deflate{ServerWindowBits: 12}, "permessage-deflate; server_max_window_bits=12; client_max_window_bits"},
		{"8 bits", handshake.Deflate{ServerWindowBits: 8}, "permessage-deflate; server_max_window_bits=9; client_max_window_bits"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			offer := handshake.OfferDeflate(test.want)
			if got := handshake.FormatExtensions(offer); got != test.offer {
				t.Errorf("got %q, want %q", got, test.offer)
			}
			answer, agreed, ok := handshake.AcceptDeflate(offer, handshake.Deflate{})
			want := test.want
			want.ClientWindowBits = 0
			switch want.ServerWindowBits {
			case 8:
				want.ServerWindowBits = 9
			case 15:
				want.ServerWindowBits = 0
			}
			if same, err := handshake.CheckDeflate(offer, answer); !ok || err != nil || same != agreed || agreed != want {
				t.Errorf("a server agrees on %+v (%v), the client on %+v (%v)", agreed, ok, same, err)
			}
		})
	}
}

func TestCheckDeflate(t *testing.T) {
	t.Parallel()
	const name = "permessage-deflate"
	browser := name + "; client_max_window_bits"
	tests := []struct {
		name, offer, answer string
		agreed              handshake.Deflate
		err                 string
	}{
		{"5.1_plain", name, name, handshake.Deflate{}, ""},
		{"7.1.1_unasked", name, name + "; server_no_context_takeover; client_no_context_takeover", handshake.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}, ""},
		{"7.1.2.1_unasked", name, name + "; server_max_window_bits=9", handshake.Deflate{ServerWindowBits: 9}, ""},
		{"7.1.2.1_smaller", name + "; server_max_window_bits=10", name + "; server_max_window_bits=9", handshake.Deflate{ServerWindowBits: 9}, ""},
		{"7.1.2.2_chosen", browser, browser + "=15", handshake.Deflate{ClientWindowBits: 15}, ""},
		{"7.1.2.2_quoted", browser, browser + `="8"`, handshake.Deflate{ClientWindowBits: 8}, ""},
		{"5.1_second_offer", name + "; server_max_window_bits=10, " + name, name, handshake.Deflate{}, ""},
		{"5.1_behind_another", "foo, " + name, name, handshake.Deflate{}, ""},

		{"C2_not_offered", "foo", name, handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.1.1_ignored", name + "; server_no_context_takeover", name, handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.2.1_ignored", name + "; server_max_window_bits=10", name, handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.2.1_larger", name + "; server_max_window_bits=10", name + "; server_max_window_bits=11", handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.2.2_not_offered", name, browser + "=10", handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.2.2_larger", browser + "=10", browser + "=11", handshake.Deflate{}, "not allowed by any offer"},
		{"7.1.2.2_no_value", browser, browser, handshake.Deflate{}, "client_max_window_bits has no value"},
		{"Z6_unknown", name, name + "; foo", handshake.Deflate{}, `parameter "foo" is unknown`},
		{"Z6_repeated", name, name + "; server_max_window_bits=9; server_max_window_bits=9", handshake.Deflate{}, "is repeated"},
		{"Z6_value", name, name + "; server_no_context_takeover=1", handshake.Deflate{}, "has a value"},
		{"Z6_no_value", name, name + "; server_max_window_bits", handshake.Deflate{}, `is "", not a number from 8 to 15`},
		{"Z6_16", name, name + "; server_max_window_bits=16", handshake.Deflate{}, `is "16", not a number from 8 to 15`},
		{"Z6_7", browser, browser + "=7", handshake.Deflate{}, `is "7", not a number from 8 to 15`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := parse(t, test.answer)[0]
			agreed, err := handshake.CheckDeflate(parse(t, test.offer), answer)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if diff := cmp.Diff(test.agreed, agreed); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}
