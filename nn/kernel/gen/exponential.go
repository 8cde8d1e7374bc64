package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exponentials are the constants of exp, one after the other: the bounds of its argument, log₂e, ln 2 in two parts, and the coefficients of the polynomial (Cephes' expf), the last two of them one.
var exponentials = []float32{
	-87.33654, 88, 1.44269504, .693359375, -2.12194440e-4,
	1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1,
}

// exponentialTable writes these constants.
func exponentialTable() Mem {
	m := GLOBL("exponentials", RODATA|NOPTR)
	for i, v := range exponentials {
		DATA(4*i, U32(math.Float32bits(v)))
	}
	return m
}

// exponential writes exp in single precision: eˣ = 2ᵏ·eʳ with |r| ≤ ½·ln 2, and a polynomial for eʳ.
func (u unit) exponential(table Mem) {
	u.function("exp", "dst, src *float32, n int", "does dst = exp(src) for −87.3 ≤ src ≤ 88; what lies beyond counts as the bound, not-a-number stays.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64()).(reg.GPVirtual)
	c := make([]reg.VecVirtual, len(exponentials))
	for i := range c {
		c[i] = u.vector()
		VBROADCASTSS(table.Offset(4*i), c[i])
	}
	least, most, log2e, ln2, rest, coefficients, one := c[0], c[1], c[2], c[3], c[4], c[5:], c[len(c)-1]
	x, k, p := u.vector(), u.vector(), u.vector()
	u.along(n, func(at func(reg.Register) Mem) {
		// Of two numbers of which one is none, the second is taken: x.
		VMOVUPS(at(src), x)
		VMAXPS(x, least, x)
		VMINPS(x, most, x)
		VMULPS(log2e, x, k)
		VCVTPS2DQ(k, k)
		VCVTDQ2PS(k, p)
		VFNMADD231PS(ln2, p, x)
		VFNMADD231PS(rest, p, x) // r
		VMOVAPS(coefficients[0], p)
		for _, next := range coefficients[1:] {
			VFMADD213PS(next, x, p)
		}
		VPSLLD(Imm(23), k, k)
		VPADDD(one, k, k) // 2ᵏ: the exponent of one, and k
		VMULPS(k, p, p)
		VMOVUPS(p, at(dst))
	})
}
