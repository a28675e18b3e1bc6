//go:build !purego

#include "textflag.h"

DATA low<>+0(SB)/4, $0x0F0F0F0F
GLOBL low<>(SB), RODATA|NOPTR, $4
DATA high<>+0(SB)/4, $0x80808080
GLOBL high<>(SB), RODATA|NOPTR, $4

// third and fourth are subtracted with saturation. The highest bit then stays set only in
// bytes from E0 on, whose character has a third byte, or from F0 on, whose has a fourth.
DATA third<>+0(SB)/4, $0x60606060
GLOBL third<>(SB), RODATA|NOPTR, $4
DATA fourth<>+0(SB)/4, $0x70707070
GLOBL fourth<>(SB), RODATA|NOPTR, $4

// ends has the largest values that the last three bytes of a text may have. A larger one
// begins a character that the text does not finish.
DATA ends<>+0(SB)/8, $-1
DATA ends<>+8(SB)/8, $-1
DATA ends<>+16(SB)/8, $-1
DATA ends<>+24(SB)/8, $0xBFDFEFFFFFFFFFFF
GLOBL ends<>(SB), RODATA|NOPTR, $32

// CHECK adds the errors of the vector Y0 to Y9. Y1, Y2 and Y3 are the vectors that begin
// one, two and three bytes before it.
#define CHECK \
	VPSRLW   $4, Y1, Y4 \
	VPAND    Y13, Y4, Y4 \
	VPSHUFB  Y4, Y10, Y4 \
	VPAND    Y13, Y1, Y5 \
	VPSHUFB  Y5, Y11, Y5 \
	VPSRLW   $4, Y0, Y6 \
	VPAND    Y13, Y6, Y6 \
	VPSHUFB  Y6, Y12, Y6 \
	VPAND    Y4, Y5, Y5 \
	VPAND    Y5, Y6, Y6 \
	VPSUBUSB Y14, Y2, Y2 \
	VPSUBUSB Y15, Y3, Y3 \
	VPOR     Y2, Y3, Y3 \
	VPAND    Y8, Y3, Y3 \
	VPXOR    Y3, Y6, Y6 \
	VPOR     Y6, Y9, Y9

// LOAD loads the vectors for CHECK, off bytes behind SI.
#define LOAD(off) \
	VMOVDQU (off)(SI), Y0 \
	VMOVDQU (off-1)(SI), Y1 \
	VMOVDQU (off-2)(SI), Y2 \
	VMOVDQU (off-3)(SI), Y3

// func validAVX2(p *byte, n int, errors *[3][16]byte) bool
TEXT ·validAVX2(SB), NOSPLIT, $0-25
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ errors+16(FP), AX
	LEAQ -32(SI)(CX*1), DX // where the last vector begins

	VBROADCASTI128 (AX), Y10
	VBROADCASTI128 16(AX), Y11
	VBROADCASTI128 32(AX), Y12
	VPBROADCASTD   low<>(SB), Y13
	VPBROADCASTD   third<>(SB), Y14
	VPBROADCASTD   fourth<>(SB), Y15
	VPBROADCASTD   high<>(SB), Y8
	VPXOR          Y9, Y9, Y9

	// The bytes before the first vector are taken to be zeros.
	VMOVDQU    (SI), Y0
	VPERM2I128 $0x08, Y0, Y0, Y7   // its lower half on top, zeros below
	VPALIGNR   $15, Y7, Y0, Y1
	VPALIGNR   $14, Y7, Y0, Y2
	VPALIGNR   $13, Y7, Y0, Y3
	VPTEST     Y8, Y0
	JEQ        begun
	CHECK

begun:
	ADDQ $32, SI
	LEAQ -96(DX), R8
	CMPQ SI, R8
	JA   few

many:
	// ASCII that follows ASCII needs no check.
	VMOVDQU   -3(SI), Y0
	VPOR      (SI), Y0, Y0
	VPOR      32(SI), Y0, Y0
	VPOR      64(SI), Y0, Y0
	VPOR      96(SI), Y0, Y0
	VPTEST    Y8, Y0
	JNE       check
	ADDQ      $128, SI
	CMPQ      SI, R8
	JBE       many
	JMP       few

check:
	LOAD(0)
	CHECK
	LOAD(32)
	CHECK
	LOAD(64)
	CHECK
	LOAD(96)
	CHECK
	ADDQ $128, SI
	CMPQ SI, R8
	JBE  many

few:
	CMPQ SI, DX
	JAE  last
	VMOVDQU -3(SI), Y0
	VPOR    (SI), Y0, Y0
	VPTEST  Y8, Y0
	JEQ     next
	LOAD(0)
	CHECK

next:
	ADDQ $32, SI
	JMP  few

last:
	MOVQ DX, SI
	LOAD(0)
	VPSUBUSB ends<>(SB), Y0, Y7
	VPOR     Y7, Y9, Y9
	CHECK
	VPTEST   Y9, Y9
	SETEQ    ret+24(FP)
	VZEROUPPER
	RET
