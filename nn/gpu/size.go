package gpu

import "github.com/convscope/convscope/nn/kernel"

// part returns the sizes of a part of an image, which begins at a channel, a row and a column of the whole.
func (pl *planner) part(whole, part kernel.ID, channel, row, column int) constants {
	sw, sp := pl.shape(whole), pl.shape(part)
	return constants{
		"C": sw.C, "H": sw.H, "W": sw.W, "PART": sp.Sample(), "PC": sp.C, "PH": sp.H, "PW": sp.W, "C0": channel, "H0": row, "W0": column,
	}
}

func (pl *planner) crop(o kernel.Crop) {
	pl.perSample(o.Y, `
	let e = i % PART;
	$Y[i] = $X[((i / PART * C + C0 + e / (PH * PW)) * H + H0 + e / PW % PH) * W + W0 + e % PW];`, "", names{"X": o.X, "Y": o.Y},
		pl.part(o.X, o.Y, o.Channel, o.Row, o.Column))
}

func (pl *planner) cropGrad(o kernel.CropGrad) {
	pl.perSample(o.DX, `
	let e = i % SAMPLE;
	let c = e / (H * W);
	let h = e / W % H;
	let w = e % W;
	var v = 0.0;
	if (c >= C0 && c < C0 + PC && h >= H0 && h < H0 + PH && w >= W0 && w < W0 + PW) {
		v = $DY[((i / SAMPLE * PC + c - C0) * PH + h - H0) * PW + w - W0];
	}
	`+put("$DX", "i", "v", o.Add), "", names{"DY": o.DY, "DX": o.DX}, pl.part(o.DX, o.DY, o.Channel, o.Row, o.Column))
}

// between returns the two places between whose middles the middle of place i of the enlarged image lies, and the share of the second; and share is that of one place.
func between(bilinear bool) string {
	at := "return Between(i / FACTOR, i / FACTOR, 0.0);"
	if bilinear {
		at = `
	let at = max((f32(i) + 0.5) / f32(FACTOR) - 0.5, 0.0);
	let first = u32(at);
	return Between(first, min(first + 1u, size - 1u), at - f32(first));`
	}
	return `
struct Between { first: u32, second: u32, share: f32 }
fn between(i: u32, size: u32) -> Between { ` + at + ` }
fn share(i: u32, place: u32, size: u32) -> f32 {
	let b = between(i, size);
	return select(0.0, 1.0 - b.share, b.first == place) + select(0.0, b.share, b.second == place);
}
`
}

func (pl *planner) enlarging(small kernel.ID, factor int) constants {
	s := pl.shape(small)
	return constants{"H": s.H, "W": s.W, "FACTOR": factor}
}

func (pl *planner) upsample(o kernel.Upsample) {
	pl.perSample(o.Y, `
	let down = between(i / (W * FACTOR) % (H * FACTOR), H);
	let along = between(i % (W * FACTOR), W);
	let base = i / (W * FACTOR) / (H * FACTOR) * H;
	let top = (base + down.first) * W;
	let bottom = (base + down.second) * W;
	let above = (1.0 - along.share) * $X[top + along.first] + along.share * $X[top + along.second];
	let below = (1.0 - along.share) * $X[bottom + along.first] + along.share * $X[bottom + along.second];
	$Y[i] = (1.0 - down.share) * above + down.share * below;`, between(o.Bilinear), names{"X": o.X, "Y": o.Y}, pl.enlarging(o.X, o.Factor))
}

// upsampleGrad gathers, for each place of the small image, the places of the large one that have a share of it.
func (pl *planner) upsampleGrad(o kernel.UpsampleGrad) {
	pl.perSample(o.DX, `
	let h = i / W % H;
	let w = i % W;
	var sum = 0.0;
	for (var r = max(h, 1u) * FACTOR - FACTOR; r < min(h + 2u, H) * FACTOR; r++) {
		var line = 0.0;
		for (var q = max(w, 1u) * FACTOR - FACTOR; q < min(w + 2u, W) * FACTOR; q++) {
			line += share(q, w, W) * $DY[(i / (H * W) * H * FACTOR + r) * W * FACTOR + q];
		}
		sum += share(r, h, H) * line;
	}
	`+put("$DX", "i", "sum", o.Add), between(o.Bilinear), names{"DY": o.DY, "DX": o.DX}, pl.enlarging(o.DX, o.Factor))
}
