// Package report reads what Autobahn's suite reports, keeps the part that says
// something about an endpoint, and judges it.
package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Sections are those of the suite that are run: all but 12 and 13, which are
// about compression.
var Sections = []string{"1", "2", "3", "4", "5", "6", "7", "9", "10"}

// informational are the cases for which the suite has no verdict, whatever
// happens.
var informational = []string{"7.1.6", "7.13.1", "7.13.2"}

// Verdict is the outcome of one case.
type Verdict struct {
	Behavior, Close string // such as OK, NON-STRICT, FAILED
	Code            string // that the endpoint closed with, "-" for none
}

// Report has the verdicts by the number of the case.
type Report map[string]Verdict

// Read reads the index.json that the suite has written into dir.
func Read(dir string) (Report, error) {
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	var agents map[string]map[string]struct {
		Behavior        string
		BehaviorClose   string
		RemoteCloseCode *int
	}
	if err := json.Unmarshal(text, &agents); err != nil {
		return nil, err
	}
	if len(agents) != 1 {
		return nil, fmt.Errorf("report on %d agents instead of 1", len(agents))
	}
	r := make(Report)
	for _, cases := range agents {
		for id, c := range cases {
			code := "-"
			if c.RemoteCloseCode != nil {
				code = strconv.Itoa(*c.RemoteCloseCode)
			}
			r[id] = Verdict{c.Behavior, c.BehaviorClose, code}
		}
	}
	return r, nil
}

// Load loads a recorded report.
func Load(file string) (Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := make(Report)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		w := strings.Fields(lines.Text())
		if len(w) != 4 {
			return nil, fmt.Errorf("%s: malformed line %q", file, lines.Text())
		}
		r[w[0]] = Verdict{w[1], w[2], w[3]}
	}
	return r, lines.Err()
}

// Save records r, so that the same verdicts always make the same file.
func (r Report) Save(file, title string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: case, behavior, behavior of the close, close code\n", title)
	for _, id := range slices.SortedFunc(maps.Keys(r), compareIDs) {
		v := r[id]
		fmt.Fprintln(&b, id, v.Behavior, v.Close, v.Code)
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// LoadCases loads the list of the cases that must be run.
func LoadCases(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Fields(string(text)), err
}

// Check returns what r lacks to be as good as can be: every one of cases OK,
// INFORMATIONAL where the suite has no verdict.
func (r Report) Check(cases []string) (faults []string) {
	for _, id := range cases {
		want := "OK"
		if slices.Contains(informational, id) {
			want = "INFORMATIONAL"
		}
		v, ok := r[id]
		switch {
		case !ok:
			faults = append(faults, "case "+id+" is missing")
		case v.Behavior != want || v.Close != want:
			faults = append(faults, fmt.Sprintf("case %s: behavior %s, close %s (code %s); want %s", id, v.Behavior, v.Close, v.Code, want))
		}
	}
	return faults
}

func compareIDs(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(as, bs, func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return cmp.Compare(m, n)
	})
}
