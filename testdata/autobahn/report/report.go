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

// Sections are all of the suite; 8 and 11 have no cases.
var Sections = []string{"1", "2", "3", "4", "5", "6", "7", "9", "10", "12", "13"}

// informational are the cases for which the suite has no verdict, whatever
// happens.
var informational = []string{"7.1.6", "7.13.1", "7.13.2"}

// Verdict is the outcome of one case.
type Verdict struct {
	Behavior, Close string // such as OK, NON-STRICT, FAILED
	Code            string // that the endpoint closed with, "-" for none
	SuiteCode       string // that the suite closed with, "-" for none
	Offer, Answer   string // Sec-WebSocket-Extensions of the handshake
}

// String returns v as it is recorded.
func (v Verdict) String() string {
	s := strings.Join([]string{v.Behavior, v.Close, v.Code, v.SuiteCode}, " ")
	if v.Offer != "" || v.Answer != "" {
		s += " | " + v.Offer + " | " + v.Answer
	}
	return s
}

// Report has the verdicts by the number of the case.
type Report map[string]Verdict

// Read reads the index.json that the suite has written into dir.
func Read(dir string) (Report, error) {
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	var agents map[string]map[string]struct{ ReportFile string }
	if err := json.Unmarshal(text, &agents); err != nil {
		return nil, err
	}
	if len(agents) != 1 {
		return nil, fmt.Errorf("report on %d agents instead of 1", len(agents))
	}
	r := make(Report)
	for _, cases := range agents {
		for id, c := range cases {
			if r[id], err = readCase(filepath.Join(dir, c.ReportFile)); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// readCase reads the report on one case, leaving out what differs from run to
// run, such as durations and ports.
func readCase(file string) (Verdict, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Verdict{}, err
	}
	var c struct {
		Behavior, BehaviorClose         string
		RemoteCloseCode, LocalCloseCode *int
		HTTPRequest, HTTPResponse       string
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return Verdict{}, fmt.Errorf("%s: %w", file, err)
	}
	return Verdict{
		c.Behavior, c.BehaviorClose, code(c.RemoteCloseCode), code(c.LocalCloseCode),
		extensions(c.HTTPRequest), extensions(c.HTTPResponse),
	}, nil
}

func code(c *int) string {
	if c == nil {
		return "-"
	}
	return strconv.Itoa(*c)
}

// extensions returns the value of Sec-WebSocket-Extensions in the head of a
// request or response.
func extensions(head string) string {
	var values []string
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(name), "Sec-WebSocket-Extensions") {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return strings.Join(values, ", ")
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
		verdict, extensions, _ := strings.Cut(lines.Text(), " | ")
		offer, answer, _ := strings.Cut(extensions, " | ")
		w := strings.Fields(verdict)
		if len(w) != 5 {
			return nil, fmt.Errorf("%s: malformed line %q", file, lines.Text())
		}
		r[w[0]] = Verdict{w[1], w[2], w[3], w[4], offer, answer}
	}
	return r, lines.Err()
}

// Save records r, so that the same verdicts always make the same file.
func (r Report) Save(file, title string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: case, behavior, behavior of the close, its close code, the suite's | extensions offered | and answered\n", title)
	for _, id := range slices.SortedFunc(maps.Keys(r), compareIDs) {
		fmt.Fprintln(&b, id, r[id])
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
	for _, id := range slices.SortedFunc(maps.Keys(r), compareIDs) {
		if !slices.Contains(cases, id) {
			faults = append(faults, "case "+id+" is not in the list of cases")
		}
	}
	return faults
}

// Diff returns where r isn't as recorded, for the cases that both have. Where the suite
// has no verdict, as what comes first is chance, the codes are that too. So is whether
// the report of a case that a client has run again is of the first time or of the
// second, when it offered to do without takeover.
func (r Report) Diff(recorded Report) (differences []string) {
	for _, id := range slices.SortedFunc(maps.Keys(r), compareIDs) {
		now := r[id]
		was, ok := recorded[id]
		if now.Behavior == "INFORMATIONAL" && was.Behavior == now.Behavior {
			was.Code = now.Code
		}
		again := strings.NewReplacer("client_no_context_takeover; ", "")
		was.Offer, now.Offer = again.Replace(was.Offer), again.Replace(now.Offer)
		if ok && was != now {
			differences = append(differences, fmt.Sprintf("case %s: recorded %s; now %s", id, was, now))
		}
	}
	return differences
}

func compareIDs(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(as, bs, func(a, b string) int {
		m, _ := strconv.Atoi(a)
		n, _ := strconv.Atoi(b)
		return cmp.Compare(m, n)
	})
}
