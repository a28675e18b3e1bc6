package handshake

import (
	"fmt"
	"slices"
	"strings"
)

// maxProtocols is how many subprotocols a client may offer: more than any client has, and
// few enough to compare each of them with all others.
const maxProtocols = 64

// parseProtocols parses the values of all headers Sec-WebSocket-Protocol: tokens, each
// only once, in the order of the client's preference. Empty elements are skipped, so an
// empty header offers nothing.
func parseProtocols(lines []string) ([]string, error) {
	var protocols []string
	var empty emptyElements
	for _, line := range lines {
		for more := true; more; {
			var p string
			p, line, more = strings.Cut(line, ",")
			p = trim(p)
			switch {
			case p == "":
				if err := empty.add(); err != nil {
					return nil, err
				}
				continue
			case !isToken(p):
				return nil, fmt.Errorf("%s is not a token", printable(p))
			case len(protocols) == maxProtocols:
				return nil, fmt.Errorf("more than %d subprotocols", maxProtocols)
			case slices.Contains(protocols, p):
				return nil, fmt.Errorf("%s is repeated", printable(p))
			}
			protocols = append(protocols, p)
		}
	}
	return protocols, nil
}

// formatProtocols returns the value of one header for the subprotocols.
func formatProtocols(protocols []string) (string, error) {
	for i, p := range protocols {
		if !isToken(p) {
			return "", fmt.Errorf("subprotocol %q is not a token", p)
		}
		if slices.Contains(protocols[:i], p) {
			return "", fmt.Errorf("subprotocol %q is repeated", p)
		}
	}
	return strings.Join(protocols, ", "), nil
}

// SelectProtocol returns the first of the subprotocols offered, which are in the order of
// the client's preference, that is among those supported, and "" if none is (RFC 6455
// section 4.2.2). Case counts. "*" in supported stands for all.
func SelectProtocol(offered, supported []string) string {
	for _, p := range offered {
		if slices.Contains(supported, p) || slices.Contains(supported, "*") {
			return p
		}
	}
	return ""
}
