package kernel

import "unsafe"

// A tile is a micro-kernel: run adds A·B to rows × cols numbers of C, where A is packed rows numbers for each k, B cols numbers for
// each k, and ldc is the distance of C's rows.
type tile struct {
	unit       string // of what it is made: the vector unit's name
	rows, cols int
	run        func(k int, a, b, c *float32, ldc int)
	peak       func(n int) // n turns of multiply-adds on registers alone, to compare benchmarks with
	peakWork   int         // multiply-adds of one turn
}

// plainTile is the micro-kernel in plain Go.
var plainTile = tile{unit: "Go", rows: 4, cols: 8, run: tileGo, peak: peakGo, peakWork: 8}

func tileGo(k int, a, b, c *float32, ldc int) {
	const rows, cols = 4, 8
	as, bs := unsafe.Slice(a, k*rows), unsafe.Slice(b, k*cols)
	var acc [rows][cols]float32
	for ; len(as) >= rows && len(bs) >= cols; as, bs = as[rows:], bs[cols:] {
		for i := range acc {
			v, row := as[i], &acc[i]
			for j := range row {
				row[j] += v * bs[j]
			}
		}
	}
	cs := unsafe.Slice(c, (rows-1)*ldc+cols)
	for i := range acc {
		for j, v := range acc[i] {
			cs[i*ldc+j] += v
		}
	}
}

// depth is how far a packed panel of a product reaches: the summation index is cut into parts of it, so that a panel of B lies in the
// second-level cache.
const depth = 512

// pack writes a panel of width lanes for k indices: dst[i·width+j] = src[j·across+i·along] for j < lanes, 0 for the other lanes.
func pack(dst []float32, width, lanes, k int, src []float32, across, along int) {
	if k == 0 {
		return
	}
	dst = dst[:k*width]
	if across == 1 {
		for i := range k {
			row := dst[i*width : i*width+width]
			n := copy(row, src[i*along:i*along+lanes])
			clear(row[n:])
		}
		return
	}
	if lanes < width {
		clear(dst)
	}
	for j := range lanes {
		from := src[j*across : j*across+(k-1)*along+1]
		if along == 1 {
			for i, v := range from {
				dst[i*width+j] = v
			}
			continue
		}
		for i := range k {
			dst[i*width+j] = from[i*along]
		}
	}
}

// add runs the tile over a part of C with rows and cols left, through tmp where the part is smaller than the tile.
func (t tile) add(k int, a, b, c []float32, ldc, rows, cols int, tmp []float32) {
	if rows >= t.rows && cols >= t.cols {
		t.run(k, &a[0], &b[0], &c[0], ldc)
		return
	}
	rows, cols = min(rows, t.rows), min(cols, t.cols)
	tmp = tmp[:t.rows*t.cols]
	clear(tmp)
	t.run(k, &a[0], &b[0], &tmp[0], t.cols)
	for i := range rows {
		to, from := c[i*ldc:i*ldc+cols], tmp[i*t.cols:i*t.cols+cols]
		for j, v := range from {
			to[j] += v
		}
	}
}

// A product is C += A·B over whole matrices in fixed parts, for many workers: first every job of packA, then every job of multiply.
// Each number of C is summed in one order, whatever the number of workers.
type product struct {
	t         tile
	m, n, k   int // C is m×n, the sum runs over k
	a, b, c   []float32
	am, ak    int       // A[i,k] = a[i·am + k·ak]
	bk, bn    int       // B[k,j] = b[k·bk + j·bn]
	packed    []float32 // A in panels: for each part of depth, for each panel of rows
	fresh     bool      // C is overwritten
	perWorker [][]float32
}

// packedLen is the memory that A takes when packed.
func packedLen(t tile, m, k int) int { return ceilDiv(m, t.rows) * t.rows * k }

// scratchLen is what a worker needs for a product: a panel of B and a tile.
func scratchLen(t tile) int { return depth*t.cols + t.rows*t.cols }

func (p *product) packJobs() int { return ceilDiv(p.m, p.t.rows) }

// packA packs one panel of rows.
func (p *product) packA(job int) {
	i := job * p.t.rows
	panels := p.packJobs()
	for k := 0; k < p.k; k += depth {
		kc := min(depth, p.k-k)
		dst := p.packed[k*panels*p.t.rows+job*kc*p.t.rows:]
		pack(dst, p.t.rows, min(p.t.rows, p.m-i), kc, p.a[i*p.am+k*p.ak:], p.am, p.ak)
	}
}

func (p *product) jobs() int { return ceilDiv(p.n, p.t.cols) }

// multiply computes one panel of columns of C.
func (p *product) multiply(worker, job int) {
	j := job * p.t.cols
	cols := min(p.t.cols, p.n-j)
	if p.fresh {
		for i := range p.m {
			clear(p.c[i*p.n+j : i*p.n+j+cols])
		}
	}
	scratch := p.perWorker[worker]
	panel, tmp := scratch[:depth*p.t.cols], scratch[depth*p.t.cols:]
	panels := p.packJobs()
	for k := 0; k < p.k; k += depth {
		kc := min(depth, p.k-k)
		pack(panel, p.t.cols, cols, kc, p.b[k*p.bk+j*p.bn:], p.bn, p.bk)
		for i := range panels {
			a := p.packed[k*panels*p.t.rows+i*kc*p.t.rows:]
			p.t.add(kc, a, panel, p.c[i*p.t.rows*p.n+j:], p.n, p.m-i*p.t.rows, cols, tmp)
		}
	}
}
