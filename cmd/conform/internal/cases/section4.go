package cases

// section4 is about reserved opcodes (RFC 6455 section 5.2).
func section4() []*Case {
	const why = ": the opcode is reserved (RFC 6455 section 5.2)."
	const reserved = "reserved opcode payload"
	first := events(gotText(hello))
	all := []*Case{
		{ID: "4.1.1", Sends: "a frame with opcode 3", Wants: failsAtOnce + why, Steps: steps(opcode(3, "")), OK: nothing},
		{ID: "4.1.2", Sends: "a frame with opcode 4 and payload", Wants: failsAtOnce + why, Steps: steps(opcode(4, reserved)), OK: nothing},
		{ID: "4.1.3", Sends: "a text message, opcode 5, a ping", Wants: failsThen + why, Steps: steps(text(hello), opcode(5, ""), ping("")), OK: first, NonStrict: nothing},
		{ID: "4.1.4", Sends: "a text message, opcode 6 with payload, a ping", Wants: failsThen + why, Steps: steps(text(hello), opcode(6, hello), ping("")), OK: first, NonStrict: nothing},
		{ID: "4.1.5", Sends: "a text message, opcode 7 with payload, a ping, one byte at a time", Wants: failsThen + why, Steps: steps(text(hello).chop(1), opcode(7, hello).chop(1), ping("").chop(1)), OK: first, NonStrict: nothing},
		{ID: "4.2.1", Sends: "a frame with opcode 11", Wants: failsAtOnce + why, Steps: steps(opcode(11, "")), OK: nothing},
		{ID: "4.2.2", Sends: "a frame with opcode 12 and payload", Wants: failsAtOnce + why, Steps: steps(opcode(12, reserved)), OK: nothing},
		{ID: "4.2.3", Sends: "a text message, opcode 13, a ping", Wants: failsThen + why, Steps: steps(text(hello), opcode(13, ""), ping("")), OK: first, NonStrict: nothing},
		{ID: "4.2.4", Sends: "a text message, opcode 14 with payload, a ping", Wants: failsThen + why, Steps: steps(text(hello), opcode(14, hello), ping("")), OK: first, NonStrict: nothing},
		{ID: "4.2.5", Sends: "a text message, opcode 15 with payload, a ping, one byte at a time", Wants: failsThen + why, Steps: steps(text(hello).chop(1), opcode(15, hello).chop(1), ping("").chop(1)), OK: first, NonStrict: nothing},
	}
	for _, c := range all {
		c.Wait, c.End = second, fails(1002)
	}
	return all
}
