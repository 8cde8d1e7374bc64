package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak writes a loop of fused multiply-adds that touches no memory and waits for none of its own results: what the vector units can
// do at best, for benchmarks to be compared with.
func (u unit) peak() {
	count := 12 * u.lanes / 8
	TEXT("peak"+u.name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("peak%s does n×%d fused multiply-adds of %d numbers on registers alone.", u.name, count, u.lanes))
	n := Load(Param("n"), GP64())
	acc := make([]reg.VecVirtual, count)
	for i := range acc {
		acc[i] = u.vector()
		u.zero(acc[i])
	}
	a, b := u.vector(), u.vector()
	u.zero(a)
	u.zero(b)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("loop")
	for _, v := range acc {
		VFMADD231PS(a, b, v)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// pause writes the wait of a loop that looks for something to do.
func pause() {
	TEXT("pause", NOSPLIT, "func()")
	Doc("pause lets a moment pass in a loop that waits.")
	PAUSE()
	RET()
}
