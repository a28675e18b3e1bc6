package cases

// section5 is about fragmentation (RFC 6455 section 5.4).
func section5() []*Case {
	const (
		f1, f2, f3, f4, f5 = "fragment1", "fragment2", "fragment3", "fragment4", "fragment5"
		p1, p2             = "pongme 1!", "pongme 2!"
		stray              = "non-continuation payload"
		control            = "The connection is failed at once: control frames are not fragmented (RFC 6455 section 5.5)."
		back               = "The message comes back."
		pongFirst          = "The pong comes back, then the message."
		noStart            = "The connection is failed at once: there is no message to continue (RFC 6455 section 5.4)."
		both               = "Both pings are answered at once, then the message comes back."
	)
	whole, five := gotText(f1+f2), gotText(f1+f2+f3+f4+f5)
	tangle := func(first send) []Step {
		return steps(first, text(f2).more(), cont(f3), first, text(f2).more(), cont(f3))
	}
	all := []*Case{
		{ID: "5.1", Sends: "a ping in two fragments", Wants: control, Steps: steps(ping(f1).more(), cont(f2)), OK: nothing, End: fails(1002)},
		{ID: "5.2", Sends: "a pong in two fragments", Wants: control, Steps: steps(pong(f1).more(), cont(f2)), OK: nothing, End: fails(1002)},
		{ID: "5.3", Sends: "a text message in two fragments, in one write", Wants: back, Steps: steps(text(f1).more(), cont(f2)), OK: events(whole), End: normal},
		{ID: "5.4", Sends: "a text message in two fragments, in a write each", Wants: back, Steps: steps(text(f1).more().alone(), cont(f2).alone()), OK: events(whole), End: normal},
		{ID: "5.5", Sends: "a text message in two fragments, one byte at a time", Wants: back, Steps: steps(text(f1).more().chop(1), cont(f2).chop(1)), OK: events(whole), End: normal},
		{ID: "5.6", Sends: "a ping between two fragments, in one write", Wants: pongFirst, Steps: steps(text(f1).more(), ping(pinged), cont(f2)), OK: events(gotPong(pinged), whole), End: normal},
		{ID: "5.7", Sends: "a ping between two fragments, in a write each", Wants: pongFirst, Steps: steps(text(f1).more().alone(), ping(pinged).alone(), cont(f2).alone()), OK: events(gotPong(pinged), whole), End: normal},
		{ID: "5.8", Sends: "a ping between two fragments, one byte at a time", Wants: pongFirst, Steps: steps(text(f1).more().chop(1), ping(pinged).chop(1), cont(f2).chop(1)), OK: events(gotPong(pinged), whole), End: normal},
		{ID: "5.9", Sends: "a last continuation of nothing, and a text message, in one write", Wants: noStart, Steps: steps(cont(stray), text(hello)), OK: nothing, End: fails(1002)},
		{ID: "5.10", Sends: "a last continuation of nothing, and a text message, in a write each", Wants: noStart, Steps: steps(cont(stray).alone(), text(hello).alone()), OK: nothing, End: fails(1002)},
		{ID: "5.11", Sends: "a last continuation of nothing, and a text message, one byte at a time", Wants: noStart, Steps: steps(cont(stray).chop(1), text(hello).chop(1)), OK: nothing, End: fails(1002)},
		{ID: "5.12", Sends: "a continuation of nothing, and a text message, in one write", Wants: noStart, Steps: steps(cont(stray).more(), text(hello)), OK: nothing, End: fails(1002)},
		{ID: "5.13", Sends: "a continuation of nothing, and a text message, in a write each", Wants: noStart, Steps: steps(cont(stray).more().alone(), text(hello).alone()), OK: nothing, End: fails(1002)},
		{ID: "5.14", Sends: "a continuation of nothing, and a text message, one byte at a time", Wants: noStart, Steps: steps(cont(stray).more().chop(1), text(hello).chop(1)), OK: nothing, End: fails(1002)},
		{ID: "5.15", Sends: "a text message in two fragments, a continuation of nothing, a text message, in one write", Wants: "The first message comes back, then the connection is failed.", Steps: steps(text(f1).more(), cont(f2), cont(f3).more(), text(f4)), OK: events(whole), NonStrict: nothing, End: fails(1002)},
		{ID: "5.16", Sends: "twice: a continuation of nothing, a text message in two fragments", Wants: noStart, Steps: tangle(cont(f1).more()), OK: nothing, End: fails(1002)},
		{ID: "5.17", Sends: "twice: a last continuation of nothing, a text message in two fragments", Wants: noStart, Steps: tangle(cont(f1)), OK: nothing, End: fails(1002)},
		{ID: "5.18", Sends: "the first fragment of a text message, and a whole text message", Wants: "The connection is failed at once: the second frame has to be a continuation (RFC 6455 section 5.4).", Steps: steps(text(f1).more(), text(f2)), OK: nothing, End: fails(1002)},
		{ID: "5.19", Sends: "a text message in five fragments, with a ping behind the second and before the last, and a second of silence in the middle", Wants: both,
			Steps: steps(text(f1).more(), cont(f2).more(), ping(p1), pause{d: second}, cont(f3).more(), cont(f4).more(), ping(p2), cont(f5)), OK: events(gotPong(p1), gotPong(p2), five), End: normal},
		{ID: "5.20", Sends: "the same in a write each", Wants: both,
			Steps: steps(text(f1).more().alone(), cont(f2).more().alone(), ping(p1).alone(), pause{d: second}, cont(f3).more().alone(), cont(f4).more().alone(), ping(p2).alone(), cont(f5).alone()), OK: events(gotPong(p1), gotPong(p2), five), End: normal},
	}
	for _, c := range all {
		c.Wait, c.CloseAfter = second, !c.End.ByPeer
	}
	return all
}
