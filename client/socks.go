// Dialing, through a SOCKS5 proxy (RFC 1928). It speaks on a connection that proxy.go
// has made, and closes nothing.

package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// connectSOCKS asks a SOCKS5 proxy for a connection to target (RFC 1928), which
// resolves its name, with user's name and password if it wants them (RFC 1929). It
// returns the step that it got to.
func connectSOCKS(rw io.ReadWriter, user *url.Userinfo, target string) (step string, err error) {
	step = "SOCKS5 greeting"
	methods := []byte{5, 1, 0}
	if user != nil {
		methods = []byte{5, 2, 0, 2}
	}
	var answer [2]byte
	if err := exchange(rw, methods, answer[:]); err != nil {
		return step, err
	}
	switch {
	case answer[0] != 5:
		return step, errors.New("it doesn't speak SOCKS5")
	case answer[1] == 2 && user != nil:
		step = "SOCKS5 authentication"
		if err := authenticateSOCKS(rw, user); err != nil {
			return step, err
		}
	case answer[1] != 0:
		return step, errors.New("it accepts none of the ways to authenticate")
	}
	step = "SOCKS5 request for " + target
	req, err := appendTarget([]byte{5, 1, 0}, target)
	if err != nil {
		return step, err
	}
	var head [4]byte
	if err := exchange(rw, req, head[:]); err != nil {
		return step, err
	}
	if head[1] != 0 {
		return step, fmt.Errorf("it can't connect: %s", socksReply(head[1]))
	}
	return step, skipAddress(rw, head[3])
}

// exchange writes out and reads as many bytes as in has.
func exchange(rw io.ReadWriter, out, in []byte) error {
	if _, err := rw.Write(out); err != nil {
		return err
	}
	return readFull(rw, in)
}

// readFull reads all of p, and says so if the proxy closes the connection before.
func readFull(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it closed the connection: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// authenticateSOCKS sends the name and the password of user (RFC 1929).
func authenticateSOCKS(rw io.ReadWriter, user *url.Userinfo) error {
	name := user.Username()
	password, _ := user.Password()
	if len(name) == 0 || len(name) > 255 || len(password) > 255 {
		return errors.New("user name or password is too long, or missing")
	}
	req := append([]byte{1, byte(len(name))}, name...)
	req = append(append(req, byte(len(password))), password...)
	var answer [2]byte
	if err := exchange(rw, req, answer[:]); err != nil {
		return err
	}
	if answer[1] != 0 {
		return errors.New("it refuses the user name or password")
	}
	return nil
}

// appendTarget appends an address in the form of RFC 1928 section 5.
func appendTarget(b []byte, target string) ([]byte, error) {
	host, portText, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q", portText)
	}
	switch ip, err := netip.ParseAddr(host); {
	case err == nil && ip.Is4():
		b = append(append(b, 1), ip.AsSlice()...)
	case err == nil:
		b = append(append(b, 4), ip.AsSlice()...)
	case len(host) > 255:
		return nil, errors.New("host name is longer than 255 bytes")
	default:
		b = append(append(b, 3, byte(len(host))), host...)
	}
	return append(b, byte(port>>8), byte(port)), nil
}

// skipAddress reads the address that a reply ends with.
func skipAddress(r io.Reader, kind byte) error {
	n := 0
	switch kind {
	case 1:
		n = 4
	case 4:
		n = 16
	case 3:
		var size [1]byte
		if err := readFull(r, size[:]); err != nil {
			return err
		}
		n = int(size[0])
	default:
		return fmt.Errorf("address of kind %d in its reply", kind)
	}
	return readFull(r, make([]byte, n+2))
}

// socksReply returns the meaning of the code in a proxy's reply (RFC 1928 section 6).
func socksReply(code byte) string {
	texts := []string{1: "general failure", "not allowed", "network unreachable", "host unreachable",
		"connection refused", "TTL expired", "command not supported", "address type not supported"}
	if int(code) < len(texts) {
		return texts[code]
	}
	return "reply " + strconv.Itoa(int(code))
}
