// Package report writes what became of the cases, in the form of Autobahn's
// reports, so that the tools that read those read these: index.json, a file in
// JSON for each case, and the same as HTML.
package report

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"hawser/websocket/cmd/conform/internal/cases"
)

// Report collects results in a folder. Its methods may be called from any
// goroutine.
type Report struct {
	dir string

	mu     sync.Mutex
	agents map[string]map[string]*entry // by agent and case; guarded by mu
	err    error                        // of the first file that couldn't be written
}

// entry is what the index has on a case.
type entry struct {
	Behavior        cases.Verdict `json:"behavior"`
	BehaviorClose   cases.Verdict `json:"behaviorClose"`
	Duration        int64         `json:"duration"` // in milliseconds
	RemoteCloseCode *int          `json:"remoteCloseCode"`
	ReportFile      string        `json:"reportfile"`

	result *cases.Result
	detail string // behind the verdict, in HTML
}

// New makes the folder, if it isn't there. With no folder, Add and Write do
// nothing but count.
func New(dir string) (*Report, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	return &Report{dir: dir, agents: map[string]map[string]*entry{}}, nil
}

// Add takes a result, with the number of the case in the run, and writes the files
// on the case. It reports whether the case had none before: the last one counts.
func (r *Report) Add(agent string, number int, result *cases.Result) (first bool) {
	d := newDetails(agent, number, result)
	e := &entry{
		Behavior: d.Behavior, BehaviorClose: d.BehaviorClose, Duration: d.Duration, RemoteCloseCode: d.RemoteCloseCode,
		ReportFile: fileName(agent, result.Case.ID, "json"), result: result, detail: d.shown(),
	}
	r.mu.Lock()
	if r.agents[agent] == nil {
		r.agents[agent] = map[string]*entry{}
	}
	first = r.agents[agent][result.Case.ID] == nil
	r.agents[agent][result.Case.ID] = e
	r.mu.Unlock()
	if r.dir != "" {
		r.note(writeJSON(filepath.Join(r.dir, e.ReportFile), d))
		r.note(writeHTML(filepath.Join(r.dir, fileName(agent, result.Case.ID, "html")), detailPage, d))
	}
	return first
}

// Write writes the index of all that was added, and returns the first error that
// there was with any file.
func (r *Report) Write() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && r.dir != "" {
		if r.err = writeJSON(filepath.Join(r.dir, "index.json"), r.agents); r.err == nil {
			r.err = writeHTML(filepath.Join(r.dir, "index.html"), indexPage, r.indexLocked())
		}
	}
	return r.err
}

func (r *Report) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// Failed returns the results that didn't pass, by agent and in the order of the
// cases, and how many there are of all.
func (r *Report) Failed(strict bool) (failed []*cases.Result, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, agent := range slices.Sorted(maps.Keys(r.agents)) {
		for _, id := range slices.SortedFunc(maps.Keys(r.agents[agent]), cases.Compare) {
			total++
			if res := r.agents[agent][id].result; !res.Passed(strict) {
				failed = append(failed, res)
			}
		}
	}
	return failed, total
}

// Agents returns how many cases have a result, by agent.
func (r *Report) Agents() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := map[string]int{}
	for agent, all := range r.agents {
		n[agent] = len(all)
	}
	return n
}

// Tally counts the verdicts on behavior and on the close.
func (r *Report) Tally() (behavior, closes []Count) {
	b, c := map[cases.Verdict]int{}, map[cases.Verdict]int{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, all := range r.agents {
		for _, e := range all {
			b[e.Behavior]++
			c[e.BehaviorClose]++
		}
	}
	return counts(b), counts(c)
}

// Count is how often there was a verdict.
type Count struct {
	Verdict cases.Verdict
	N       int
}

func counts(m map[cases.Verdict]int) (all []Count) {
	for v, n := range m {
		all = append(all, Count{v, n})
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Verdict, b.Verdict))
	})
	return all
}

// fileName is that of a file on a case, by Autobahn's rule.
func fileName(agent, id, extension string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return ' '
	}, strings.ToLower(strings.TrimSpace(agent)))
	clean = strings.ReplaceAll(strings.TrimSpace(clean), " ", "_")
	return clean + "_case_" + strings.ReplaceAll(id, ".", "_") + "." + extension
}

func writeJSON(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "   ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}
