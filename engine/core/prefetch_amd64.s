#include "textflag.h"

// func prefetchRead(at unsafe.Pointer)
TEXT ·prefetchRead(SB), NOSPLIT, $0-8
	MOVQ at+0(FP), AX
	PREFETCHT0 (AX)
	RET

// PREFETCHW, which the assembler has no name for. Every 64-bit processor takes it but the very first of Intel's (before 2005).
//
// func prefetchWrite(at unsafe.Pointer)
TEXT ·prefetchWrite(SB), NOSPLIT, $0-8
	MOVQ at+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08
	RET
