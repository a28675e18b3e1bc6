//go:build !purego

package frame

// hasAVX2 says whether the processor has AVX2 and the operating system saves its
// registers.
var hasAVX2 = detectAVX2()

func detectAVX2() bool {
	const (
		osxsaveAVX = 1<<27 | 1<<28 // of leaf 1, ECX
		xmmYMM     = 1<<1 | 1<<2   // of XCR0
		avx2       = 1 << 5        // of leaf 7, EBX
	)
	leaves, _, _ := cpuid(0, 0)
	_, _, c1 := cpuid(1, 0)
	_, b7, _ := cpuid(7, 0)
	return leaves >= 7 && c1&osxsaveAVX == osxsaveAVX && xgetbv()&xmmYMM == xmmYMM && b7&avx2 != 0
}

// cpuid returns the registers of the instruction CPUID.
//
//go:noescape
func cpuid(leaf, sub uint32) (eax, ebx, ecx uint32)

// xgetbv returns the lower half of the register XCR0. Without OSXSAVE it is an illegal
// instruction.
//
//go:noescape
func xgetbv() uint32
