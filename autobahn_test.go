package websocket_test

import (
	"testing"

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
	if len(cases) != 301 {
		t.Errorf("%d cases are required, sections 1 to 7, 9 and 10 have 301", len(cases))
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
