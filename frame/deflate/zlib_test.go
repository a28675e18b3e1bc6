package deflate

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// A stream is passed to one run of zlib.
type stream struct {
	Name string
	Bits int
	Data string
	Hash string // of the output that is wanted
}

// zlibScript inflates each stream with zlib, with input in small pieces and output in pieces
// of 64 bytes, the smallest that Node allows. zlib only notices a distance beyond the window
// if it reaches back over the pieces before.
const zlibScript = `
const zlib = require('zlib'), crypto = require('crypto');
let input = '';
process.stdin.on('data', (d) => input += d).on('end', async () => {
  const out = await Promise.all(JSON.parse(input).map(({Bits, Data}) => new Promise((resolve) => {
    const z = zlib.createInflateRaw({windowBits: Bits, chunkSize: 64, finishFlush: zlib.constants.Z_SYNC_FLUSH});
    const hash = crypto.createHash('sha256');
    z.on('data', (d) => hash.update(d));
    z.on('error', (e) => resolve(e.message));
    z.on('end', () => resolve(hash.digest('hex')));
    const data = Buffer.from(Data, 'base64');
    for (let i = 0; i < data.length; i += 777) z.write(data.subarray(i, i + 777));
    z.end();
  })));
  console.log(JSON.stringify(out));
});
`

func zlib(t *testing.T, streams []stream) []string {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no referee: ", err)
	}
	in, err := json.Marshal(streams)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", zlibScript)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var verdicts []string
	if err == nil {
		err = json.Unmarshal(out, &verdicts)
	}
	if err != nil || len(verdicts) != len(streams) {
		t.Fatalf("%v: %.200s", err, out)
	}
	return verdicts
}

// TestZlib: zlib inflates what encoders make, with no larger window than was agreed on. With
// a window of one bit less it fails, which shows that the test notices a distance that is
// too far.
func TestZlib(t *testing.T) {
	t.Parallel()
	var good, bad []stream
	for _, bits := range windowBits {
		for _, c := range configs(bits) {
			for _, content := range contents {
				r := newRand(uint64(bits))
				e := NewEncoder(c)
				var p, all []byte
				for i, n := range []int{10, 5000, 0, 70_000, 300, 1, 40_000, 2000} {
					m := content.make(r, n)
					if c.Takeover || i == 3 {
						all = append(all, m...)
						p = append(e.Append(p, m), tail...)
					} else {
						e.Append(nil, m)
					}
				}
				hash := sha256.Sum256(all)
				s := stream{fmt.Sprintf("%s %+v", content.name, c), bits, base64.StdEncoding.EncodeToString(p), hex.EncodeToString(hash[:])}
				good = append(good, s)
				if s.Bits--; s.Bits >= MinWindowBits && content.name != "noise" {
					bad = append(bad, s)
				}
			}
		}
	}
	for i, got := range zlib(t, good) {
		if got != good[i].Hash {
			t.Errorf("%s: %s", good[i].Name, got)
		}
	}
	for i, got := range zlib(t, bad) {
		if got != "invalid distance too far back" {
			t.Errorf("%s with a window of a bit less: %s", bad[i].Name, got)
		}
	}
	t.Logf("%d streams good, %d bad", len(good), len(bad))
}
