package websocket_test

import (
	"strings"
	"testing"

	"hawser/websocket/handshake"
	"hawser/websocket/testdata/autobahn/report"
)

// TestAutobahn holds the recorded reports of both roles against the verdict that
// every case must have. To run the suite itself:
//
//	go run ./testdata/autobahn/run
func TestAutobahn(t *testing.T) {
	t.Parallel()
	cases, err := report.LoadCases("testdata/autobahn/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 517 {
		t.Errorf("%d cases are required, the suite has 517", len(cases))
	}
	for _, role := range []string{"server", "client"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			r, err := report.Load("testdata/autobahn/reports/" + role + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range r.Check(cases) {
				t.Error(fault)
			}
		})
	}
}

// TestAutobahnAnswers: none of the recorded answers is illegal, which the suite
// doesn't look at, and whatever window the server was asked to keep to first, it
// keeps to.
func TestAutobahnAnswers(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"server", "client"} {
		r, err := report.Load("testdata/autobahn/reports/" + role + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		agreements, windows := 0, 0
		for id, v := range r {
			section, _, _ := strings.Cut(id, ".")
			if (v.Answer == "") == (section == "12" || section == "13") {
				t.Errorf("%s %s: the answer to %q is %q", role, id, v.Offer, v.Answer)
			}
			if v.Answer == "" {
				continue
			}
			agreements++
			offered, err := handshake.ParseExtensions([]string{v.Offer})
			if err != nil {
				t.Fatal(err)
			}
			answered, err := handshake.ParseExtensions([]string{v.Answer})
			if err != nil || len(answered) != 1 {
				t.Fatalf("%s %s: %q, %v", role, id, v.Answer, err)
			}
			if _, err := handshake.CheckDeflate(offered, answered[0]); err != nil {
				t.Errorf("%s %s: %v", role, id, err)
			}
			if role == "server" && len(offered[0].Params) > 0 {
				if _, err := handshake.CheckDeflate(offered[:1], answered[0]); err != nil {
					t.Errorf("%s: the first offer of %q was not taken: %v", id, v.Offer, err)
				}
				if strings.Contains(v.Offer, "server_max_window_bits=") {
					windows++
				}
			}
		}
		if agreements != 216 || role == "server" && windows != 5*18 {
			t.Errorf("%s: %d agreements, %d about the server's window", role, agreements, windows)
		}
	}
}
