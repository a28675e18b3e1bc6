package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSettle: how long after the end of the input the connection stays open. An
// answer that takes a while to think of arrives, the first one and the later ones;
// and if none came that's told.
func TestSettle(t *testing.T) {
	t.Parallel()
	const ms, s = time.Millisecond, time.Second
	every := func(n int, gap time.Duration) (gaps []time.Duration) {
		for range n {
			gaps = append(gaps, gap)
		}
		return gaps
	}
	for _, tt := range []struct {
		name   string
		args   string
		sent   int64
		before int64           // messages that came before the end of the input
		gaps   []time.Duration // before each message that comes after it
		want   time.Duration
		told   bool
	}{
		{"nothing_sent", "", 0, 0, nil, 200 * ms, false},
		{"answered_before", "", 3, 3, nil, 200 * ms, false},
		{"answered_after_a_while", "", 1, 0, []time.Duration{1925 * ms}, 1925*ms + 200*ms, false},
		{"several_slow_answers", "", 3, 0, every(3, 1500*ms), 4500*ms + 200*ms, false},
		{"many_slow_answers", "", 100, 0, every(100, 500*ms), 50*s + 200*ms, false},
		{"one_answer_for_several", "", 3, 1, nil, 2 * s, false},
		{"no_answer", "", 1, 0, nil, 2 * s, true},
		{"other_wait", "-wait 10s", 1, 0, []time.Duration{9 * s}, 10 * s, false},
		{"other_wait_no_answer", "-wait 100ms", 1, 0, nil, 100 * ms, true},
		{"no_wait", "-wait 0", 1, 0, nil, 0, false},
		{"a_feed_is_never_silent", "", 1, 0, every(1000, 100*ms), 10 * s, false},
		{"for_ever", "-wait forever", 1, 0, every(3, time.Hour), 5 * time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, _, err := parse(strings.Fields(tt.args))
				if err != nil {
					t.Fatal(err)
				}
				var errs bytes.Buffer
				c := newTalk(o, newScreen(o, console{out: new(bytes.Buffer), err: &errs}))
				defer c.stop(errLeft)
				c.sent.Store(tt.sent)
				c.received.Store(tt.before)
				go func() {
					for _, gap := range tt.gaps {
						select {
						case <-time.After(gap):
							c.received.Add(1)
						case <-c.ctx.Done():
							return
						}
					}
				}()
				time.AfterFunc(5*time.Hour, func() { close(c.ended) }) // the server closes
				start := time.Now()
				c.settle()
				// It looks at the messages a few times during a silence.
				if got := time.Since(start); got < tt.want || got > tt.want+tt.want/20+60*ms {
					t.Errorf("%v, want %v", got, tt.want)
				}
				if told := strings.Contains(errs.String(), "# no answer came in "); told != tt.told {
					t.Errorf("%q", errs.String())
				}
			})
		})
	}
}
