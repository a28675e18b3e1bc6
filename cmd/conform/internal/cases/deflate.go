package cases

import (
	"fmt"
	"strconv"

	"hawser/websocket/handshake"
)

const deflateName = "permessage-deflate"

// Names of the parameters (RFC 7692 section 7.1).
const (
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindow     = "server_max_window_bits"
	clientWindow     = "client_max_window_bits"
)

// readAnswer returns what an answer says about permessage-deflate, nil if it says
// nothing. Whether it's an answer to what was offered is not looked at: section 14
// does. A parameter that isn't one is an error.
func readAnswer(values []string) (*handshake.Deflate, error) {
	answers, err := handshake.ParseExtensions(values)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		if a.Name != deflateName {
			return nil, fmt.Errorf("answer with an extension %q", a.Name)
		}
	}
	switch len(answers) {
	case 0:
		return nil, nil
	case 1:
		return readParams(answers[0].Params)
	}
	return nil, fmt.Errorf("%d answers of %s", len(answers), deflateName)
}

func readParams(params []handshake.Param) (*handshake.Deflate, error) {
	d := &handshake.Deflate{}
	seen := map[string]bool{}
	for _, p := range params {
		if seen[p.Name] {
			return nil, fmt.Errorf("%s is there twice", p.Name)
		}
		seen[p.Name] = true
		var err error
		switch p.Name {
		case serverNoTakeover:
			d.ServerNoTakeover = true
			err = noValue(p)
		case clientNoTakeover:
			d.ClientNoTakeover = true
			err = noValue(p)
		case serverWindow:
			d.ServerWindowBits, err = bits(p)
		case clientWindow:
			d.ClientWindowBits, err = bits(p)
		default:
			err = fmt.Errorf("unknown parameter %s", p.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

func noValue(p handshake.Param) error {
	if p.Value != "" {
		return fmt.Errorf("%s has a value", p.Name)
	}
	return nil
}

func bits(p handshake.Param) (int, error) {
	n, err := strconv.Atoi(p.Value)
	if err != nil || n < 8 || n > 15 || p.Value[0] == '0' || p.Value[0] == '+' {
		return 0, fmt.Errorf("%s has the value %q", p.Name, p.Value)
	}
	return n, nil
}

// offered is an offer of permessage-deflate by a client.
type offered struct {
	handshake.Deflate
	window bool // client_max_window_bits is there, with or without a value
}

// readOffers returns those offers that make sense.
func readOffers(offers []handshake.Extension) (all []offered) {
	for _, e := range offers {
		if e.Name != deflateName {
			continue
		}
		o := offered{}
		var params []handshake.Param
		for _, p := range e.Params {
			if p.Name == clientWindow {
				if o.window = true; p.Value == "" {
					continue
				}
			}
			params = append(params, p)
		}
		if d, err := readParams(params); err == nil {
			o.Deflate = *d
			all = append(all, o)
		}
	}
	return all
}

// answer writes an answer.
func answer(d handshake.Deflate) string {
	s := deflateName
	if d.ServerNoTakeover {
		s += "; " + serverNoTakeover
	}
	if d.ServerWindowBits > 0 {
		s += fmt.Sprintf("; %s=%d", serverWindow, d.ServerWindowBits)
	}
	if d.ClientNoTakeover {
		s += "; " + clientNoTakeover
	}
	if d.ClientWindowBits > 0 {
		s += fmt.Sprintf("; %s=%d", clientWindow, d.ClientWindowBits)
	}
	return s
}
