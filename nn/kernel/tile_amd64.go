//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// The kernels for the vector units of this architecture.
var (
	avx512Tile = tile{unit: "AVX-512", rows: 12, cols: 32, run: tileAVX512, peak: peakAVX512, peakWork: 24 * 16}
	avx2Tile   = tile{unit: "AVX2", rows: 6, cols: 16, run: tileAVX2, peak: peakAVX2, peakWork: 12 * 8}
)

// bestTile chooses the kernel for the vector unit of this machine.
func bestTile() tile {
	list := tiles()
	return list[len(list)-1]
}

// tiles lists the kernels that this machine can run, the best one last.
func tiles() []tile {
	list := []tile{plainTile}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, avx2Tile)
	}
	if cpu.X86.HasAVX512F {
		list = append(list, avx512Tile)
	}
	return list
}
