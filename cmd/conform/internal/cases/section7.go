package cases

import (
	"fmt"
	"strings"
)

// section7 is about closing (RFC 6455 sections 5.5.1 and 7).
func section7() []*Case {
	const (
		world   = "Hello World!"
		f1, f2  = "fragment1", "fragment2"
		answers = "The closing handshake is completed."
		ignores = "The closing handshake is completed, and what comes behind the Close frame ignored (RFC 6455 section 5.5.1)."
		refuses = "The Close frame is answered with 1002, or the transport closed."
		open    = "Either way is right."
	)
	strict := Ending{Clean: true, Codes: []int{1000}, WrongCodeFails: true}
	broken := Ending{Codes: []int{1002}, WrongCodeFails: true}
	long := strings.Repeat("BAsd7&jh23", 26215)[:262144]
	all := []*Case{
		{ID: "7.1.1", Sends: "a text message, and a Close frame when it came back", Wants: "The message comes back, and " + strings.ToLower(answers), Steps: steps(text(world)), OK: events(gotText(world)), End: strict},
		{ID: "7.1.2", Sends: "two Close frames", Wants: ignores, Steps: steps(closing(code), closing("")), OK: nothing, End: strict},
		{ID: "7.1.3", Sends: "a Close frame, and a ping", Wants: ignores, Steps: steps(closing(code), ping("")), OK: nothing, End: strict},
		{ID: "7.1.4", Sends: "a Close frame, and a text message", Wants: ignores, Steps: steps(closing(code), text(world)), OK: nothing, End: strict},
		{ID: "7.1.5", Sends: "a fragment, a Close frame, and another fragment", Wants: ignores, Steps: steps(text(f1).more(), closing(code), cont(f2)), OK: nothing, End: strict},
		{ID: "7.1.6", Sends: "a text message of 256 KiB, a short one, a Close frame, a ping", Wants: open + " Messages that are still under way when the Close frame is seen may be lost.",
			Steps: steps(text(long), text(world), closing(code), ping("")), OK: events(gotText(world)), NonStrict: nothing, End: normal, Shows: true},
		{ID: "7.3.1", Sends: "an empty Close frame", Wants: answers, Steps: steps(closing("")), OK: nothing, End: strict},
		{ID: "7.3.2", Sends: "a Close frame of one byte", Wants: refuses, Steps: steps(closing("a")), OK: nothing, End: broken},
		{ID: "7.3.3", Sends: "a Close frame with a code", Wants: answers, Steps: steps(closing(code)), OK: nothing, End: strict},
		{ID: "7.3.4", Sends: "a Close frame with a code and a reason", Wants: answers, Steps: steps(closing(code + world)), OK: nothing, End: strict},
		{ID: "7.3.5", Sends: "a Close frame with the longest reason, 123 bytes", Wants: answers, Steps: steps(closing(code + strings.Repeat("*", 123))), OK: nothing, End: strict},
		{ID: "7.3.6", Sends: "a Close frame with a reason that is too long, 124 bytes", Wants: refuses, Steps: steps(closing(code + strings.Repeat("*", 124))), OK: nothing, End: broken},
		{ID: "7.5.1", Sends: "a Close frame with a reason that is not UTF-8", Wants: "The Close frame is answered with 1002 or 1007, or the transport closed.", Steps: steps(closing(code + kosme + "\xed\xa0\x80edited")), OK: nothing,
			End: Ending{Codes: []int{1002, 1007}, WrongCodeFails: true}},
	}
	for i, n := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		all = append(all, &Case{ID: fmt.Sprintf("7.7.%d", i+1), Sends: fmt.Sprintf("a Close frame with the code %d", n), Wants: "The closing handshake is completed, with the same code or 1000.",
			Steps: steps(closing(closeCode(n))), OK: nothing, End: Ending{Clean: true, Codes: []int{1000, n}, WrongCodeFails: true}})
	}
	for i, n := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		all = append(all, &Case{ID: fmt.Sprintf("7.9.%d", i+1), Sends: fmt.Sprintf("a Close frame with the code %d, which must not be sent", n), Wants: refuses,
			Steps: steps(closing(closeCode(n))), OK: nothing, End: broken})
	}
	for i, n := range []int{5000, 65535} {
		all = append(all, &Case{ID: fmt.Sprintf("7.13.%d", i+1), Sends: fmt.Sprintf("a Close frame with the code %d", n), Wants: open,
			Steps: steps(closing(closeCode(n))), OK: nothing, End: Ending{Codes: []int{1000, n, 1002}}, Shows: true})
	}
	for _, c := range all {
		c.Wait = second
	}
	return all
}

// closeCode is a code as it stands in a Close frame.
func closeCode(n int) string {
	return string([]byte{byte(n >> 8), byte(n)})
}
