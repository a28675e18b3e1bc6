// Dialing, the encoding of names of hosts that idn.go uses (RFC 3492).

package client

// The parameters of Punycode (RFC 3492 section 5).
const (
	punyBase        = 36
	punyTMin        = 1
	punyTMax        = 26
	punySkew        = 38
	punyDamp        = 700
	punyInitialBias = 72
	punyInitialN    = 0x80
)

// punycode encodes a label (RFC 3492 section 6.3). The prefix "xn--" is not part
// of the result. A label may have at most maxLabel characters, so that no number
// here can overflow, even with 32 bits.
func punycode(label []rune) string {
	var out []byte
	for _, r := range label {
		if r < punyInitialN {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(punyInitialN), 0, punyInitialBias
	for handled := basic; handled < len(label); {
		next := rune(0x7fffffff) // the smallest character that isn't encoded yet
		for _, r := range label {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			out = appendPuny(out, delta, bias)
			bias = adaptPuny(delta, handled+1, handled == basic)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	return string(out)
}

// appendPuny appends a number as an integer of variable length.
func appendPuny(out []byte, number, bias int) []byte {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := punyBase; ; k += punyBase {
		t := min(max(k-bias, punyTMin), punyTMax)
		if number < t {
			return append(out, digits[number])
		}
		out = append(out, digits[t+(number-t)%(punyBase-t)])
		number = (number - t) / (punyBase - t)
	}
}

// adaptPuny is the adaptation of the bias (RFC 3492 section 6.1).
func adaptPuny(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}
