package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// function begins a function of the unit, with a comment.
func (u unit) function(name, signature, doc string) {
	TEXT(name+u.name, NOSPLIT, "func("+signature+")")
	Pragma("noescape")
	Doc(name + u.name + " " + doc)
}

// along loops over n numbers, a whole number of vectors, with a byte offset.
func (u unit) along(n reg.GPVirtual, body func(at func(base reg.Register) Mem)) {
	SHLQ(Imm(2), n)
	i := GP64()
	XORQ(i, i)
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("loop")
	body(func(base reg.Register) Mem { return Mem{Base: base, Index: i, Scale: 1} })
	ADDQ(Imm(uint64(4*u.lanes)), i)
	CMPQ(i, n)
	JL(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// everywhere loads a parameter into all lanes.
func (u unit) everywhere(param string) reg.VecVirtual {
	v := u.vector()
	m, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, v)
	return v
}

// elements writes functions of numbers one by one. n is a whole number of vectors.
func (u unit) elements() {
	for _, f := range []struct {
		name, sign string
		do         func(...Op)
	}{{"add", "+", VADDPS}, {"sub", "−", VSUBPS}, {"mul", "·", VMULPS}} {
		u.function(f.name, "dst, src *float32, n int", "does dst "+f.sign+"= src.")
		dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64()).(reg.GPVirtual)
		v := u.vector()
		u.along(n, func(at func(reg.Register) Mem) {
			VMOVUPS(at(dst), v)
			f.do(at(src), v, v)
			VMOVUPS(v, at(dst))
		})
	}

	u.function("relu", "dst, src *float32, n int", "does dst = max(src, 0); not-a-number stays.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64()).(reg.GPVirtual)
	v, zero := u.vector(), u.vector()
	u.zero(zero)
	u.along(n, func(at func(reg.Register) Mem) {
		VMOVUPS(at(src), v)
		VMAXPS(v, zero, v)
		VMOVUPS(v, at(dst))
	})

	for _, add := range []bool{false, true} {
		name, doc := "reluGrad", "does dx = dy where y > 0 or is not a number, else 0."
		if add {
			name, doc = "reluGradAdd", "does dx += dy where y > 0 or is not a number."
		}
		u.function(name, "dx, dy, y *float32, n int", doc)
		dx, dy, y := Load(Param("dx"), GP64()), Load(Param("dy"), GP64()), Load(Param("y"), GP64())
		n = Load(Param("n"), GP64()).(reg.GPVirtual)
		v, zero, g := u.vector(), u.vector(), u.vector()
		u.zero(zero)
		const notLessOrEqual = 6
		u.along(n, func(at func(reg.Register) Mem) {
			VMOVUPS(at(y), v)
			if u.lanes == 16 {
				k := K()
				VCMPPS(Imm(notLessOrEqual), zero, v, k)
				VMOVUPS_Z(at(dy), k, g)
			} else {
				VCMPPS(Imm(notLessOrEqual), zero, v, v)
				VANDPS(at(dy), v, g)
			}
			if add {
				VADDPS(at(dx), g, g)
			}
			VMOVUPS(g, at(dx))
		})
	}

	for _, nesterov := range []bool{false, true} {
		name, doc := "sgd", "does h = mu·h + rate·(grad + decay·w), w −= h."
		if nesterov {
			name, doc = "nesterov", "does v = mu·h + rate·(grad + decay·w), w −= (1+mu)·v − mu·h, h = v."
		}
		u.function(name, "w, grad, h *float32, n int, rate, decay, mu float32", doc)
		w, g, h := Load(Param("w"), GP64()), Load(Param("grad"), GP64()), Load(Param("h"), GP64())
		n = Load(Param("n"), GP64()).(reg.GPVirtual)
		rate, decay, mu := u.everywhere("rate"), u.everywhere("decay"), u.everywhere("mu")
		x, y, z := u.vector(), u.vector(), u.vector()
		u.along(n, func(at func(reg.Register) Mem) {
			VMOVUPS(at(w), x)
			VMOVUPS(at(g), y)
			VFMADD231PS(x, decay, y) // y = g + decay·w
			VMULPS(rate, y, y)
			VMULPS(at(h), mu, z)
			VADDPS(z, y, y) // the new velocity
			VMOVUPS(y, at(h))
			if nesterov {
				VSUBPS(y, x, x)
				VFMADD231PS(mu, y, z) // z = mu·h + mu·v
				VMULPS(mu, y, y)
				// w − (1+mu)·v + mu·h = (w − v) − mu·v + mu·h; z holds mu·h + mu·v
				VADDPS(z, x, x)
				VSUBPS(y, x, x)
				VSUBPS(y, x, x)
			} else {
				VSUBPS(y, x, x)
			}
			VMOVUPS(x, at(w))
		})
	}

	u.dot()
}

// dot writes the product of one vector with one row of weights, on eight accumulators.
func (u unit) dot() {
	TEXT("dot"+u.name, NOSPLIT, "func(a, b *float32, n int) float32")
	Pragma("noescape")
	Doc(fmt.Sprintf("dot%s is Σ a·b over n numbers, a whole number of vectors.", u.name))
	a, b, n := Load(Param("a"), GP64()), Load(Param("b"), GP64()), Load(Param("n"), GP64())
	const ways = 4
	acc := make([]reg.VecVirtual, ways)
	for i := range acc {
		acc[i] = u.vector()
		u.zero(acc[i])
	}
	v := u.vector()
	Label("many")
	CMPQ(n, Imm(uint64(ways*u.lanes)))
	JL(LabelRef("few"))
	for i := range acc {
		VMOVUPS(Mem{Base: a, Disp: 4 * u.lanes * i}, v)
		VFMADD231PS(Mem{Base: b, Disp: 4 * u.lanes * i}, v, acc[i])
	}
	ADDQ(U32(4*ways*u.lanes), a)
	ADDQ(U32(4*ways*u.lanes), b)
	SUBQ(Imm(uint64(ways*u.lanes)), n)
	JMP(LabelRef("many"))
	Label("few")
	TESTQ(n, n)
	JZ(LabelRef("sum"))
	VMOVUPS(Mem{Base: a}, v)
	VFMADD231PS(Mem{Base: b}, v, acc[0])
	ADDQ(Imm(uint64(4*u.lanes)), a)
	ADDQ(Imm(uint64(4*u.lanes)), b)
	SUBQ(Imm(uint64(u.lanes)), n)
	JMP(LabelRef("few"))
	Label("sum")
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	low := YMM()
	if u.lanes == 16 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), acc[0], high)
		VEXTRACTF64X4(Imm(0), acc[0], low)
		VADDPS(high, low, low)
	} else {
		VMOVUPS(acc[0], low)
	}
	half, rest := XMM(), XMM()
	VEXTRACTF128(Imm(1), low, half)
	VADDPS(low.AsX(), half, half)
	VMOVHLPS(half, half, rest)
	VADDPS(rest, half, half)
	VMOVSHDUP(half, rest)
	VADDSS(rest, half, half)
	Store(half, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// transpose writes blocks of eight rows as columns.
func transpose() {
	TEXT("transposeAVX2", NOSPLIT, "func(dst, src *float32, ldd, lds, n int)")
	Pragma("noescape")
	Doc("transposeAVX2 writes eight rows of 8·n numbers, lds bytes apart, as 8·n rows of eight numbers, ldd bytes apart.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	ldd, lds, n := Load(Param("ldd"), GP64()), Load(Param("lds"), GP64()), Load(Param("n"), GP64())
	// Rows are reached from the first and the fifth.
	far := func(base, ld reg.Register) func(row int) Mem {
		three := GP64()
		LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, three)
		return func(row int) Mem {
			switch row {
			case 0:
				return Mem{Base: base}
			case 3:
				return Mem{Base: base, Index: three, Scale: 1}
			}
			return Mem{Base: base, Index: ld, Scale: uint8(row)}
		}
	}
	upper, lower := GP64(), GP64()
	from, to := far(upper, lds), far(lower, ldd)
	Label("block")
	row, turned := make([]reg.VecVirtual, 8), make([]reg.VecVirtual, 8)
	MOVQ(src, upper)
	for i := range row {
		if i == 4 {
			LEAQ(Mem{Base: upper, Index: lds, Scale: 4}, upper)
		}
		row[i] = YMM()
		VMOVUPS(from(i%4), row[i])
	}
	// Pairs, then fours, then halves.
	for i := 0; i < 8; i += 2 {
		turned[i], turned[i+1] = YMM(), YMM()
		VUNPCKLPS(row[i+1], row[i], turned[i])
		VUNPCKHPS(row[i+1], row[i], turned[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VUNPCKLPD(turned[i+2], turned[i], row[i])
		VUNPCKHPD(turned[i+2], turned[i], row[i+1])
		VUNPCKLPD(turned[i+3], turned[i+1], row[i+2])
		VUNPCKHPD(turned[i+3], turned[i+1], row[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), row[i+4], row[i], turned[i])
		VPERM2F128(Imm(0x31), row[i+4], row[i], turned[i+4])
	}
	MOVQ(dst, lower)
	for i, v := range turned {
		if i == 4 {
			LEAQ(Mem{Base: lower, Index: ldd, Scale: 4}, lower)
		}
		VMOVUPS(v, to(i%4))
	}
	LEAQ(Mem{Base: dst, Index: ldd, Scale: 8}, dst)
	ADDQ(Imm(32), src)
	DECQ(n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// window loops over the places of a pooling's window: body gets an index register with the byte offset of each.
func window(kh, kw, rs, cs reg.Register, name string, body func(offset reg.GPVirtual)) {
	row, offset, i, j := GP64(), GP64(), GP64(), GP64()
	XORQ(row, row)
	MOVQ(kh, i)
	Label("row" + name)
	MOVQ(row, offset)
	MOVQ(kw, j)
	Label("column" + name)
	body(offset)
	ADDQ(cs, offset)
	DECQ(j)
	JNZ(LabelRef("column" + name))
	ADDQ(rs, row)
	DECQ(i)
	JNZ(LabelRef("row" + name))
}

// channels loops over n channels, a whole number of vectors, moving the pointers along.
func (u unit) channels(n reg.Register, pointers []reg.Register, body func()) {
	Label("channels")
	body()
	for _, p := range pointers {
		ADDQ(Imm(uint64(4*u.lanes)), p)
	}
	SUBQ(Imm(uint64(u.lanes)), n)
	JNZ(LabelRef("channels"))
	VZEROUPPER()
	RET()
}

// pooling writes what a pooling does at one place of its output, for all channels, which lie side by side. The window has kh × kw places, rs
// bytes from row to row and cs from column to column; n is a whole number of vectors, not 0.
func (u unit) pooling() {
	load := func(names ...string) (r []reg.Register) {
		for _, name := range names {
			r = append(r, Load(Param(name), GP64()))
		}
		return r
	}
	u.function("poolMax", "y, x *float32, kh, kw, rs, cs, n int", "gives the maximum over a window.")
	p := load("y", "x", "kh", "kw", "rs", "cs", "n")
	y, x := p[0], p[1]
	best := u.vector()
	u.channels(p[6], p[:2], func() {
		VMOVUPS(Mem{Base: x}, best)
		window(p[2], p[3], p[4], p[5], "", func(offset reg.GPVirtual) {
			// The second source stays when neither is greater, as when one is not a number: the best so far.
			v := u.vector()
			VMOVUPS(Mem{Base: x, Index: offset, Scale: 1}, v)
			VMAXPS(best, v, best)
		})
		VMOVUPS(best, Mem{Base: y})
	})

	u.function("poolMaxGrad", "dx, x, y, dy *float32, kh, kw, rs, cs, n int", "adds dy to dx at the first place of the window where x is y.")
	p = load("dx", "x", "y", "dy", "kh", "kw", "rs", "cs", "n")
	dx, x, y, dy := p[0], p[1], p[2], p[3]
	top, g, v := u.vector(), u.vector(), u.vector()
	u.channels(p[8], p[:4], func() {
		VMOVUPS(Mem{Base: y}, top)
		VMOVUPS(Mem{Base: dy}, g)
		window(p[4], p[5], p[6], p[7], "", func(offset reg.GPVirtual) {
			place, grad := Mem{Base: x, Index: offset, Scale: 1}, Mem{Base: dx, Index: offset, Scale: 1}
			VMOVUPS(grad, v)
			// What has been given is zero from then on.
			if u.lanes == 16 {
				k := K()
				VCMPPS(Imm(0), place, top, k)
				VADDPS(g, v, k, v)
				VMOVUPS(v, grad)
				KNOTW(k, k)
				VMOVUPS_Z(g, k, g)
			} else {
				equal, given := u.vector(), u.vector()
				VCMPPS(Imm(0), place, top, equal)
				VANDPS(g, equal, given)
				VADDPS(given, v, v)
				VMOVUPS(v, grad)
				VANDNPS(g, equal, g)
			}
		})
	})

	u.function("poolSum", "y, x *float32, kh, kw, rs, cs, n int, scale float32", "gives the sum over a window times scale.")
	p = load("y", "x", "kh", "kw", "rs", "cs", "n")
	y, x = p[0], p[1]
	scale, sum := u.everywhere("scale"), u.vector()
	u.channels(p[6], p[:2], func() {
		u.zero(sum)
		window(p[2], p[3], p[4], p[5], "", func(offset reg.GPVirtual) {
			VADDPS(Mem{Base: x, Index: offset, Scale: 1}, sum, sum)
		})
		VMULPS(scale, sum, sum)
		VMOVUPS(sum, Mem{Base: y})
	})

	u.function("poolSpread", "dx, dy *float32, kh, kw, rs, cs, n int, scale float32", "adds dy times scale to dx over a window.")
	p = load("dx", "dy", "kh", "kw", "rs", "cs", "n")
	dx, dy = p[0], p[1]
	scale, g, v = u.everywhere("scale"), u.vector(), u.vector()
	u.channels(p[6], p[:2], func() {
		VMULPS(Mem{Base: dy}, scale, g)
		window(p[2], p[3], p[4], p[5], "", func(offset reg.GPVirtual) {
			grad := Mem{Base: dx, Index: offset, Scale: 1}
			VADDPS(grad, g, v)
			VMOVUPS(v, grad)
		})
	})
}

// power is s to the power of −¾.
func (u unit) power(s, one, tmp reg.VecVirtual) {
	VSQRTPS(s, s)
	VSQRTPS(s, tmp)
	VMULPS(tmp, s, s)
	VDIVPS(s, one, s)
}

// across sums size numbers from each lane on.
func (u unit) across(base, size reg.Register, into reg.VecVirtual) {
	k, p := GP64(), GP64()
	u.zero(into)
	MOVQ(size, k)
	MOVQ(base, p)
	Label("neighbours")
	VADDPS(Mem{Base: p}, into, into)
	ADDQ(Imm(4), p)
	DECQ(k)
	JNZ(LabelRef("neighbours"))
}

// norms writes what the normalisation across channels does at one place, for β = ¾; n is a whole number of vectors, not 0.
func (u unit) norms() {
	u.function("lrn", "y, s, x, squares *float32, size, n int, alpha, one float32",
		"does s = 1 + alpha·Σ squares over size numbers from each on, y = x·s^−¾.")
	y, s, x, squares := Load(Param("y"), GP64()), Load(Param("s"), GP64()), Load(Param("x"), GP64()), Load(Param("squares"), GP64())
	size, n := Load(Param("size"), GP64()), Load(Param("n"), GP64())
	alpha, one := u.everywhere("alpha"), u.everywhere("one")
	sum, tmp := u.vector(), u.vector()
	u.channels(n, []reg.Register{y, s, x, squares}, func() {
		u.across(squares, size, sum)
		VFMADD213PS(one, alpha, sum)
		VMOVUPS(sum, Mem{Base: s})
		u.power(sum, one, tmp)
		VMULPS(Mem{Base: x}, sum, sum)
		VMOVUPS(sum, Mem{Base: y})
	})

	u.function("lrnRatio", "r, dy, y, s *float32, n int", "does r = dy·y/s.")
	r, dy, y, s := Load(Param("r"), GP64()), Load(Param("dy"), GP64()), Load(Param("y"), GP64()), Load(Param("s"), GP64())
	n2 := Load(Param("n"), GP64()).(reg.GPVirtual)
	v := u.vector()
	u.along(n2, func(at func(reg.Register) Mem) {
		VMOVUPS(at(dy), v)
		VMULPS(at(y), v, v)
		VDIVPS(at(s), v, v)
		VMOVUPS(v, at(r))
	})

	u.function("lrnGrad", "dx, dy, x, s, ratio *float32, size, n int, factor, one float32",
		"does dx = dy·s^−¾ − factor·x·Σ ratio over size numbers from each on.")
	dx, dy, x, s, ratio := Load(Param("dx"), GP64()), Load(Param("dy"), GP64()), Load(Param("x"), GP64()), Load(Param("s"), GP64()), Load(Param("ratio"), GP64())
	size, n = Load(Param("size"), GP64()), Load(Param("n"), GP64())
	factor, one := u.everywhere("factor"), u.everywhere("one")
	sum, tmp, power := u.vector(), u.vector(), u.vector()
	u.channels(n, []reg.Register{dx, dy, x, s, ratio}, func() {
		u.across(ratio, size, sum)
		VMULPS(factor, sum, sum)
		VMULPS(Mem{Base: x}, sum, sum)
		VMOVUPS(Mem{Base: s}, power)
		u.power(power, one, tmp)
		VMULPS(Mem{Base: dy}, power, power)
		VSUBPS(sum, power, power)
		VMOVUPS(power, Mem{Base: dx})
	})
}
