package gpu

import (
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/convscope/convscope/nn/kernel"
)

func (pl *planner) activation(o kernel.Activation) {
	value := map[kernel.ActivationKind]string{
		kernel.ReLU:    "select(x, 0.0, x <= 0.0)", // not-a-number passes
		kernel.Sigmoid: "1.0 / (1.0 + exp(-x))",
		// Beyond ±15 it is ±1 in float32; where tanh is made of exponentials these overflow.
		kernel.Tanh:      "select(tanh(clamp(x, -15.0, 15.0)), x, nan(x))",
		kernel.LeakyReLU: "select(x, x * " + number(float64(o.Slope)) + ", x < 0.0)",
	}[o.Kind]
	pl.perSample(o.X, "let x = $X[i];\n$Y[i] = "+value+";", "", names{"X": o.X, "Y": o.Y}, nil)
}

func (pl *planner) activationGrad(o kernel.ActivationGrad) {
	slope := map[kernel.ActivationKind]string{
		kernel.ReLU:      "select(0.0, 1.0, y > 0.0)",
		kernel.Sigmoid:   "y * (1.0 - y)",
		kernel.Tanh:      "1.0 - y * y",
		kernel.LeakyReLU: "select(" + number(float64(o.Slope)) + ", 1.0, y > 0.0)",
	}[o.Kind]
	pl.perSample(o.Y, "let y = $Y[i];\n"+put("$DX", "i", "$DY[i] * ("+slope+")", o.Add), "", names{"Y": o.Y, "DY": o.DY, "DX": o.DX}, nil)
}

// keep is kernel.Keep: its numbers of 64 bits are pairs of 32, the lower first.
const keep = `
fn high(a: u32, b: u32) -> u32 {
	let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
	let mid = ah * bl + ((al * bl) >> 16u);
	let low = al * bh + (mid & 0xffffu);
	return ah * bh + (mid >> 16u) + (low >> 16u);
}
fn times(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return vec2<u32>(a.x * b.x, high(a.x, b.x) + a.x * b.y + a.y * b.x); }
fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let x = a.x + b.x; return vec2<u32>(x, a.y + b.y + select(0u, 1u, x < a.x)); }
fn right(a: vec2<u32>, n: u32) -> vec2<u32> { return vec2<u32>((a.x >> n) | (a.y << (32u - n)), a.y >> n); }
fn mix64(a: vec2<u32>) -> vec2<u32> {
	var x = plus(a, vec2<u32>(0x7f4a7c15u, 0x9e3779b9u));
	x = times(x ^ right(x, 30u), vec2<u32>(0x1ce4e5b9u, 0xbf58476du));
	x = times(x ^ right(x, 27u), vec2<u32>(0x133111ebu, 0x94d049bbu));
	return x ^ right(x, 31u);
}
fn keep(sample: u32, element: u32) -> bool {
	let x = mix64(vec2<u32>(st[KEY], st[KEY + 1u]) ^ vec2<u32>(element, sample << 8u));
	return f32(x.y >> 8u) * (1.0 / 16777216.0) >= bitcast<f32>(RATIO);
}
`

func (pl *planner) dropout(x, y kernel.ID, ratio float32, stream int, add bool) {
	key := func(s kernel.Step) uint64 { return kernel.KeepKey(s.Seed, s.Iteration, stream) }
	at := pl.words.ask(func(s kernel.Step) uint32 { return uint32(key(s)) })
	pl.words.ask(func(s kernel.Step) uint32 { return uint32(key(s) >> 32) })
	body := fmt.Sprintf(`
	var v = $X[i];
	if (training()) { v = select(0.0, v / %s, keep(first() + i / SAMPLE, i %% SAMPLE)); }
	`, number(float64(1-ratio))) + put("$Y", "i", "v", add)
	pl.perSample(x, body, keep, names{"X": x, "Y": y}, constants{"KEY": at, "RATIO": int(math.Float32bits(ratio))})
}

func (pl *planner) copyChannels(o kernel.Copy) {
	sx, sy := pl.shape(o.X), pl.shape(o.Y)
	plane := sx.H * sx.W
	part := o.Channels * plane
	pl.add(each(pl.p.Batch*part, "samples() * PART",
		put("$Y", "(i / PART) * TO + OFFSET + i % PART", "$X[(i / PART) * FROM + BEGIN + i % PART]", o.Add), "", names{"X": o.X, "Y": o.Y},
		constants{"PART": part, "TO": sy.Sample(), "OFFSET": o.To * plane, "FROM": sx.Sample(), "BEGIN": o.From * plane}))
}

// places makes a pass with a thread for each place of the samples of a step: what runs over its channels.
func (pl *planner) places(of kernel.ID, body string, n names, c constants) {
	s := pl.shape(of)
	plane := s.H * s.W
	all := constants{"C": s.C, "PLANE": plane}
	maps.Copy(all, c)
	pl.add(each(s.N*plane, "samples() * PLANE", "let base = (i / PLANE) * C * PLANE + i % PLANE;\n"+body, "", n, all))
}

func (pl *planner) softmax(x, y kernel.ID) {
	pl.places(x, `
	var top = $X[base];
	for (var c = 1u; c < C; c++) { top = max(top, $X[base + c * PLANE]); }
	var sum = 0.0;
	for (var c = 0u; c < C; c++) { sum += exp($X[base + c * PLANE] - top); }
	for (var c = 0u; c < C; c++) { $Y[base + c * PLANE] = exp($X[base + c * PLANE] - top) / sum; }`, names{"X": x, "Y": y}, nil)
}

func (pl *planner) softmaxGrad(o kernel.SoftmaxGrad) {
	pl.places(o.Y, `
	var sum = 0.0;
	for (var c = 0u; c < C; c++) { let e = base + c * PLANE; sum += $DY[e] * $Y[e]; }
	for (var c = 0u; c < C; c++) { let e = base + c * PLANE; `+put("$DX", "e", "$Y[e] * ($DY[e] - sum)", o.Add)+` }`,
		names{"Y": o.Y, "DY": o.DY, "DX": o.DX}, nil)
}

// classOf gives the class that a label names, or −1 if it is void.
const classOf = `
fn classOf(label: f32) -> i32 {
	if (label >= 0.0 && label < f32(C)) { return i32(label); }
	return -1;
}
`

// classWeight returns the code of a table of the weights of classes, and a factor that looks up that of class l; both are empty without weights.
func classWeight(weights []float32) (table, factor string) {
	if weights == nil {
		return "", ""
	}
	all := make([]string, len(weights))
	for c, w := range weights {
		all[c] = number(float64(w))
	}
	of := fmt.Sprintf("array<f32, %d>", len(weights))
	return "\nvar<private> classWeights: " + of + " = " + of + "(" + strings.Join(all, ", ") + ");\n", "classWeights[max(l, 0)] * " // a place without a class has a factor too
}

// perImage makes a pass with a workgroup for each sample of a step, which is c; its numbers are those of a buffer, C of each of its PLANE places.
func (pl *planner) perImage(of kernel.ID, body string, n names) {
	s := pl.shape(of)
	p := grouped(s.N, "if (c >= samples()) { return; }\n"+body, n, constants{"C": s.C, "PLANE": s.H * s.W})
	p.code += classOf
	pl.add(p)
}

func (pl *planner) softmaxLoss(o kernel.SoftmaxLoss) {
	pl.softmax(o.X, o.P)
	table, weight := classWeight(o.ClassWeights)
	pl.perImage(o.P, `
	var sum = 0.0;
	var count = 0.0;
	for (var e = t; e < PLANE; e += 256u) {
		let l = classOf($LABELS[c * PLANE + e]);
		if (l >= 0) {
			let p = $P[(c * C + u32(l)) * PLANE + e];
			sum += `+weight+`select(-log(max(p, 1.1754944e-38)), p, nan(p));
			count += 1.0;
		}
	}
	sum = total(t, sum);
	count = total(t, count);
	if (t == 0u) { $LOSS[c] = `+number(float64(o.Weight))+` * (sum / max(count, 1.0)); }`, names{"P": o.P, "LABELS": o.Labels, "LOSS": o.Loss})
	pl.passes[len(pl.passes)-1].code += table
}

func (pl *planner) softmaxLossGrad(o kernel.SoftmaxLossGrad) {
	s := pl.shape(o.P)
	n, counted := names{"P": o.P, "LABELS": o.Labels, "DX": o.DX}, ""
	if s.H*s.W > 1 {
		n["COUNTS"] = pl.scratch(s.N)
		pl.perImage(o.P, `
	var count = 0.0;
	for (var e = t; e < PLANE; e += 256u) { if (classOf($LABELS[c * PLANE + e]) >= 0) { count += 1.0; } }
	count = total(t, count);
	if (t == 0u) { $COUNTS[c] = max(count, 1.0); }`, names{"LABELS": o.Labels, "COUNTS": scratch})
		counted = " / $COUNTS[i / PLANE]"
	}
	table, weight := classWeight(o.ClassWeights)
	pl.places(o.P, `
	let l = classOf($LABELS[i]);
	let share = `+weight+`scale() * `+number(float64(o.Weight))+counted+`;
	for (var c = 0u; c < C; c++) {
		let e = base + c * PLANE;
		var v = $P[e];
		if (i32(c) == l) { v -= 1.0; }
		if (l < 0) { v = 0.0; }
		`+put("$DX", "e", "share * v", o.Add)+`
	}`, n, nil)
	pl.passes[len(pl.passes)-1].code += classOf + table
}

// pairLoss sums a function of the numbers of x and t for each sample.
func (pl *planner) pairLoss(x, t, loss kernel.ID, weight float32, f string) {
	s := pl.shape(x)
	pl.add(each(s.N, "samples()", `
	var sum = 0.0;
	for (var e = i * SAMPLE; e < (i + 1u) * SAMPLE; e++) { let x = $X[e]; let t = $T[e]; sum += `+f+`; }
	$LOSS[i] = `+number(float64(weight))+` * sum;`, "", names{"X": x, "T": t, "LOSS": loss}, constants{"SAMPLE": s.Sample()}))
}

func (pl *planner) pairGrad(x, t, dx kernel.ID, weight float32, add bool, f string) {
	pl.perSample(x, "let x = $X[i]; let t = $T[i];\n"+put("$DX", "i", "scale() * "+number(float64(weight))+" * ("+f+")", add), "", names{"X": x, "T": t, "DX": dx}, nil)
}

func (pl *planner) sigmoidLoss(o kernel.SigmoidLoss) {
	pl.activation(kernel.Activation{X: o.X, Y: o.P, Kind: kernel.Sigmoid})
	// log(1+e) by its series where e is small: 1+e would lose its digits.
	pl.pairLoss(o.X, o.T, o.Loss, o.Weight, "max(x, 0.0) - x * t + rest(exp(-abs(x)))")
	last := &pl.passes[len(pl.passes)-1]
	last.code += "\nfn rest(e: f32) -> f32 { return select(log(1.0 + e), e * (1.0 - e * (0.5 - e * (1.0 / 3.0 - e * 0.25))), e < 0.01); }\n"
}

// update is the rule of a solver.
func (pl *planner) update(o kernel.Update) {
	n := names{"W": o.W, "G": o.G}
	for k, id := range o.History {
		n[fmt.Sprintf("H%d", k)] = id
	}
	body := fmt.Sprintf(`
	let eta = rate() * %s;
	let lambda = decay() * %s;
	let mu = %s;
	let beta = %s;
	let epsilon = %s;
	var w = $W[i];
	var g = $G[i];
`, number(float64(o.RateFactor)), number(float64(o.DecayFactor)), number(float64(o.Momentum)), number(float64(o.Beta2)), number(float64(o.Epsilon)))
	if o.Kind == kernel.AdamW {
		body += "w -= eta * lambda * w;\n"
	} else {
		body += "g += lambda * w;\n"
	}
	// 1−β: of float32s near one the difference is taken in float64.
	rest := func(beta float32) string { return number(1 - float64(beta)) }
	switch o.Kind {
	case kernel.SGD:
		body += "let h = mu * $H0[i] + eta * g;\n$H0[i] = h;\nw -= h;\n"
	case kernel.Nesterov:
		body += "let before = $H0[i];\nlet h = mu * before + eta * g;\n$H0[i] = h;\nw -= (1.0 + mu) * h - mu * before;\n"
	case kernel.Adam, kernel.AdamW:
		power := func(beta float32) int {
			return pl.words.float(func(s kernel.Step) float64 { return 1 - math.Pow(float64(beta), float64(s.Iteration+1)) })
		}
		first, second := power(o.Momentum), power(o.Beta2)
		body += fmt.Sprintf(`
	let m = mu * $H0[i] + %s * g;
	let v = beta * $H1[i] + %s * g * g;
	$H0[i] = m;
	$H1[i] = v;
	w -= eta * (m / bitcast<f32>(st[%d])) / (sqrt(v / bitcast<f32>(st[%d])) + epsilon);
`, rest(o.Momentum), rest(o.Beta2), first, second)
	case kernel.AdaGrad:
		body += "let h = $H0[i] + g * g;\n$H0[i] = h;\nw -= eta * g / (sqrt(h) + epsilon);\n"
	case kernel.RMSProp:
		body += "let h = beta * $H0[i] + " + rest(o.Beta2) + " * g * g;\n$H0[i] = h;\nw -= eta * g / (sqrt(h) + epsilon);\n"
	case kernel.AdaDelta:
		body += `
	let h = beta * $H0[i] + ` + rest(o.Beta2) + ` * g * g;
	let d = g * sqrt($H1[i] + epsilon) / sqrt(h + epsilon);
	$H0[i] = h;
	$H1[i] = beta * $H1[i] + ` + rest(o.Beta2) + ` * d * d;
	w -= eta * d;
`
	}
	length := pl.shape(o.W).Len()
	pl.add(each(length, "LENGTH", body+"$W[i] = w;", "", n, constants{"LENGTH": length}))
}
