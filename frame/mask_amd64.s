//go:build !purego

#include "textflag.h"

// func maskAVX2(p *byte, n int, k uint32)
//
// If n is not a multiple of their size, vectors overlap at the ends. Those are loaded
// before anything is stored.
TEXT ·maskAVX2(SB), NOSPLIT, $0-20
	MOVQ p+0(FP), DI
	MOVQ n+8(FP), DX
	MOVL k+16(FP), AX

	LEAQ         -32(DI)(DX*1), SI // where the last vector begins
	MOVL         AX, R8
	LEAL         (DX*8), CX        // RORL takes it modulo 32
	RORL         CX, R8
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	VMOVD        R8, X2
	VPBROADCASTD X2, Y2
	VPXOR        (DI), Y0, Y1
	CMPQ         DX, $128
	JA           long

	VPXOR   32(DI), Y0, Y3
	VPXOR   -32(SI), Y2, Y4
	VPXOR   (SI), Y2, Y5
	VMOVDQU Y1, (DI)
	VMOVDQU Y3, 32(DI)
	VMOVDQU Y4, -32(SI)
	VMOVDQU Y5, (SI)
	VZEROUPPER
	RET

	// The loop in between stores to aligned addresses.
long:
	VPXOR (SI), Y2, Y2
	LEAQ 32(DI), R9
	ANDQ $-32, R9                  // the first aligned address after p
	MOVQ R9, CX
	SUBQ DI, CX
	SHLL $3, CX
	RORL CX, AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0

	LEAQ -128(SI), R10
	CMPQ R9, R10
	JA   few

many:
	VPXOR   (R9), Y0, Y3
	VPXOR   32(R9), Y0, Y4
	VPXOR   64(R9), Y0, Y5
	VPXOR   96(R9), Y0, Y6
	VMOVDQA Y3, (R9)
	VMOVDQA Y4, 32(R9)
	VMOVDQA Y5, 64(R9)
	VMOVDQA Y6, 96(R9)
	ADDQ    $128, R9
	CMPQ    R9, R10
	JBE     many

few:
	CMPQ    R9, SI
	JAE     ends
	VPXOR   (R9), Y0, Y3
	VMOVDQA Y3, (R9)
	ADDQ    $32, R9
	JMP     few

ends:
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, (SI)
	VZEROUPPER
	RET
