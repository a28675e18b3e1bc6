package report

import (
	"fmt"
	"strings"

	"hawser/websocket/cmd/conform/internal/cases"
	"hawser/websocket/cmd/conform/internal/engine"
)

// details is the file on a case. The names are Autobahn's; "me" in them is the
// suite.
type details struct {
	Case        int    `json:"case"`
	ID          string `json:"id"`
	Description string `json:"description"`
	Expectation string `json:"expectation"`
	Agent       string `json:"agent"`
	Started     string `json:"started"`
	Duration    int64  `json:"duration"` // in milliseconds

	ReportTime             bool `json:"reportTime"`
	ReportCompressionRatio bool `json:"reportCompressionRatio"`

	Behavior      cases.Verdict      `json:"behavior"`
	BehaviorClose cases.Verdict      `json:"behaviorClose"`
	Expected      map[string][][]any `json:"expected"`
	ExpectedClose map[string]any     `json:"expectedClose"`
	Received      [][]any            `json:"received"`
	Result        string             `json:"result"`
	ResultClose   string             `json:"resultClose"`

	Wirelog       [][]any `json:"wirelog"`
	CreateWirelog bool    `json:"createWirelog"`

	ClosedByMe                     bool    `json:"closedByMe"`
	FailedByMe                     bool    `json:"failedByMe"`
	DroppedByMe                    bool    `json:"droppedByMe"`
	WasClean                       bool    `json:"wasClean"`
	WasNotCleanReason              *string `json:"wasNotCleanReason"`
	WasServerConnectionDropTimeout bool    `json:"wasServerConnectionDropTimeout"`
	WasOpenHandshakeTimeout        bool    `json:"wasOpenHandshakeTimeout"`
	WasCloseHandshakeTimeout       bool    `json:"wasCloseHandshakeTimeout"`
	LocalCloseCode                 *int    `json:"localCloseCode"`
	LocalCloseReason               *string `json:"localCloseReason"`
	RemoteCloseCode                *int    `json:"remoteCloseCode"`
	RemoteCloseReason              *string `json:"remoteCloseReason"`
	IsServer                       bool    `json:"isServer"`

	CreateStats  bool         `json:"createStats"`
	RxOctetStats map[int]int  `json:"rxOctetStats"`
	RxFrameStats map[byte]int `json:"rxFrameStats"`
	TxOctetStats map[int]int  `json:"txOctetStats"`
	TxFrameStats map[byte]int `json:"txFrameStats"`
	HTTPRequest  string       `json:"httpRequest"`
	HTTPResponse string       `json:"httpResponse"`

	TrafficStats map[string]any `json:"trafficStats"`
}

func newDetails(agent string, number int, r *cases.Result) *details {
	entries, all := r.Log.Entries()
	stats := r.Log.Stats()
	c := r.Case
	d := &details{
		Case: number, ID: c.ID, Agent: agent,
		Description: "Sends " + c.Sends + ".", Expectation: c.Wants,
		Started: r.Started.Format("2006-01-02T15:04:05.000000+00:00"), Duration: r.Duration.Milliseconds(),
		ReportTime: c.Timed, ReportCompressionRatio: c.Packed,
		Behavior: r.Behavior, BehaviorClose: r.BehaviorClose, Result: r.Text, ResultClose: r.CloseText,
		Expected: map[string][][]any{}, Received: list(r.Received),
		ExpectedClose: map[string]any{"closedByMe": !c.End.ByPeer, "closeCode": append([]int{}, c.End.Codes...), "requireClean": c.End.Clean},
		Wirelog:       entries, CreateWirelog: all,
		ClosedByMe: r.End.ClosedByMe, FailedByMe: r.End.FailedByMe, DroppedByMe: r.End.DroppedByMe,
		WasClean: r.End.Clean, WasServerConnectionDropTimeout: r.End.DropTimeout,
		WasOpenHandshakeTimeout: r.End.OpenTimeout, WasCloseHandshakeTimeout: r.End.CloseTimeout,
		LocalCloseCode: code(r.End.LocalCode), RemoteCloseCode: code(r.End.RemoteCode),
		LocalCloseReason: text(r.End.LocalReason), RemoteCloseReason: text(r.End.RemoteReason),
		IsServer: r.IsServer, CreateStats: true,
		RxOctetStats: stats.RxOctets, TxOctetStats: stats.TxOctets, RxFrameStats: stats.RxFrames, TxFrameStats: stats.TxFrames,
		HTTPRequest: strings.TrimSpace(r.Opening.Request), HTTPResponse: strings.TrimSpace(r.Opening.Response),
	}
	if d.Wirelog == nil {
		d.Wirelog = [][]any{}
	}
	if !r.End.Clean {
		d.WasNotCleanReason = text(r.End.NotClean)
	}
	if c.OK != nil {
		d.Expected["OK"] = list(c.OK)
	}
	if c.NonStrict != nil {
		d.Expected["NON-STRICT"] = list(c.NonStrict)
	}
	if c.Packed {
		d.TrafficStats = map[string]any{}
		traffic(d.TrafficStats, "incoming", stats.In)
		traffic(d.TrafficStats, "outgoing", stats.Out)
	}
	return d
}

func code(c int) *int {
	if c == engine.NoCode {
		return nil
	}
	return &c
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	s = engine.Show([]byte(s))
	return &s
}

func list(events []engine.Event) [][]any {
	all := make([][]any, 0, len(events))
	for _, e := range events {
		switch e.Kind {
		case engine.Message:
			all = append(all, []any{e.Kind, engine.Show(e.Data), e.Binary})
		case engine.TimedOut:
			all = append(all, []any{e.Kind, e.Tag})
		default:
			all = append(all, []any{e.Kind, engine.Show(e.Data)})
		}
	}
	return all
}

func traffic(to map[string]any, direction string, t engine.Traffic) {
	to[direction+"OctetsAppLevel"] = t.App
	to[direction+"OctetsWebSocketLevel"] = t.Payload
	to[direction+"OctetsWireLevel"] = t.Wire
	to[direction+"WebSocketFrames"] = t.Frames
	to[direction+"WebSocketMessages"] = t.Messages
	to[direction+"CompressionRatio"] = ratio(t.Payload, t.App)
	to[direction+"WebSocketOverhead"] = ratio(t.Wire-t.Payload, t.Payload)
}

func ratio(a, b int64) any {
	if b == 0 {
		return nil
	}
	return float64(a) / float64(b)
}

// shown is what the index shows behind the verdict.
func (d *details) shown() string {
	s := ""
	if d.ReportTime {
		s = fmt.Sprintf("%d ms", d.Duration)
	}
	if d.ReportCompressionRatio {
		s += fmt.Sprintf(" [%s/%s]", short(d.TrafficStats["incomingCompressionRatio"]), short(d.TrafficStats["outgoingCompressionRatio"]))
	}
	return s
}

func short(v any) string {
	if f, ok := v.(float64); ok {
		return fmt.Sprintf("%.3f", f)
	}
	return "-"
}
