// Command gen writes the vector kernels of package kernel: run it in this folder after a change, and commit what it writes.
// It is a module of its own so that the application does not depend on the generator.
package main

import (
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build" // the library's own manner: a file of instructions reads like assembly
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	os.Args = append(os.Args[:1], "-out", "../gemm_amd64.s", "-stubs", "../gemm_amd64.go", "-pkg", "kernel")
	ConstraintExpr("!noasm")
	tile("tileAVX512", 12, 16, ZMM)
	tile("tileAVX2", 6, 8, YMM)
	peak("peakAVX512", 24, 16, ZMM)
	peak("peakAVX2", 12, 8, YMM)
	Generate()
}

// clearVector sets a vector of lanes numbers to zero.
func clearVector(v reg.VecVirtual, lanes int) {
	if lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// tile writes C += A·B for a tile of rows × 2·lanes. A is packed: rows numbers for each k; B is packed: 2·lanes numbers for each k; C
// has ldc numbers a row. Each number of C has an accumulator of its own that starts at zero, sums over k in order, and is added to C at
// the end, so a tile's result depends on k alone.
func tile(name string, rows, lanes int, vector func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(k int, a, b, c *float32, ldc int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds A·B to C: A is k×%d packed by k, B k×%d packed by k, C %d rows of ldc numbers of which %d are used.",
		name, rows, 2*lanes, rows, 2*lanes))
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	SHLQ(Imm(2), ldc)

	acc := make([][2]reg.VecVirtual, rows)
	for i := range acc {
		for j := range acc[i] {
			acc[i][j] = vector()
			clearVector(acc[i][j], lanes)
		}
	}
	b0, b1, broadcast := vector(), vector(), vector()

	TESTQ(k, k)
	JZ(LabelRef("store"))
	Label("loop")
	VMOVUPS(Mem{Base: b}, b0)
	VMOVUPS(Mem{Base: b, Disp: 4 * lanes}, b1)
	PREFETCHT0(Mem{Base: b, Disp: 4 * lanes * 2 * 8})
	for i := range acc {
		VBROADCASTSS(Mem{Base: a, Disp: 4 * i}, broadcast)
		VFMADD231PS(b0, broadcast, acc[i][0])
		VFMADD231PS(b1, broadcast, acc[i][1])
	}
	ADDQ(Imm(uint64(4*rows)), a)
	ADDQ(Imm(uint64(8*lanes)), b)
	DECQ(k)
	JNZ(LabelRef("loop"))

	Label("store")
	for i := range acc {
		for j := range acc[i] {
			VADDPS(Mem{Base: c, Disp: 4 * lanes * j}, acc[i][j], acc[i][j])
			VMOVUPS(acc[i][j], Mem{Base: c, Disp: 4 * lanes * j})
		}
		if i < rows-1 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// peak writes a loop of fused multiply-adds that touches no memory and waits for none of its own results: what the vector units can
// do at best, for benchmarks to be compared with.
func peak(name string, count, lanes int, vector func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n×%d fused multiply-adds of %d numbers on registers alone.", name, count, lanes))
	n := Load(Param("n"), GP64())
	acc := make([]reg.VecVirtual, count)
	for i := range acc {
		acc[i] = vector()
		clearVector(acc[i], lanes)
	}
	a, b := vector(), vector()
	clearVector(a, lanes)
	clearVector(b, lanes)
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
