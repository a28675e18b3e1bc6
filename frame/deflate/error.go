package deflate

import "fmt"

// CorruptError says that a payload is not a message as RFC 7692 section 7.2 defines it, or
// is cut short. It is found with [errors.As].
type CorruptError struct {
	Offset  int64  // how many bytes of the message's payload were read until it was found
	Section string // the section that was broken: "3.2.4" of RFC 1951, or a whole name such as "RFC 7692 section 7.2.2"
	Text    string // what was wrong, without a prefix
}

// Error returns the text, the place and the section.
func (e *CorruptError) Error() string {
	section := e.Section
	if len(section) < 3 || section[:3] != "RFC" {
		section = "RFC 1951 section " + section
	}
	return fmt.Sprintf("websocket: corrupt compressed data: %s before byte %d (%s)", e.Text, e.Offset, section)
}

// LimitError says that a message inflates to more bytes than it may. It is found with
// [errors.As].
type LimitError struct {
	Limit int64 // the limit that was passed in, in bytes of the inflated message
}

// Error returns a text with the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("websocket: message inflates to more than %d bytes", e.Limit)
}
