package gpu

import (
	"fmt"
	"maps"
	"strings"

	"github.com/convscope/convscope/nn/kernel"
)

// A product is Out[m,n] = Σ_k A[m,k]·B[k,n], with rules for where the numbers come from and go to: convolutions, fully connected layers and their gradients are all of
// this kind, and no matrix is ever put together in memory.
type product struct {
	m, n, k   int    // sizes, at most; n or k may depend on the samples of a step
	nNow      string // how many columns there are in a step
	kNow      string // how long the sums are
	a, b      string // WGSL that gives a number from m, k and from k, n, and the group g
	aAcross   bool   // neighbours of A in memory have neighbouring m, not k
	bAlong    bool   // neighbours of B in memory have neighbouring k, not n
	store     string // WGSL that takes v at m, n, of the group g and the slice
	functions string
	groups    int // independent products
	slices    int // into which the sums are cut, so that long sums of few numbers keep a GPU busy; each is stored by itself
}

// depth is how many products of a sum are done between two loads. Two tiles of so many numbers take half of the memory that WebGPU promises a workgroup.
const depth = 16

// shortest is how many products a slice of a sum has at least.
const shortest = 128

// side returns the side of a tile of the output for so many rows or columns: 16 threads along each, with one, two or four numbers.
func side(n int) int {
	switch {
	case n > 32:
		return 64
	case n > 16:
		return 32
	}
	return 16
}

// passes makes the shader, or a few of a product that is much work: tiles of A and B in the workgroup's memory, each thread a small tile of the output in its registers.
func (p product) passes(n names, c constants) (list []pass) {
	tm, tn := side(p.m), side(p.n)
	rows, columns := (p.m+tm-1)/tm, (p.n+tn-1)/tn
	tiles := rows * columns
	work := p.groups * p.m * p.n * p.k
	share := (tiles + work/mostWork) / (work/mostWork + 1) // tiles of a pass
	chunk := (p.k + p.slices - 1) / p.slices
	all := constants{
		"TM": tm, "TN": tn, "LA": tm + 1, "LB": tn + 1, "DEPTH": depth, "M": p.m, "ROWS": rows, "SLICES": p.slices, "CHUNK": chunk,
		"AS": depth * (tm + 1), "BS": depth * (tn + 1), // sizes of arrays, which have to be plain
	}
	maps.Copy(all, c)
	sums, steps, stores := unrolled(tm/16, tn/16)
	code := p.functions + fmt.Sprintf(`
fn loadA(g: u32, m: u32, k: u32) -> f32 { %s }
fn loadB(g: u32, k: u32, n: u32) -> f32 { %s }
fn store(g: u32, slice: u32, m: u32, n: u32, v: f32) { %s }
var<workgroup> ta: array<f32, AS>;
var<workgroup> tb: array<f32, BS>;
@compute @workgroup_size(16, 16) fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_id) at: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let tile = FIRST + id.x + id.y * WIDTH;
	let g = id.z / SLICES;
	let slice = id.z %% SLICES;
	let m0 = (tile %% ROWS) * TM;
	let n0 = (tile / ROWS) * TN;
	let all = %s;
	let begin = slice * CHUNK;
	let end = min(begin + CHUNK, %s);
	if (tile >= LAST || n0 >= all) { return; }
%s
	for (var k0 = begin; k0 < end; k0 += DEPTH) {
%s%s		workgroupBarrier();
		for (var k = 0u; k < DEPTH; k++) {
%s
		}
		workgroupBarrier();
	}
%s
}`, p.a, p.b, p.store, p.nNow, p.kNow, sums, load("ta", "TM", "LA", "m", "M", "loadA(g, m, k)", !p.aAcross), load("tb", "TN", "LB", "n", "all", "loadB(g, k, n)", p.bAlong), steps, stores)
	for first := 0; first < tiles; first += share {
		last := min(first+share, tiles)
		x := min(last-first, mostGroups)
		all["FIRST"], all["LAST"], all["WIDTH"] = first, last, x
		made := shader(code, n, all, [3]uint32{uint32(x), uint32((last - first + x - 1) / x), uint32(p.groups * p.slices)})
		made.work = work / tiles * (last - first)
		list = append(list, made)
	}
	return list
}

// load writes out how the threads fill a tile: side numbers of index x (m or n), below limit, for each of the depth numbers of k. Neighbouring threads take numbers that are neighbours
// in memory: along k or across it. What of a number's place depends on the index that a thread keeps is worked out once. A row of the tile is one number longer than it needs, so
// that threads that write down a column write to different banks of the workgroup's memory.
func load(tile, side, row, x, limit, value string, along bool) string {
	code := `
		{
			let own = t % SIDE;
			let x = x0 + own;
			for (var e = t / SIDE; e < DEPTH; e += 256u / SIDE) {
				let k = k0 + e;
				var v = 0.0;
				if (x < LIMIT && k < end) { v = VALUE; }
				TILE[e * ROW + own] = v;
			}
		}
`
	if along {
		code = `
		{
			let own = t % DEPTH;
			let k = k0 + own;
			for (var e = t / DEPTH; e < SIDE; e += 256u / DEPTH) {
				let x = x0 + e;
				var v = 0.0;
				if (x < LIMIT && k < end) { v = VALUE; }
				TILE[own * ROW + e] = v;
			}
		}
`
	}
	return strings.NewReplacer("SIDE", side, "LIMIT", limit, "VALUE", value, "TILE", tile, "ROW", row, "x0", x+"0", "let x", "let "+x, "(x <", "("+x+" <").Replace(code)
}

// unrolled writes out what a thread does with its tile of rows×columns numbers: each has a name of its own, so that it lies in a register whatever the compiler makes of
// arrays.
func unrolled(rows, columns int) (sums, steps, stores string) {
	var a, b, c strings.Builder
	for j := range columns {
		fmt.Fprintf(&b, "let r%d = tb[k * LB + at.x + %du];\n", j, 16*j)
	}
	for i := range rows {
		fmt.Fprintf(&b, "let l%d = ta[k * LA + at.y + %du];\n", i, 16*i)
		for j := range columns {
			fmt.Fprintf(&a, "var s%d%d = 0.0;\n", i, j)
			fmt.Fprintf(&b, "s%d%d = fma(l%d, r%d, s%d%d);\n", i, j, i, j, i, j)
			fmt.Fprintf(&c, "if (m0 + at.y + %du < M && n0 + at.x + %du < all) { store(g, slice, m0 + at.y + %du, n0 + at.x + %du, s%d%d); }\n", 16*i, 16*j, 16*i, 16*j, i, j)
		}
	}
	return a.String(), b.String(), c.String()
}

// mostWork is how many multiply-adds are submitted at once, and done by one pass. Systems take a card away from whoever keeps it for some seconds (Windows for two), and weak ones do
// some thirty billion a second. A step of a small network is one submission.
var mostWork = 10_000_000_000

// busy is how many workgroups keep a GPU busy.
const busy = 256

// cut tells into how many slices the sums of a product are best cut.
func (p product) cut() int {
	tiles := p.groups * ((p.m + side(p.m) - 1) / side(p.m)) * ((p.n + side(p.n) - 1) / side(p.n))
	return max(1, min(busy/tiles, p.k/shortest))
}

// conv returns the sizes of a convolution as constants: S… of the input, F and O… of the output, K… of the kernel.
func (pl *planner) conv(x, w, y kernel.ID, g kernel.Geometry, groups int) constants {
	sx, sw, sy := pl.shape(x), pl.shape(w), pl.shape(y)
	return constants{
		"C": sx.C, "H": sx.H, "W": sx.W, "F": sy.C, "OH": sy.H, "OW": sy.W, "OP": sy.H * sy.W, "IP": sx.H * sx.W, "CG": sx.C / groups, "FG": sw.N / groups,
		"KH": g.Kernel.H, "KW": g.Kernel.W, "KK": g.Kernel.H * g.Kernel.W, "CKK": sw.Sample(),
		"SH": g.Stride.H, "SW": g.Stride.W, "PH": g.Pad.H, "PW": g.Pad.W, "DH": g.Dilation.H, "DW": g.Dilation.W,
	}
}

// tap is the number of the input that a place of the output sees through a tap of the kernel; outside the image it is zero.
const tap = `
fn tap(s: u32, c: u32, tapped: u32, place: u32) -> f32 {
	let h = i32((place / OW) * SH + (tapped / KW) * DH) - i32(PH);
	let w = i32((place % OW) * SW + (tapped % KW) * DW) - i32(PW);
	if (h < 0 || h >= i32(H) || w < 0 || w >= i32(W)) { return 0.0; }
	return $X[((s * C + c) * H + u32(h)) * W + u32(w)];
}
`

// convolve is a convolution, or adds one.
func (pl *planner) convolve(x, w, b, y kernel.ID, g kernel.Geometry, groups int, add bool) {
	c := pl.conv(x, w, y, g, groups)
	bias := ""
	if b != kernel.None {
		bias = " + $B[g * FG + m]"
	}
	p := product{
		m: c["FG"], n: pl.p.Batch * c["OP"], k: c["CKK"], nNow: "samples() * OP", kNow: "CKK", groups: groups, slices: 1, functions: tap,
		a:     "return $W[(g * FG + m) * CKK + k];",
		b:     "return tap(n / OP, g * CG + k / KK, k % KK, n % OP);",
		store: put("$Y", "((n / OP) * F + g * FG + m) * OP + n % OP", "v"+bias, add),
	}
	pl.add(p.passes(names{"X": x, "W": w, "B": b, "Y": y}, c)...)
}

// spread is the gradient of the input of a convolution, or the transposed convolution of dy. With a stride each place of the image sees only some taps of the kernel, and places
// that are a stride apart the same ones: these are a product of their own, so that nothing is multiplied with zeros. (With a dilation beside the stride they are not told apart.)
func (pl *planner) spread(dy, w, b, dx kernel.ID, g kernel.Geometry, groups int, add bool) {
	c := pl.conv(dx, w, dy, g, groups)
	apart := func(stride, dilation int) int {
		if dilation > 1 {
			return 1
		}
		return stride
	}
	ceil := func(a, b int) int { return (a + b - 1) / b }
	c["EH"], c["EW"] = apart(c["SH"], c["DH"]), apart(c["SW"], c["DW"]) // places, and taps, that are so far apart go together
	c["E"] = c["EH"] * c["EW"]
	c["PW2"], c["TW"] = ceil(c["W"], c["EW"]), ceil(c["KW"], c["EW"])
	c["PP"], c["TT"] = ceil(c["H"], c["EH"])*c["PW2"], ceil(c["KH"], c["EH"])*c["TW"]
	c["FTT"] = c["FG"] * c["TT"]
	bias := ""
	if b != kernel.None {
		bias = " + $B[(g / E) * CG + m]"
	}
	p := product{
		m: c["CG"], n: pl.p.Batch * c["PP"], k: c["FTT"], nNow: "samples() * PP", kNow: "FTT", groups: groups * c["E"], slices: 1,
		functions: `
fn row(g: u32, n: u32) -> u32 { return (n % PP) / PW2 * EH + g % E / EW; }
fn column(g: u32, n: u32) -> u32 { return (n % PP) % PW2 * EW + g % EW; }
fn rowTap(g: u32, k: u32) -> u32 { return (g % E / EW + PH) % EH + (k % TT) / TW * EH; }
fn columnTap(g: u32, k: u32) -> u32 { return (g % EW + PW) % EW + (k % TT) % TW * EW; }
`,
		a: `
	let r = rowTap(g, k);
	let s = columnTap(g, k);
	if (r >= KH || s >= KW) { return 0.0; }
	return $W[((g / E * FG + k / TT) * CG + m) * KK + r * KW + s];`,
		b: `
	let h = i32(row(g, n) + PH) - i32(rowTap(g, k) * DH);
	let w = i32(column(g, n) + PW) - i32(columnTap(g, k) * DW);
	if (h < 0 || w < 0 || u32(h) % SH != 0u || u32(w) % SW != 0u) { return 0.0; }
	let i = u32(h) / SH;
	let j = u32(w) / SW;
	if (i >= OH || j >= OW) { return 0.0; }
	return $DY[(((n / PP) * F + g / E * FG + k / TT) * OH + i) * OW + j];`,
		store: "let h = row(g, n);\nlet w = column(g, n);\nif (h >= H || w >= W) { return; }\n" + put("$DX", "((n / PP) * C + g / E * CG + m) * IP + h * W + w", "v"+bias, add),
	}
	pl.add(p.passes(names{"DY": dy, "W": w, "B": b, "DX": dx}, c)...)
}

// correlate is the gradient of the weights of a convolution from x to dy.
func (pl *planner) correlate(x, dy, dw kernel.ID, g kernel.Geometry, groups int) {
	c := pl.conv(x, dw, dy, g, groups)
	p := product{
		m: c["FG"], n: c["CKK"], k: pl.p.Batch * c["OP"], nNow: "CKK", kNow: "samples() * OP", groups: groups, functions: tap,
		a: "return $DY[((k / OP) * F + g * FG + m) * OP + k % OP];",
		b: "return tap(k / OP, g * CG + n / KK, n % KK, k % OP);", bAlong: true,
	}
	pl.gradWeights(p, dw, "(g * FG + m) * CKK + n", names{"X": x, "DY": dy}, c)
}

// gradWeights does a product whose sums are cut into slices, and adds these in their order.
func (pl *planner) gradWeights(p product, dw kernel.ID, at string, n names, c constants) {
	p.slices = p.cut()
	length := pl.shape(dw).Len()
	c["LENGTH"] = length
	if p.slices == 1 {
		n["DWS"] = dw
		p.store = "if (adding()) { " + put("$DWS", at, "v", true) + " } else { " + put("$DWS", at, "v", false) + " }"
		pl.add(p.passes(n, c)...)
		return
	}
	n["PART"] = pl.scratch(p.slices * length)
	p.store = "$PART[slice * LENGTH + " + at + "] = v;"
	pl.add(p.passes(n, c)...)
	pl.add(each(length, "LENGTH", `
	var v = 0.0;
	for (var s = 0u; s < SLICES; s++) { v += $PART[s * LENGTH + i]; }
	if (adding()) { v += $DWS[i]; }
	$DWS[i] = v;`, "", names{"PART": scratch, "DWS": dw}, constants{"LENGTH": length, "SLICES": p.slices}))
}

// biasGrad sums the gradient of the output over samples and places.
func (pl *planner) biasGrad(dy, db kernel.ID) {
	if db == kernel.None {
		return
	}
	channels := pl.shape(db).Len()
	pl.add(grouped(channels, `
	let n = samples() * PLANE;
	var v = 0.0;
	for (var e = t; e < n; e += 256u) { v += $DY[((e / PLANE) * COUNT + c) * PLANE + e % PLANE]; }
	v = total(t, v);
	if (t == 0u) {
		if (adding()) { v += $DB[c]; }
		$DB[c] = v;
	}`, names{"DY": dy, "DB": db}, constants{"PLANE": pl.shape(dy).Sample() / channels}))
}

func (pl *planner) dense(o kernel.Dense) {
	in, out := pl.shape(o.X).Sample(), pl.shape(o.Y).Sample()
	bias := ""
	if o.B != kernel.None {
		bias = " + $B[m]"
	}
	p := product{
		m: out, n: pl.p.Batch, k: in, nNow: "samples()", kNow: "IN", groups: 1, slices: 1,
		a: "return $W[m * IN + k];", b: "return $X[n * IN + k];", bAlong: true, store: "$Y[n * OUT + m] = v" + bias + ";",
	}
	pl.add(p.passes(names{"X": o.X, "W": o.W, "B": o.B, "Y": o.Y}, constants{"IN": in, "OUT": out})...)
}

func (pl *planner) denseGradInput(o kernel.DenseGradInput) {
	in, out := pl.shape(o.DX).Sample(), pl.shape(o.DY).Sample()
	p := product{
		m: in, n: pl.p.Batch, k: out, nNow: "samples()", kNow: "OUT", groups: 1, slices: 1,
		a: "return $W[k * IN + m];", aAcross: true, b: "return $DY[n * OUT + k];", bAlong: true, store: put("$DX", "n * IN + m", "v", o.Add),
	}
	pl.add(p.passes(names{"DY": o.DY, "W": o.W, "DX": o.DX}, constants{"IN": in, "OUT": out})...)
}

func (pl *planner) denseGradWeights(o kernel.DenseGradWeights) {
	in, out := pl.shape(o.X).Sample(), pl.shape(o.DY).Sample()
	p := product{
		m: out, n: in, k: pl.p.Batch, nNow: "IN", kNow: "samples()", groups: 1,
		a: "return $DY[k * OUT + m];", aAcross: true, b: "return $X[k * IN + n];",
	}
	pl.gradWeights(p, o.DW, "m * IN + n", names{"X": o.X, "DY": o.DY}, constants{"IN": in, "OUT": out})
	pl.biasGrad(o.DY, o.DB)
}
