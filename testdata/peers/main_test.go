package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary a server too when it's started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childRole {
		if err := child(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestPeers runs every load against every peer for a moment. The loads check
// themselves that what comes back is what was sent.
func TestPeers(t *testing.T) {
	for _, l := range loads {
		if l.conns > 40 {
			l.conns = 40
		}
		if l.rate > 0 {
			l.rate = 1000
		}
		t.Run(l.name, func(t *testing.T) {
			for _, p := range peers {
				if !l.can(p) {
					continue
				}
				if testing.Short() && (p.extra || l.x > 0) {
					continue
				}
				// A slow machine may need longer for the first echo of 16 MiB.
				var c cell
				for d := 50 * time.Millisecond; d < 2*time.Second; d *= 4 {
					c = one(l, p, 0, window{d / 2, d}, "")
					if c.Error != errNothing.Error() {
						break
					}
				}
				if c.Error != "" {
					t.Errorf("%s: %s", p.name, c.Error)
				} else if c.Values[cpu] < 0 || l.run == nil || len(c.Values) == 0 {
					t.Errorf("%s: %v", p.name, c.Values)
				}
			}
		})
	}
}

// TestBadEcho makes sure that the load sees an echo that is wrong.
func TestBadEcho(t *testing.T) {
	load := plain(frameBinary, []byte("hello"), 1, 1)
	for name, echo := range map[string][]byte{
		"other bytes": appendFrame(nil, frameBinary, nil, []byte("hellO")),
		"too short":   appendFrame(nil, frameBinary, nil, []byte("hell")),
		"closed":      appendFrame(nil, frameClose, nil, nil),
	} {
		p := parser{want: load.want, collect: load.check}
		if _, _, err := p.feed(echo); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// Also later on, when only sizes are looked at.
	p := parser{want: load.want, collect: load.check}
	good := appendFrame(nil, frameBinary, nil, []byte("hello"))
	if n, _, err := p.feed(append(good, good...)); n != 2 || err != nil {
		t.Errorf("two echoes: %d, %v", n, err)
	}
	if _, _, err := p.feed(appendFrame(nil, frameBinary, nil, []byte("hello!"))); err == nil {
		t.Error("too long: no error")
	}
}

// TestParser cuts a stream of all kinds of frames at every place.
func TestParser(t *testing.T) {
	for _, key := range []*[4]byte{nil, maskKey(3)} {
		for _, size := range []int{0, 1, 125, 126, 70000} {
			payload := binaryPayload(size)
			wire := appendPart(nil, frameBinary, key, payload[:size/2])
			wire = appendFrame(wire, 9, key, []byte("ping between"))
			wire = appendFrame(wire, 0, key, payload[size/2:])
			wire = appendFrame(wire, frameBinary, key, payload)
			step := max(1, len(wire)/500)
			for cut := 0; cut <= len(wire); cut += step {
				load := plain(frameBinary, append([]byte{}, payload...), 1, 1)
				p := parser{want: size, collect: load.check}
				n1, b1, err1 := p.feed(wire[:cut])
				n2, b2, err2 := p.feed(wire[cut:])
				if n1+n2 != 2 || b1+b2 != 2*size || err1 != nil || err2 != nil {
					t.Fatalf("size %d cut at %d: %d+%d messages, %d+%d bytes, %v, %v", size, cut, n1, n2, b1, b2, err1, err2)
				}
			}
		}
	}
}

// TestCompressedTraffic inflates some cycles as a server with a window of 4 KiB
// that keeps its context would.
func TestCompressedTraffic(t *testing.T) {
	for _, together := range []int{1, 4} {
		load, err := compressed(8, together)
		if err != nil {
			t.Fatal(err)
		}
		var window []byte
		for i := range 3 * load.cycle {
			b := bytes.Clone(load.batch(i%load.cycle, 1))
			h := headerSize(b)
			key := [4]byte(b[h-4 : h])
			payload := b[h:]
			for k := range payload {
				payload[k] ^= key[k&3]
			}
			stream := io.MultiReader(bytes.NewReader(payload), bytes.NewReader(deflateTail), strings.NewReader("\x01\x00\x00\xff\xff"))
			got, err := io.ReadAll(flate.NewReaderDict(stream, window))
			if err != nil || !bytes.Equal(got, jsonText(i%load.cycle, deflateSize)) {
				t.Fatalf("message %d of %d together: %v, %.60q", i, together, err, got)
			}
			window = append(window, got...)
			if together == 1 {
				window = nil
			}
			window = window[max(0, len(window)-4096):]
		}
	}
}

func TestTexts(t *testing.T) {
	for _, n := range []int{1, 10, 125, 1024, 16384} {
		for name, p := range map[string][]byte{"json": jsonText(3, n), "wide": wideText(n), "binary": binaryPayload(n)} {
			if len(p) != n {
				t.Errorf("%s: %d bytes instead of %d", name, len(p), n)
			}
		}
	}
}

// TestReport checks medians, ratios and verdicts on figures made up.
func TestReport(t *testing.T) {
	r := &results{About: about{How: map[string]string{}}}
	add := func(load, peer string, round int, v values) {
		r.Cells = append(r.Cells, cell{Load: load, Peer: peer, Round: round, Values: v})
	}
	for round, slow := range []float64{1, 2, 4} { // a machine that gets slower
		add("125b-16", "raw", round, values{cpu: 100 * slow})
		add("125b-16", "hawser", round, values{cpu: 110 * slow})
		add("125b-16", "gws", round, values{cpu: 1100 * slow})
		add("size-16", "gws", round, values{cpu: 1100 * slow})
		add("size-16M", "gws", round, values{cpu: 11000 * slow})
	}
	r.Cells = append(r.Cells, cell{Load: "125b-16", Peer: "gorilla", Error: "broken"})
	if v, ok := r.ratio("125b-16", cpu, "hawser", "raw"); !ok || v < 1.0999 || v > 1.1001 {
		t.Errorf("ratio %v", v)
	}
	if v, ok := r.value("125b-16", "gws", cpu); !ok || v != 2200 {
		t.Errorf("median %v", v)
	}
	var out bytes.Buffer
	r.report(&out)
	for _, want := range []string{
		"gorilla failed 1 times: broken",
		"1.100 of raw | met",
		"0.100 of gws | met",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("no %q in the report:\n%s", want, out.String())
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "r.json")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	again, err := readResults(file)
	if err != nil || len(again.Cells) != len(r.Cells) {
		t.Fatalf("read back: %v", err)
	}
	if files, err := again.plot(dir); err != nil || len(files) != 2 {
		t.Errorf("plots %v, %v", files, err)
	}
}

func TestChoose(t *testing.T) {
	if ls, err := chooseLoads("16k,size-1"); err != nil || len(ls) != 7 {
		t.Errorf("%d loads, %v", len(ls), err)
	}
	if _, err := chooseLoads("nothing"); err == nil {
		t.Error("no error for a load that isn't there")
	}
	if _, err := choosePeers("raw,nobody"); err == nil {
		t.Error("no error for a peer that isn't there")
	}
	if ps, err := choosePeers("all"); err != nil || len(ps) != len(peers) {
		t.Errorf("%d peers, %v", len(ps), err)
	}
}
