package cases

import (
	"fmt"
	"slices"
	"strings"

	"hawser/websocket/cmd/conform/internal/engine"
)

// judge fills in the verdicts, by the rules of Autobahn's suite: behavior is the
// first of what is expected that is what was received. The close is judged in the
// order of closeVerdict. Beyond those rules, a breach of the protocol by the testee
// fails any case.
func (t *T) judge(r *Result) {
	opened := t.Conn != nil
	r.Behavior, r.Text = t.behavior, t.text
	if opened && t.Play == nil && t.Raw == nil && t.behavior == Failed {
		switch {
		case same(t.received, t.OK):
			r.Behavior, r.Text = OK, "What happened is what is expected."
		case t.NonStrict != nil && same(t.received, t.NonStrict):
			r.Behavior, r.Text = NonStrict, "What happened is allowed, but not what is recommended."
		}
	}
	switch {
	case t.Raw != nil || opened && t.End.Any: // the case has said all
		r.BehaviorClose, r.CloseText = OK, "However it ended."
	case !opened:
		r.BehaviorClose, r.CloseText = Failed, "The opening handshake was never completed."
	default:
		r.BehaviorClose, r.CloseText = t.closeVerdict(&r.End)
		if t.End.WrongEndFails && t.End.ByPeer == r.End.ClosedByMe ||
			t.End.WrongCodeFails && r.BehaviorClose == WrongCode {
			r.Behavior, r.Text = Failed, r.CloseText
		}
	}
	if r.End.Breach != "" { // whatever the case is about
		r.Behavior = Failed
		r.Text += " The testee was in breach: " + r.End.Breach + "."
	}
	if t.Shows {
		r.Behavior, r.BehaviorClose = Informational, Informational
	}
}

func (t *T) closeVerdict(end *engine.End) (Verdict, string) {
	switch {
	case t.End.ByPeer == end.ClosedByMe:
		return Failed, "The connection was closed by the wrong side."
	case t.End.Clean && !end.Clean:
		return Unclean, "There has to be a whole closing handshake: " + end.NotClean + "."
	case end.RemoteCode != engine.NoCode && !slices.Contains(t.End.Codes, end.RemoteCode):
		return WrongCode, fmt.Sprintf("The close code was %d; it has to be %s, or none.", end.RemoteCode, oneOf(t.End.Codes))
	case t.Request == nil && end.DroppedByMe:
		return FailedByClient, "The server should have closed the transport; the suite did: " + end.NotClean + "."
	}
	return OK, "The connection was closed as it has to be."
}

func oneOf(codes []int) string {
	s := make([]string, len(codes))
	for i, c := range codes {
		s[i] = fmt.Sprint(c)
	}
	return strings.Join(s, " or ")
}

func same(got, want []engine.Event) bool {
	return slices.EqualFunc(got, want, engine.Event.Same)
}
