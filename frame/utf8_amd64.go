//go:build !purego

package frame

// validLong is [utf8.Valid] for at least validLongMin bytes, on processors with AVX2.
// The runtime can't preempt assembly, so a long text is passed to it in parts, which
// end between characters.
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

// The errors that two bytes in a row can show, a bit for each. The method is that of
// J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte",
// section 6.
const (
	tooShort  = 1 << iota // a lead byte that no continuation byte follows
	tooLong               // a continuation byte after an ASCII byte
	overlong3             // E0 followed by less than A0
	tooLarge              // F4 or above followed by more than 8F
	surrogate             // ED followed by more than 9F
	overlong2             // C0 or C1
	overlong4             // F0, or F5 or above, followed by less than 90
	twoConts              // two continuation bytes: an error unless the character has 3 or 4 bytes

	anyLow = tooShort | tooLong | twoConts // the errors that do not depend on the lower half of the first byte
	f5Low  = anyLow | tooLarge | overlong4
)

// utf8Errors says which errors are possible for a half of a byte: for the upper and the
// lower half of the first byte, and for the upper half of the second. Two bytes show
// the errors that all three tables have.
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

// validAVX2 is utf8.Valid for the n bytes from p on, at least validLongMin: it looks at
// the three bytes before the last 32.
//
//go:noescape
func validAVX2(p *byte, n int, errors *[3][16]byte) bool
