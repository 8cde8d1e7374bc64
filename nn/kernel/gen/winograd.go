package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Winograd's minimal filtering with six points 0, 1, −1, 2, −2, ∞ (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016):
// tiles of six by six. The functions below do the transforms of a tile, first along its columns, then along its rows, for n channels, which lie side by side.

// vectors makes n registers.
func (u unit) vectors(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = u.vector()
	}
	return v
}

// constant returns a number in all lanes, kept in memory beside the code.
func (u unit) constant(name string, bits uint32) reg.VecVirtual {
	m := GLOBL(name+u.name, RODATA|NOPTR)
	DATA(0, U32(bits))
	v := u.vector()
	VBROADCASTSS(m, v)
	return v
}

const (
	bitsOf2 = 0x40000000
	bitsOf4 = 0x40800000
	bitsOf5 = 0x40a00000
	bitsOf8 = 0x41000000
)

// twice does a two-dimensional transform of in×in to out×out numbers: columns to the scratch, then rows from there. load and store take a
// row and a column.
func (u unit) twice(in, out int, scratch reg.Register, load func(i, j int, v reg.VecVirtual), one func(x []reg.VecVirtual) []reg.VecVirtual, store func(i, j int, v reg.VecVirtual)) {
	at := func(i, j int) Mem { return Mem{Base: scratch, Disp: 4 * u.lanes * (i*in + j)} }
	for j := range in {
		x := u.vectors(in)
		for i := range x {
			load(i, j, x[i])
		}
		for i, v := range one(x) {
			VMOVUPS(v, at(i, j))
		}
	}
	for i := range out {
		x := u.vectors(in)
		for j := range x {
			VMOVUPS(at(i, j), x[j])
		}
		for j, v := range one(x) {
			store(i, j, v)
		}
	}
}

// Shorter names for sums: plus a+b, minus a−b, fma a·b+c, fnma c−a·b.
func (u unit) plus(a, b reg.VecVirtual) reg.VecVirtual { v := u.vector(); VADDPS(b, a, v); return v }

func (u unit) minus(a, b reg.VecVirtual) reg.VecVirtual { v := u.vector(); VSUBPS(b, a, v); return v }

func (u unit) fma(a, b, c reg.VecVirtual) reg.VecVirtual {
	v := u.vector()
	VMOVAPS(c, v)
	VFMADD231PS(a, b, v)
	return v
}

func (u unit) fnma(a, b, c reg.VecVirtual) reg.VecVirtual {
	v := u.vector()
	VMOVAPS(c, v)
	VFNMADD231PS(a, b, v)
	return v
}

// grid reaches rows and columns of an image of given strides: rows from the first, and from the fourth where there are more than three.
func grid(base, rs, cs reg.Register, rows int) func(i, j int) Mem {
	column, far := GP64(), GP64()
	now := -1
	return func(i, j int) Mem {
		if j != now {
			if j == 0 {
				MOVQ(base, column)
			} else {
				ADDQ(cs, column)
			}
			now = j
			if rows > 3 {
				LEAQ(Mem{Base: column, Index: rs, Scale: 2}, far)
				ADDQ(rs, far)
			}
		}
		b := column
		if i >= 3 {
			b = far
		}
		m := Mem{Base: b}
		if i%3 > 0 {
			m.Index, m.Scale = rs, uint8(i%3)
		}
		return m
	}
}

// winograd writes the transforms.
func (u unit) winograd() {
	params := func(names ...string) (r []reg.Register) {
		for _, name := range names {
			r = append(r, Load(Param(name), GP64()))
		}
		return r
	}
	// Bᵀ·d·B.
	u.function("winogradInput", "dst, src, scratch *float32, rs, cs, dp, n int",
		"transforms tiles of 6×6 places of an image, rs bytes from row to row and cs from column to column; each of the 36 results lies dp bytes behind the one before. The scratch has room for 36 vectors.")
	p := params("dst", "src", "scratch", "rs", "cs", "dp", "n")
	dst, src, scratch := p[0], p[1], p[2]
	two, four, five := u.constant("winTwo", bitsOf2), u.constant("winFour", bitsOf4), u.constant("winFive", bitsOf5)
	u.channels(p[6], []reg.Register{dst, src}, func() {
		at := grid(src, p[3], p[4], 6)
		to := GP64()
		MOVQ(dst, to)
		u.twice(6, 6, scratch, func(i, j int, v reg.VecVirtual) { VMOVUPS(at(i, j), v) }, func(x []reg.VecVirtual) []reg.VecVirtual {
			even, odd := u.fnma(four, x[2], x[4]), u.fnma(four, x[1], x[3])
			even2, odd2 := u.minus(x[4], x[2]), u.minus(x[3], x[1])
			return []reg.VecVirtual{
				u.fma(four, x[0], u.fnma(five, x[2], x[4])),
				u.plus(even, odd), u.minus(even, odd),
				u.fma(two, odd2, even2), u.fnma(two, odd2, even2),
				u.fma(four, x[1], u.fnma(five, x[3], x[5])),
			}
		}, func(_, _ int, v reg.VecVirtual) {
			VMOVUPS(v, Mem{Base: to})
			ADDQ(p[5], to)
		})
	})
	for _, m := range []int{2, 4} {
		u.winogradOutput(m, params)
		u.winogradGradient(m, params)
	}
	u.mix(params)
}

// winogradOutput writes Aᵀ·x·A for tiles of m×m places of the output.
func (u unit) winogradOutput(m int, params func(...string) []reg.Register) {
	name := map[int]string{2: "winogradOutput2", 4: "winogradOutput4"}[m]
	u.function(name, "dst, src, scratch, bias *float32, rs, cs, dp, n int, least float32",
		"transforms 36 numbers, dp bytes apart, to the places of a tile, rs bytes from row to row and cs from column to column, adds the bias and takes the greater of that and least; not-a-number stays.")
	p := params("dst", "src", "scratch", "bias", "rs", "cs", "dp", "n")
	dst, src, scratch, bias := p[0], p[1], p[2], p[3]
	two, four, eight, least := u.constant(name+"Two", bitsOf2), u.constant(name+"Four", bitsOf4), u.constant(name+"Eight", bitsOf8), u.everywhere("least")
	shift := u.vector()
	u.channels(p[7], []reg.Register{dst, src, bias}, func() {
		VMOVUPS(Mem{Base: bias}, shift)
		six := GP64() // from row to row of the 36 numbers
		LEAQ(Mem{Base: p[6], Index: p[6], Scale: 2}, six)
		SHLQ(Imm(1), six)
		at := grid(src, six, p[6], 6)
		row := GP64()
		last := -1
		place := GP64()
		u.twice(6, m, scratch, func(i, j int, v reg.VecVirtual) { VMOVUPS(at(i, j), v) }, func(x []reg.VecVirtual) []reg.VecVirtual {
			s, d, e, f := u.plus(x[1], x[2]), u.minus(x[1], x[2]), u.plus(x[3], x[4]), u.minus(x[3], x[4])
			y0, y1 := u.plus(u.plus(x[0], s), e), u.fma(two, f, d)
			if m == 2 {
				return []reg.VecVirtual{y0, u.plus(y1, x[5])}
			}
			return []reg.VecVirtual{y0, y1, u.fma(four, e, s), u.plus(u.fma(eight, f, d), x[5])}
		}, func(i, _ int, v reg.VecVirtual) {
			switch {
			case i == last:
				ADDQ(p[5], place)
			case i == 0:
				MOVQ(dst, row)
				MOVQ(row, place)
			default:
				ADDQ(p[4], row)
				MOVQ(row, place)
			}
			last = i
			VADDPS(shift, v, v)
			VMAXPS(v, least, v)
			VMOVUPS(v, Mem{Base: place})
		})
	})
}

// winogradGradient writes A·dy·Aᵀ for tiles of m×m places.
func (u unit) winogradGradient(m int, params func(...string) []reg.Register) {
	name := map[int]string{2: "winogradGradient2", 4: "winogradGradient4"}[m]
	u.function(name, "dst, src, scratch *float32, rs, cs, dp, n int",
		"transforms the gradient at the places of a tile, rs bytes from row to row and cs from column to column, to 36 numbers, dp bytes apart.")
	p := params("dst", "src", "scratch", "rs", "cs", "dp", "n")
	dst, src, scratch := p[0], p[1], p[2]
	two, four, eight := u.constant(name+"Two", bitsOf2), u.constant(name+"Four", bitsOf4), u.constant(name+"Eight", bitsOf8)
	u.channels(p[6], []reg.Register{dst, src}, func() {
		at := grid(src, p[3], p[4], m)
		to := GP64()
		MOVQ(dst, to)
		u.twice(m, 6, scratch, func(i, j int, v reg.VecVirtual) { VMOVUPS(at(i, j), v) }, func(y []reg.VecVirtual) []reg.VecVirtual {
			if m == 2 {
				return []reg.VecVirtual{y[0], u.plus(y[0], y[1]), u.minus(y[0], y[1]), u.fma(two, y[1], y[0]), u.fnma(two, y[1], y[0]), y[1]}
			}
			even, odd := u.plus(y[0], y[2]), u.plus(y[1], y[3])
			even2, odd2 := u.fma(four, y[2], y[0]), u.fma(eight, y[3], u.plus(y[1], y[1]))
			return []reg.VecVirtual{y[0], u.plus(even, odd), u.minus(even, odd), u.plus(even2, odd2), u.minus(even2, odd2), y[3]}
		}, func(_, _ int, v reg.VecVirtual) {
			VMOVUPS(v, Mem{Base: to})
			ADDQ(p[5], to)
		})
	})
}

// mix writes the product of a small matrix with rows of numbers.
func (u unit) mix(params func(...string) []reg.Register) {
	u.function("mix", "dst, src, matrix *float32, rows, columns, ds, ss, n int",
		"does dst[i] = Σ matrix[i,j]·src[j] for rows of n numbers; rows of dst lie ds bytes apart, those of src ss.")
	p := params("dst", "src", "matrix", "rows", "columns", "ds", "ss", "n")
	dst, src, matrix := p[0], p[1], p[2]
	sum, v := u.vector(), u.vector()
	u.channels(p[7], []reg.Register{dst, src}, func() {
		to, from, coefficient, i, j := GP64(), GP64(), GP64(), GP64(), GP64()
		MOVQ(dst, to)
		MOVQ(matrix, coefficient)
		MOVQ(p[3], i)
		Label("row")
		u.zero(sum)
		MOVQ(src, from)
		MOVQ(p[4], j)
		Label("column")
		VBROADCASTSS(Mem{Base: coefficient}, v)
		VFMADD231PS(Mem{Base: from}, v, sum)
		ADDQ(Imm(4), coefficient)
		ADDQ(p[6], from)
		DECQ(j)
		JNZ(LabelRef("column"))
		VMOVUPS(sum, Mem{Base: to})
		ADDQ(p[5], to)
		DECQ(i)
		JNZ(LabelRef("row"))
	})
}
