//go:build !purego

package frame

// validLong is [utf8.Valid] for at least validLongMin bytes, and with AVX2. Assembly
// can't be preempted, so it gets a long text in pieces that end between characters.
func validLong(p []byte) bool {
	for len(p) >= 2*maxPiece {
		cut := unfinished(p[:maxPiece])
		if !validAVX2(&p[0], cut, &utf8Errors) {
			return false
		}
		p = p[cut:]
	}
	return validAVX2(&p[0], len(p), &utf8Errors)
}

// The errors that two bytes in a row can show, a bit each. What they stand for,
// and how the tables find them, is in J. Keiser and D. Lemire, "Validating UTF-8
// In Less Than One Instruction Per Byte", section 6.
const (
	tooShort  = 1 << iota // a lead byte, and no continuation byte
	tooLong               // an ASCII byte and a continuation byte
	overlong3             // E0 and less than A0
	tooLarge              // F4 and more than 8F, or F5 and above with more than 8F
	surrogate             // ED and more than 9F
	overlong2             // C0 or C1
	overlong4             // F0 and less than 90, or F5 and above with less than 90
	twoConts              // two continuation bytes: an error unless a third or fourth is due

	anyLow = tooShort | tooLong | twoConts // doesn't depend on the lower half of the first
	f5Low  = anyLow | tooLarge | overlong4
)

// utf8Errors has the errors that a half of a byte allows: the upper and the
// lower half of the first, the upper half of the second. What all three allow
// is there.
var utf8Errors = [3][16]byte{
	{
		tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong,
		twoConts, twoConts, twoConts, twoConts,
		tooShort | overlong2, tooShort,
		tooShort | overlong3 | surrogate,
		tooShort | tooLarge | overlong4,
	},
	{
		anyLow | overlong2 | overlong3 | overlong4, anyLow | overlong2, anyLow, anyLow,
		anyLow | tooLarge, f5Low, f5Low, f5Low,
		f5Low, f5Low, f5Low, f5Low,
		f5Low, f5Low | surrogate, f5Low, f5Low,
	},
	{
		tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort,
		tooLong | twoConts | overlong2 | overlong3 | overlong4,
		tooLong | twoConts | overlong2 | overlong3 | tooLarge,
		tooLong | twoConts | overlong2 | surrogate | tooLarge,
		tooLong | twoConts | overlong2 | surrogate | tooLarge,
		tooShort, tooShort, tooShort, tooShort,
	},
}

// validAVX2 is utf8.Valid for n bytes from p on. It looks at three bytes before
// the last vector, so there must be 35.
//
//go:noescape
func validAVX2(p *byte, n int, errors *[3][16]byte) bool
