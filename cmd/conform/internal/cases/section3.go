package cases

// After a valid message a testee has to fail the connection. That it does so
// before the echo of the message gets out is allowed, but not recommended.
const (
	failsAtOnce = "The connection is failed at once"
	failsThen   = "The message comes back, then the connection is failed, before the ping is answered"
)

// section3 is about reserved bits that no extension gives a meaning (RFC 6455
// section 5.2).
func section3() []*Case {
	const why = ": reserved bits must be 0 (RFC 6455 section 5.2)."
	first := events(gotText(hello))
	return []*Case{
		{ID: "3.1", Sends: "a text message with RSV 1", Wants: failsAtOnce + why, Steps: steps(text(hello).rsv(1)), OK: nothing, Wait: second, End: fails(1002)},
		{ID: "3.2", Sends: "a text message, one with RSV 2, a ping, in one write", Wants: failsThen + why, Steps: steps(text(hello), text(hello).rsv(2), ping("")), OK: first, NonStrict: nothing, Wait: second, End: fails(1002)},
		{ID: "3.3", Sends: "a text message, one with RSV 3, a ping, in a write each", Wants: failsThen + why, Steps: steps(text(hello).alone(), text(hello).rsv(3).alone(), ping("").alone()), OK: first, NonStrict: nothing, Wait: second, End: fails(1002)},
		{ID: "3.4", Sends: "a text message, one with RSV 4, a ping, one byte at a time", Wants: failsThen + why, Steps: steps(text(hello).chop(1), text(hello).rsv(4).chop(1), ping("").chop(1)), OK: first, NonStrict: nothing, Wait: second, End: fails(1002)},
		{ID: "3.5", Sends: "a binary message with RSV 5", Wants: failsAtOnce + why, Steps: steps(binary(odd).rsv(5)), OK: nothing, Wait: second, End: fails(1002)},
		{ID: "3.6", Sends: "a binary message with RSV 6", Wants: failsAtOnce + why, Steps: steps(binary(hello).rsv(6)), OK: nothing, Wait: second, End: fails(1002)},
		{ID: "3.7", Sends: "a Close frame with RSV 7", Wants: failsAtOnce + why, Steps: steps(opcode(8, "").rsv(7)), OK: nothing, Wait: second, End: fails(1002)},
	}
}
