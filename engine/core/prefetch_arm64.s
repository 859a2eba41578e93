#include "textflag.h"

// func prefetchRead(at unsafe.Pointer)
TEXT ·prefetchRead(SB), NOSPLIT, $0-8
	MOVD at+0(FP), R0
	PRFM (R0), PLDL1KEEP
	RET

// func prefetchWrite(at unsafe.Pointer)
TEXT ·prefetchWrite(SB), NOSPLIT, $0-8
	MOVD at+0(FP), R0
	PRFM (R0), PSTL1KEEP
	RET
