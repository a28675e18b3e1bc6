package cases

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"hawser/websocket/cmd/conform/internal/engine"
)

func ids(all []*Case) (s []string) {
	for _, c := range all {
		s = append(s, c.ID)
	}
	return s
}

// TestAllOfAutobahn: sections 1 to 13 have exactly the cases of Autobahn's suite,
// for servers as for clients.
func TestAllOfAutobahn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../../testdata/autobahn/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(text))
	for _, who := range []Testee{Servers, Clients} {
		var got []string
		for _, id := range ids(All(who)) {
			if Compare(Section(id), "14") < 0 {
				got = append(got, id)
			}
		}
		slices.SortFunc(want, Compare)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("cases (-Autobahn's +ours):\n%s", d)
		}
	}
}

// TestCases: every case has a number of its own, says what it is, and can end.
func TestCases(t *testing.T) {
	t.Parallel()
	for _, who := range []Testee{Servers, Clients} {
		all := All(who)
		if !slices.IsSortedFunc(all, func(a, b *Case) int { return Compare(a.ID, b.ID) }) {
			t.Error("the cases are not in their order")
		}
		seen := map[string]bool{}
		for _, c := range all {
			switch {
			case seen[c.ID]:
				t.Errorf("case %s is there twice", c.ID)
			case c.Sends == "" || strings.HasSuffix(c.Sends, ".") || !strings.HasSuffix(c.Wants, "."):
				t.Errorf("case %s is described as %q, %q", c.ID, c.Sends, c.Wants)
			case Titles[Section(c.ID)] == "":
				t.Errorf("section %s has no title", Section(c.ID))
			case c.Play == nil && c.Raw == nil && (c.Steps == nil || c.OK == nil || c.Wait == 0):
				t.Errorf("case %s is none", c.ID)
			case c.Play == nil && c.Raw == nil && !c.End.ByPeer && !c.End.Any && len(c.End.Codes) == 0:
				t.Errorf("case %s has no code to close with", c.ID)
			case c.limit(1) > 30*time.Minute || !c.Long && c.limit(1) > 90*time.Second:
				t.Errorf("case %s may take %v", c.ID, c.limit(1))
			}
			seen[c.ID] = true
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	all := All(Servers)
	for _, test := range []struct{ include, exclude, want string }{
		{"1.1.1", "", "1.1.1"},
		{"3.*", "", "3.1 3.2 3.3 3.4 3.5 3.6 3.7"},
		{"2.1*", "", "2.1 2.10 2.11"},
		{"3.7,3.1,3.1", "", "3.1 3.7"},
		{"3.*,4.1.1", "3.2,3.3,3.4,4.*", "3.1 3.5 3.6 3.7"},
		{"7.*.13", "", "7.7.13"},
		{"*.1.8", "", "1.1.8 12.1.8 13.1.8 14.1.8 15.1.8 16.1.8 17.1.8 19.1.8 20.1.8 22.1.8 23.1.8"},
	} {
		exclude := strings.FieldsFunc(test.exclude, func(r rune) bool { return r == ',' })
		got, err := Select(all, strings.Split(test.include, ","), exclude)
		if d := cmp.Diff(strings.Fields(test.want), ids(got)); err != nil || d != "" {
			t.Errorf("%s without %s: %v\n%s", test.include, test.exclude, err, d)
		}
	}
	for _, pattern := range []string{"1.1.9", "8.*", "x", "", "1.1.1 "} {
		if _, err := Select(all, []string{pattern}, nil); err == nil {
			t.Errorf("%q is no error", pattern)
		}
	}
}

// TestJudge: the verdicts are Autobahn's, in its order.
func TestJudge(t *testing.T) {
	t.Parallel()
	const none = engine.NoCode
	a, b := gotText("a"), gotPong("b")
	for name, test := range map[string]struct {
		c        Case
		received []engine.Event
		end      engine.End
		client   bool // is the testee
		want     [2]Verdict
	}{
		"as expected":                        {Case{OK: events(a, b), End: normal}, events(a, b), engine.End{ClosedByMe: true, Clean: true, RemoteCode: 1000}, false, [2]Verdict{OK, OK}},
		"without a code":                     {Case{OK: events(a), End: normal}, events(a), engine.End{ClosedByMe: true, Clean: true, RemoteCode: none}, false, [2]Verdict{OK, OK}},
		"the other order":                    {Case{OK: events(a, b), End: normal}, events(b, a), engine.End{ClosedByMe: true, Clean: true, RemoteCode: 1000}, false, [2]Verdict{Failed, OK}},
		"one too many":                       {Case{OK: events(a), End: normal}, events(a, a), engine.End{ClosedByMe: true, Clean: true, RemoteCode: 1000}, false, [2]Verdict{Failed, OK}},
		"another type":                       {Case{OK: events(gotBinary("a")), End: normal}, events(a), engine.End{ClosedByMe: true, Clean: true, RemoteCode: 1000}, false, [2]Verdict{Failed, OK}},
		"non-strict":                         {Case{OK: events(a), NonStrict: nothing, End: fails(1002)}, nil, engine.End{RemoteCode: 1002, Clean: true}, false, [2]Verdict{NonStrict, OK}},
		"OK before non-strict":               {Case{OK: nothing, NonStrict: nothing, End: fails(1002)}, nil, engine.End{RemoteCode: 1002, Clean: true}, false, [2]Verdict{OK, OK}},
		"wrong end before unclean":           {Case{OK: nothing, End: normal}, nil, engine.End{RemoteCode: 1002}, false, [2]Verdict{OK, Failed}},
		"unclean before wrong code":          {Case{OK: nothing, End: normal}, nil, engine.End{ClosedByMe: true, RemoteCode: 1002}, false, [2]Verdict{OK, Unclean}},
		"wrong code before failed by client": {Case{OK: nothing, End: fails(1002)}, nil, engine.End{RemoteCode: 1003, DroppedByMe: true}, false, [2]Verdict{OK, WrongCode}},
		"failed by client":                   {Case{OK: nothing, End: fails(1002)}, nil, engine.End{RemoteCode: none, DroppedByMe: true}, false, [2]Verdict{OK, FailedByClient}},
		"dropped as a server":                {Case{OK: nothing, End: fails(1002)}, nil, engine.End{RemoteCode: none, DroppedByMe: true}, true, [2]Verdict{OK, OK}},
		"wrong end is fatal":                 {Case{OK: nothing, End: Ending{ByPeer: true, WrongEndFails: true}}, nil, engine.End{ClosedByMe: true, RemoteCode: none}, false, [2]Verdict{Failed, Failed}},
		"wrong code is fatal":                {Case{OK: nothing, End: Ending{Codes: []int{1000}, WrongCodeFails: true}}, nil, engine.End{ClosedByMe: true, RemoteCode: 1002}, true, [2]Verdict{Failed, WrongCode}},
		"informational":                      {Case{OK: events(a), End: normal, Shows: true}, nil, engine.End{RemoteCode: 1002}, false, [2]Verdict{Informational, Informational}},
		"any end":                            {Case{OK: nothing, End: anyEnd}, nil, engine.End{RemoteCode: 4000}, false, [2]Verdict{OK, OK}},
	} {
		t.Run(name, func(t *testing.T) {
			run := &T{Case: &test.c, Conn: &engine.Conn{}, received: test.received, behavior: Failed}
			if test.client {
				run.Request = &engine.Request{}
			}
			r := &Result{End: test.end}
			run.judge(r)
			if got := [2]Verdict{r.Behavior, r.BehaviorClose}; got != test.want {
				t.Errorf("%v, want %v (%s %s)", got, test.want, r.Text, r.CloseText)
			}
		})
	}
	run := &T{Case: &Case{OK: nothing, End: normal}, behavior: Failed}
	r := &Result{}
	if run.judge(r); r.Behavior != Failed || r.BehaviorClose != Failed {
		t.Errorf("without a connection: %v, %v", r.Behavior, r.BehaviorClose)
	}
}

func TestPassed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behavior, closes Verdict
		passed, strict   bool
	}{
		{OK, OK, true, true}, {Informational, Informational, true, true}, {NonStrict, OK, true, false}, {Unimplemented, OK, true, false},
		{Failed, OK, false, false}, {OK, Failed, false, false}, {OK, Unclean, false, false}, {OK, WrongCode, false, false}, {OK, FailedByClient, false, false},
	} {
		r := &Result{Behavior: test.behavior, BehaviorClose: test.closes}
		if r.Passed(false) != test.passed || r.Passed(true) != test.strict {
			t.Errorf("%s, %s: %v, strictly %v", test.behavior, test.closes, r.Passed(false), r.Passed(true))
		}
	}
}
