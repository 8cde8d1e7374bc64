package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// places loops over the places of a sample: body gets an index register with the byte offset of each.
func places(count, stride reg.Register, name string, body func(offset reg.GPVirtual)) {
	offset, left := GP64(), GP64()
	XORQ(offset, offset)
	MOVQ(count, left)
	Label("place" + name)
	body(offset)
	ADDQ(stride, offset)
	DECQ(left)
	JNZ(LabelRef("place" + name))
}

// batchNorm writes what the normalisation of a batch does with one sample: for n channels, a whole number of vectors, not 0, over places that lie stride bytes apart.
func (u unit) batchNorm() {
	load := func(names ...string) (r []reg.Register) {
		for _, name := range names {
			r = append(r, Load(Param(name), GP64()))
		}
		return r
	}
	read := func(p reg.Register) reg.VecVirtual { v := u.vector(); VMOVUPS(Mem{Base: p}, v); return v }

	u.function("moments", "mean, squares, x *float32, places, stride, n int, share float32", "gives the sum times share, and the sum of the squared distances from that.")
	p := load("mean", "squares", "x", "places", "stride", "n")
	share, mean, sum, v := u.everywhere("share"), u.vector(), u.vector(), u.vector()
	u.channels(p[5], p[:3], func() {
		u.zero(mean)
		places(p[3], p[4], "Sum", func(offset reg.GPVirtual) { VADDPS(Mem{Base: p[2], Index: offset, Scale: 1}, mean, mean) })
		VMULPS(share, mean, mean)
		VMOVUPS(mean, Mem{Base: p[0]})
		u.zero(sum)
		places(p[3], p[4], "Squares", func(offset reg.GPVirtual) {
			VMOVUPS(Mem{Base: p[2], Index: offset, Scale: 1}, v)
			VSUBPS(mean, v, v)
			VFMADD231PS(v, v, sum)
		})
		VMOVUPS(sum, Mem{Base: p[1]})
	})

	u.function("normSums", "db, dw, dy, x, mean *float32, places, stride, n int", "gives the sums of dy and of dy·(x−mean).")
	p = load("db", "dw", "dy", "x", "mean", "places", "stride", "n")
	first, second, d := u.vector(), u.vector(), u.vector()
	u.channels(p[7], p[:5], func() {
		m := read(p[4])
		u.zero(first)
		u.zero(second)
		places(p[5], p[6], "", func(offset reg.GPVirtual) {
			VMOVUPS(Mem{Base: p[2], Index: offset, Scale: 1}, d)
			VADDPS(d, first, first)
			VMOVUPS(Mem{Base: p[3], Index: offset, Scale: 1}, v)
			VSUBPS(m, v, v)
			VFMADD231PS(v, d, second)
		})
		VMOVUPS(first, Mem{Base: p[0]})
		VMOVUPS(second, Mem{Base: p[1]})
	})

	u.function("normScale", "y, x, mean, a, b *float32, places, stride, n int, least float32", "does y = max((x−mean)·a + b, least); not-a-number stays.")
	p = load("y", "x", "mean", "a", "b", "places", "stride", "n")
	least := u.everywhere("least")
	u.channels(p[7], p[:5], func() {
		m, a, b := read(p[2]), read(p[3]), read(p[4])
		places(p[5], p[6], "", func(offset reg.GPVirtual) {
			VMOVUPS(Mem{Base: p[1], Index: offset, Scale: 1}, v)
			VSUBPS(m, v, v)
			VFMADD213PS(b, a, v)
			VMAXPS(v, least, v)
			VMOVUPS(v, Mem{Base: p[0], Index: offset, Scale: 1})
		})
	})

	for _, add := range []bool{false, true} {
		name, doc := "normGrad", "does dx = (dy + (x−mean)·b − c)·a."
		if add {
			name, doc = "normGradAdd", "does dx += (dy + (x−mean)·b − c)·a."
		}
		u.function(name, "dx, dy, x, mean, a, b, c *float32, places, stride, n int", doc)
		p = load("dx", "dy", "x", "mean", "a", "b", "c", "places", "stride", "n")
		u.channels(p[9], p[:7], func() {
			m, a, b, c := read(p[3]), read(p[4]), read(p[5]), read(p[6])
			places(p[7], p[8], "", func(offset reg.GPVirtual) {
				at := func(i int) Mem { return Mem{Base: p[i], Index: offset, Scale: 1} }
				VMOVUPS(at(2), v)
				VSUBPS(m, v, v)
				VFMADD213PS(at(1), b, v)
				VSUBPS(c, v, v)
				VMULPS(a, v, v)
				if add {
					VADDPS(at(0), v, v)
				}
				VMOVUPS(v, at(0))
			})
		})
	}
}
