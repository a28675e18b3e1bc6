// Package cases has the cases of the conformance suite and the judge.
//
// A file sectionN.go has section N, as a table that can be read beside the RFC:
// what is sent, which events are expected, how the connection has to end. Sections
// 1 to 13 are Autobahn's, with its numbers and its verdicts. Sections from 14 on
// look at what that suite doesn't.
package cases

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hawser/websocket/cmd/conform/internal/engine"
	"hawser/websocket/handshake"
)

// Verdict is the outcome of a case, as Autobahn spells it.
type Verdict string

// The verdicts on behavior and, but for those at the end, on the close as well.
const (
	OK            Verdict = "OK"
	NonStrict     Verdict = "NON-STRICT" // allowed, but not what the RFC recommends
	Failed        Verdict = "FAILED"
	Informational Verdict = "INFORMATIONAL" // either way is right
	Unimplemented Verdict = "UNIMPLEMENTED" // the testee has not agreed to the extension

	Unclean        Verdict = "UNCLEAN"          // only for the close: not by a closing handshake
	WrongCode      Verdict = "WRONG CODE"       // only for the close
	FailedByClient Verdict = "FAILED BY CLIENT" // only for the close: the suite had to end the transport
)

// Testee says which endpoints a case is for.
type Testee int

// The testees.
const (
	Both Testee = iota
	Servers
	Clients
)

// Case is one test.
type Case struct {
	ID     string // numbers with dots between them
	Sends  string // what the suite does
	Wants  string // what the testee has to do, and where the RFC says so
	Only   Testee
	Long   bool // too long for a short run
	Timed  bool // the report shows how long it took
	Packed bool // the report shows what compression saved; without an agreement on it the case is UNIMPLEMENTED

	Negotiate Negotiation

	// The script: what is sent, which events are right, and what to do when so
	// much time has passed after the last step without what was expected.
	Steps      []Step
	OK         []engine.Event
	NonStrict  []engine.Event // nil if there's no such verdict
	Wait       time.Duration
	CloseAfter bool // then close instead of giving up

	// Play is for a case that is more than a script. It gets an open connection
	// and calls one of the methods of T that give a verdict.
	Play func(t *T)
	// Raw is for a case about the opening handshake, which it does itself.
	Raw func(t *T)

	End   Ending
	Limit time.Duration // bound on all of it; 0 is the script's own
	Shows bool          // INFORMATIONAL, whatever happens
}

// Negotiation is what a case does about extensions: Offer is what servers get,
// Accept answers what clients offer, with "" for nothing. The zero value is none.
type Negotiation struct {
	Offer  string
	Accept func(offers []handshake.Extension) string
}

// Ending is how a connection has to end.
type Ending struct {
	ByPeer bool  // the testee sends its Close frame first, or closes the transport
	Clean  bool  // there has to be a whole closing handshake
	Codes  []int // that the testee may send; none is always allowed
	Any    bool  // any end will do, of both sides

	WrongEndFails  bool // that the wrong side began to close fails the case
	WrongCodeFails bool // so does a wrong code
}

// normal is a close that the suite begins.
var normal = Ending{Clean: true, Codes: []int{1000}}

// anyEnd is for a case that says in another way what has to happen.
var anyEnd = Ending{Any: true}

// fails is for a case in which the testee has to fail the connection (RFC 6455
// section 7.1.7).
func fails(codes ...int) Ending { return Ending{ByPeer: true, Codes: codes} }

// T is a run of a case. It's for one goroutine.
type T struct {
	*Case
	Env
	Conn    *engine.Conn // nil if there is none
	Opening engine.Opening

	ctx      context.Context
	log      *engine.Log
	received []engine.Event
	behavior Verdict
	text     string
}

// All returns the cases for servers or for clients, in their order.
func All(who Testee) (all []*Case) {
	for _, section := range [][]*Case{
		section1(), section2(), section3(), section4(), section5(), section6(), section7(),
		section9(), section10(), section12(), section13(),
		section14(), section15(), section16(), section17(), section18(), section19(),
		section20(), section21(), section22(), section23(), section24(),
	} {
		for _, c := range section {
			if c.Only == Both || c.Only == who {
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Case) int { return Compare(a.ID, b.ID) })
	return all
}

// Compare orders the numbers of cases.
func Compare(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return m - n
	})
}

// Section returns the number before the first dot.
func Section(id string) string {
	section, _, _ := strings.Cut(id, ".")
	return section
}

// Select returns those of all that patterns include and don't exclude. In a
// pattern * stands for any characters, dots too. A pattern that means no case is
// an error, as it's a mistake.
func Select(all []*Case, include, exclude []string) ([]*Case, error) {
	in, err := matching(all, include)
	if err != nil {
		return nil, err
	}
	out, err := matching(all, exclude)
	if err != nil {
		return nil, err
	}
	var selected []*Case
	for _, c := range all {
		if in[c.ID] && !out[c.ID] {
			selected = append(selected, c)
		}
	}
	return selected, nil
}

func matching(all []*Case, patterns []string) (map[string]bool, error) {
	matched := map[string]bool{}
	for _, p := range patterns {
		n := 0
		for _, c := range all {
			if Match(p, c.ID) {
				matched[c.ID] = true
				n++
			}
		}
		if n == 0 {
			return nil, fmt.Errorf("there is no case %s", p)
		}
	}
	return matched, nil
}

// Match reports whether a pattern means a name.
func Match(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}
