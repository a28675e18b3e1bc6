package cases

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hawser/websocket/frame"
)

// kosme is a word of five characters with two and three bytes.
const kosme = "κ\u1f79σμε"

// section6 is about UTF-8 in text messages (RFC 6455 sections 5.6 and 8.1, RFC
// 3629).
func section6() []*Case {
	const (
		back    = "The message comes back."
		refused = "The connection is failed, as the text is not UTF-8 (RFC 6455 section 8.1)."
		early   = "The connection is failed within a second after the first byte that can't be UTF-8, without waiting for the end of the message."
		middle  = "middle frame payload"
		mixed   = "Hello-µ@ßöäüàá-UTF-8!!"
		cut     = len("Hello-µ@ßöä")
		edited  = kosme + "\xed\xa0\x80edited"
	)
	invalid := Ending{ByPeer: true, Codes: []int{1007}, WrongEndFails: true}
	a, b := pause{second, "A", false}, pause{second, "B", true}
	inTime, late := events(passed("A")), events(passed("A"), passed("B"))
	all := []*Case{
		{ID: "6.1.1", Sends: "an empty text message", Wants: back, Steps: steps(text("")), OK: events(gotText("")), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.1.2", Sends: "a text message in three empty fragments", Wants: back, Steps: steps(text("").more(), cont("").more(), cont("")), OK: events(gotText("")), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.1.3", Sends: "a text message in three fragments, of which only the middle one isn't empty", Wants: back, Steps: steps(text("").more(), cont(middle).more(), cont("")), OK: events(gotText(middle)), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.2.1", Sends: "text with characters of two bytes", Wants: back, Steps: steps(text(mixed)), OK: events(gotText(mixed)), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.2.2", Sends: "text in two fragments cut between characters", Wants: back, Steps: steps(text(mixed[:cut]).more(), cont(mixed[cut:])), OK: events(gotText(mixed)), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.2.3", Sends: "text in fragments of one byte", Wants: back, Steps: steps(message{frame.Text, mixed, 1}), OK: events(gotText(mixed)), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.2.4", Sends: "text with characters of three bytes in fragments of one byte", Wants: back, Steps: steps(message{frame.Text, kosme, 1}), OK: events(gotText(kosme)), Wait: second, CloseAfter: true, End: normal},
		{ID: "6.3.1", Sends: "text with a surrogate", Wants: refused, Steps: steps(text(edited)), OK: nothing, Wait: second, End: invalid},
		{ID: "6.3.2", Sends: "text with a surrogate in fragments of one byte", Wants: refused, Steps: steps(message{frame.Text, edited, 1}), OK: nothing, Wait: second, End: invalid},
		{ID: "6.4.1", Sends: "a fragment of valid text; a second later one with U+110000; a second later the rest", Wants: early,
			Steps: steps(text(kosme).more(), a, cont("\xf4\x90\x80\x80").more(), b, cont("edited")), OK: inTime, NonStrict: late, Wait: second, End: invalid},
		{ID: "6.4.2", Sends: "the same, but the middle fragment is the one byte that makes it invalid", Wants: early,
			Steps: steps(text(kosme+"\xf4").more(), a, cont("\x90").more(), b, cont("\x80\x80edited")), OK: inTime, NonStrict: late, Wait: second, End: invalid},
		{ID: "6.4.3", Sends: "the same as 6.4.1 as three parts of one frame", Wants: early,
			Steps: steps(begun{parts: steps(part(kosme), a, part("\xf4\x90\x80\x80"), b, part("edited"))}, cont("")), OK: inTime, NonStrict: late, Wait: second, End: invalid},
		{ID: "6.4.4", Sends: "the same as 6.4.2 as three parts of one frame", Wants: early,
			Steps: steps(begun{parts: steps(part(kosme+"\xf4"), a, part("\x90"), b, part("\x80\x80edited"))}, cont("")), OK: inTime, NonStrict: late, Wait: second, End: invalid},
	}
	for i, texts := range utf8Texts() {
		for j, p := range texts.all {
			c := &Case{
				ID: fmt.Sprintf("6.%d.%d", 5+i, j+1), Sends: fmt.Sprintf("text, %s: % x", texts.title, p), Wants: back,
				Steps: steps(text(p)), OK: events(gotText(p)), Wait: 500 * time.Millisecond, End: normal,
			}
			if !utf8.ValidString(p) {
				c.Wants, c.OK, c.End = refused, nothing, invalid
			}
			all = append(all, c)
		}
	}
	return all
}

// utf8Texts are the texts of 6.5 to 6.23. Which of them are UTF-8 follows from RFC
// 3629.
func utf8Texts() (all []struct {
	title string
	all   []string
}) {
	add := func(title string, texts ...string) {
		all = append(all, struct {
			title string
			all   []string
		}{title, texts})
	}
	var prefixes []string // of kosme
	for i := 1; i <= len(kosme); i++ {
		prefixes = append(prefixes, kosme[:i])
	}
	lonely := func(from, to int) string { // first bytes, each with a space behind it
		var b strings.Builder
		for ; from <= to; from++ {
			b.WriteByte(byte(from))
			b.WriteByte(' ')
		}
		return b.String()
	}
	var continuations []byte
	for b := byte(0x80); b <= 0xbe; b++ {
		continuations = append(continuations, b)
	}
	cut := []string{
		"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
	}
	planes := []string{"\xef\xbf\xbe", "\xef\xbf\xbf"} // the last two of each, which are no characters but UTF-8
	for plane := rune(1); plane <= 0x10; plane++ {
		planes = append(planes, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}

	add("valid", "hello$world", "hello¢world", "hello€world", "hello\U00024b62world", kosme)
	add("the beginnings of a word", prefixes...)
	add("the first character of each length", "\x00", "\u0080", "\u0800", "\U00010000")
	add("the first that would take 5 and 6 bytes", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80")
	add("the last character of each length", "\x7f", "\u07ff", "\uffff", "\U0010ffff")
	add("the last that would take 4 to 6 bytes", "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf")
	add("beside the boundaries", "\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "\xf4\x90\x80\x80")
	add("continuation bytes alone", "\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", string(continuations))
	add("first bytes alone", lonely(0xc0, 0xde), lonely(0xe0, 0xee), lonely(0xf0, 0xf6), lonely(0xf8, 0xfa), lonely(0xfc, 0xfc))
	add("the last byte missing", cut...)
	add("many with the last byte missing", strings.Join(cut, ""))
	add("bytes that are never right", "\xfe", "\xff", "\xfe\xfe\xff\xff")
	add("a slash in more bytes than it needs", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf")
	add("the last ones in more bytes than they need", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf")
	add("NUL in more bytes than it needs", "\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80")
	add("a surrogate", "\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf")
	add("a pair of surrogates", "\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf",
		"\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf")
	add("no characters, but UTF-8", planes...)
	add("special characters", "\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff")
	return all
}
