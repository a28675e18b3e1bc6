package main

import "strings"

// explain returns why a verdict of cmd/conform differs from kosoku's, or "" if
// there's no reason. The reasons are what the original does: autobahn-testsuite
// 25.10.1 on autobahn-python 0.10.9, whose names are quoted.
func explain(what, id string, theirs, ours verdict) string {
	_, role, _ := strings.Cut(what, " ")
	section, rest, _ := strings.Cut(id, ".")
	group, _, _ := strings.Cut(rest, ".")
	switch {
	case strings.Contains(theirs.result, "Strings must be encoded before hashing"):
		return "kosoku fails itself when a message comes back that isn't compressed, which RFC 7692 section 6.1 allows; the original hashes what came (case12_x_x.py, onMessage)"
	case role == "client" && section == "13" && strings.Contains("2567", group) && theirs.behavior == "UNIMPLEMENTED":
		return "kosoku asks a client to do without context takeover only if it offers that; the original asks any (compress_deflate.py, PerMessageDeflateOffer.parse: acceptNoContextTakeover = True), as RFC 7692 section 7.1.1.2 allows"
	case strings.Contains(ours.result, "The testee was in breach"):
		return "kosoku doesn't look at whether the peer keeps to the protocol, or takes it for the end; the original fails the connection by closing the transport (protocol.py, protocolViolation and invalidPayload), and conform counts it as FAILED"
	case (id == "3.4" || id == "4.1.5" || id == "4.2.5") && theirs.behavior == "NON-STRICT" && ours.behavior == "OK":
		return "kosoku writes the octets one after another, so that the peer may read the offence together with the message before it; the original lets each go before the next (protocol.py, _QUEUED_WRITE_DELAY)"
	case ours.dropTimeout && theirs.close == "OK":
		return "kosoku doesn't wait for the server to close the transport; the original does, for a second (protocol.py, onServerConnectionDropTimeout)"
	case (section == "9" && (group == "3" || group == "4")) && theirs.behavior == "FAILED" && ours.behavior == "FAILED":
		return "both fail the case for what came back first; how the connection then ends depends on how much the peer has still to send back, which kosoku doesn't read while it writes"
	}
	return ""
}
