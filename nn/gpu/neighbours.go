package gpu

import (
	"maps"

	"github.com/convscope/convscope/nn/kernel"
)

// windows returns the sizes of a pooling.
func (pl *planner) windows(x, y kernel.ID, g kernel.Geometry) constants {
	sx, sy := pl.shape(x), pl.shape(y)
	return constants{
		"H": sx.H, "W": sx.W, "IP": sx.H * sx.W, "OH": sy.H, "OW": sy.W, "OP": sy.H * sy.W,
		"KH": g.Kernel.H, "KW": g.Kernel.W, "SH": g.Stride.H, "SW": g.Stride.W, "PH": g.Pad.H, "PW": g.Pad.W, "EH": g.PadEnd.H, "EW": g.PadEnd.W,
	}
}

// window is the part of the image that a window of a pooling covers, and the area that its mean divides by.
const window = `
struct Window { h0: u32, h1: u32, w0: u32, w1: u32, area: f32 }
fn window(i: u32, j: u32) -> Window {
	let h = i32(i * SH) - i32(PH);
	let w = i32(j * SW) - i32(PW);
	let he = min(h + i32(KH), i32(H + EH));
	let we = min(w + i32(KW), i32(W + EW));
	return Window(u32(max(h, 0)), u32(min(he, i32(H))), u32(max(w, 0)), u32(min(we, i32(W))), f32((he - h) * (we - w)));
}
`

// peak is the place of the first maximum of a window in the plane that begins at base.
const peak = `
fn peak(base: u32, at: Window) -> u32 {
	var best = base + at.h0 * W + at.w0;
	for (var h = at.h0; h < at.h1; h++) {
		for (var w = at.w0; w < at.w1; w++) {
			let e = base + h * W + w;
			if ($X[e] > $X[best]) { best = e; }
		}
	}
	return best;
}
`

func (pl *planner) pool(o kernel.Pool) {
	body := `
	let at = window((i % OP) / OW, (i % OP) % OW);
	let base = (i / OP) * IP;
`
	functions := window
	if o.Average {
		body += `
	var sum = 0.0;
	for (var h = at.h0; h < at.h1; h++) { for (var w = at.w0; w < at.w1; w++) { sum += $X[base + h * W + w]; } }
	$Y[i] = sum / at.area;`
	} else {
		functions += peak
		body += "$Y[i] = $X[peak(base, at)];"
	}
	pl.perSample(o.Y, body, functions, names{"X": o.X, "Y": o.Y}, pl.windows(o.X, o.Y, o.Geometry))
}

// poolGrad gathers, for each number of the input, what the windows say that it lies in.
func (pl *planner) poolGrad(o kernel.PoolGrad) {
	functions, n := window, names{"DY": o.DY, "DX": o.DX}
	term := "sum += dy / at.area;"
	if !o.Average {
		functions += peak
		n["X"] = o.X
		term = "if (peak(base, at) == i) { sum += dy; }"
	}
	body := `
	let base = (i / IP) * IP;
	let h = (i % IP) / W + PH;
	let w = (i % IP) % W + PW;
	var sum = 0.0;
	let top = select(0u, (h - KH) / SH + 1u, h >= KH);
	let left = select(0u, (w - KW) / SW + 1u, w >= KW);
	for (var r = top; r < OH && r * SH <= h; r++) {
		for (var q = left; q < OW && q * SW <= w; q++) {
			let at = window(r, q);
			let dy = $DY[(i / IP) * OP + r * OW + q];
			` + term + `
		}
	}
	` + put("$DX", "i", "sum", o.Add)
	pl.perSample(o.DX, body, functions, n, pl.windows(o.X, o.Y, o.Geometry))
}

// sums returns the sizes of a local response normalisation, and a loop over the numbers around e that does what VISIT says with number f.
func (pl *planner) sums(x kernel.ID, size int, within, mirror bool, visit string) (string, constants) {
	s := pl.shape(x)
	before, after := (size-1)/2, size-(size-1)/2
	if mirror {
		before, after = size-(size-1)/2-1, (size-1)/2+1
	}
	c := constants{"C": s.C, "H": s.H, "W": s.W, "PLANE": s.H * s.W, "BEFORE": before, "AFTER": after}
	loop := `
	let c = (i / PLANE) % C;
	for (var k = max(c, BEFORE) - BEFORE; k < min(c + AFTER, C); k++) { let f = i + k * PLANE - c * PLANE; ` + visit + ` }`
	if within {
		loop = `
	let h = (i / W) % H;
	let w = i % W;
	for (var k = max(h, BEFORE) - BEFORE; k < min(h + AFTER, H); k++) {
		for (var l = max(w, BEFORE) - BEFORE; l < min(w + AFTER, W); l++) { let f = i + k * W + l - h * W - w; ` + visit + ` }
	}`
	}
	return loop, c
}

// area returns what the sum of a normalisation is divided by.
func area(size int, within bool) float64 {
	if within {
		return float64(size * size)
	}
	return float64(size)
}

func (pl *planner) lrn(o kernel.LRN) {
	loop, c := pl.sums(o.X, o.Size, o.Within, false, "sum += $X[f] * $X[f];")
	pl.perSample(o.X, "var sum = 0.0;"+loop+`
	let s = 1.0 + `+number(float64(o.Alpha)/area(o.Size, o.Within))+` * sum;
	$S[i] = s;
	$Y[i] = $X[i] * pow(s, `+number(-float64(o.Beta))+`);`, "", names{"X": o.X, "Y": o.Y, "S": o.S}, c)
}

func (pl *planner) lrnGrad(o kernel.LRNGrad) {
	loop, c := pl.sums(o.X, o.Size, o.Within, true, "sum += $DY[f] * $Y[f] / $S[f];")
	factor := number(2 * float64(o.Alpha) * float64(o.Beta) / area(o.Size, o.Within))
	pl.perSample(o.X, "var sum = 0.0;"+loop+"\n"+
		put("$DX", "i", "$DY[i] * pow($S[i], "+number(-float64(o.Beta))+") - "+factor+" * $X[i] * sum", o.Add), "",
		names{"X": o.X, "Y": o.Y, "S": o.S, "DY": o.DY, "DX": o.DX}, c)
}

func (pl *planner) batchNorm(o kernel.BatchNorm) {
	s := pl.shape(o.X)
	c := constants{"C": s.C, "PLANE": s.H * s.W}
	measure := `
	var m = $MEAN[c];
	var v = $VARIANCE[c];
`
	if !o.Fixed {
		measure += `
	if (training()) {
		let n = samples() * PLANE;
		m = 0.0;
		for (var e = t; e < n; e += 256u) { m += $X[((e / PLANE) * C + c) * PLANE + e % PLANE]; }
		m = total(t, m) / f32(n);
		v = 0.0;
		for (var e = t; e < n; e += 256u) { let d = $X[((e / PLANE) * C + c) * PLANE + e % PLANE] - m; v += d * d; }
		v = total(t, v);
		let one = v / f32(max(n, 2u) - 1u);
		v = v / f32(n);
		if (t == 0u) {
			$MEAN[c] = $MEAN[c] + RATE * (m - $MEAN[c]);
			$VARIANCE[c] = $VARIANCE[c] + RATE * (one - $VARIANCE[c]);
		}
	}
`
	}
	n := names{"MEAN": o.Mean, "VARIANCE": o.Variance, "SHIFT": o.Shift, "SCALE": o.Scale}
	if !o.Fixed {
		n["X"] = o.X
	}
	p := grouped(s.C, measure+`
	if (t == 0u) {
		$SHIFT[c] = m;
		$SCALE[c] = 1.0 / sqrt(v + EPSILON);
	}`, n, c)
	p.code += "\nconst RATE: f32 = " + number(float64(o.Rate)) + ";\nconst EPSILON: f32 = " + number(float64(o.Epsilon)) + ";\n"
	pl.add(p)
	pl.perSample(o.X, `
	let c = (i / PLANE) % C;
	$Y[i] = $W[c] * ($X[i] - $SHIFT[c]) * $SCALE[c] + $B[c];`, "", names{"X": o.X, "Y": o.Y, "W": o.W, "B": o.B, "SHIFT": o.Shift, "SCALE": o.Scale}, c)
}

func (pl *planner) batchNormGrad(o kernel.BatchNormGrad) {
	s := pl.shape(o.X)
	c := constants{"C": s.C, "PLANE": s.H * s.W}
	n := names{"X": o.X, "DY": o.DY, "SHIFT": o.Shift, "SCALE": o.Scale, "SUMS": pl.scratch(2 * s.C)}
	body := `
	let n = samples() * PLANE;
	let m = $SHIFT[c];
	let s = $SCALE[c];
	var db = 0.0;
	var dw = 0.0;
	for (var e = t; e < n; e += 256u) {
		let f = ((e / PLANE) * C + c) * PLANE + e % PLANE;
		let g = $DY[f];
		db += g;
		dw += g * ($X[f] - m) * s;
	}
	db = total(t, db);
	dw = total(t, dw);
	if (t == 0u) {
		$SUMS[c] = db;
		$SUMS[C + c] = dw;
`
	if o.DW != kernel.None {
		n["DW"], n["DB"] = o.DW, o.DB
		body += `
		if (adding()) { db += $DB[c]; dw += $DW[c]; }
		$DB[c] = db;
		$DW[c] = dw;
`
	}
	pl.add(grouped(s.C, body+"}", n, maps.Clone(c)))
	if o.DX == kernel.None {
		return
	}
	through := "if (training()) { g -= ($SUMS[c] + ($X[i] - $SHIFT[c]) * s * $SUMS[C + c]) / f32(samples() * PLANE); }"
	names := names{"DY": o.DY, "DX": o.DX, "W": o.W, "SCALE": o.Scale, "X": o.X, "SHIFT": o.Shift, "SUMS": scratch}
	if o.Fixed {
		through = ""
		for _, unused := range []string{"X", "SHIFT", "SUMS"} {
			delete(names, unused)
		}
	}
	pl.perSample(o.DX, `
	let c = (i / PLANE) % C;
	let s = $SCALE[c];
	var g = $DY[i];
	`+through+"\n"+put("$DX", "i", "$W[c] * s * g", o.Add), "", names, c)
}
