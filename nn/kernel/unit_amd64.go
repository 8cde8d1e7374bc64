//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// The vector units of this architecture.
var (
	avx2 = unit{
		name: "AVX2", lanes: 8, most: [5]int{0, 12, 6, 4, 3}, tiles: &tilesAVX2, peak: peakAVX2, peakWork: 12 * 8,
		addTo: addAVX2, subTo: subAVX2, mulTo: mulAVX2, reluTo: reluAVX2, reluGradTo: reluGradAVX2, reluGradAdd: reluGradAddAVX2, sgdStep: sgdAVX2, nesterov: nesterovAVX2, dotOf: dotAVX2, expTo: expAVX2,
		poolMax: poolMaxAVX2, poolMaxGrad: poolMaxGradAVX2, poolSum: poolSumAVX2, poolSpread: poolSpreadAVX2,
		winogradInput: winogradInputAVX2, mix: mixAVX2,
		winogradOutput:   [5]func(dst, src, scratch, bias *float32, rs, cs, dp, n int, least float32){2: winogradOutput2AVX2, 4: winogradOutput4AVX2},
		winogradGradient: [5]func(dst, src, scratch *float32, rs, cs, dp, n int){2: winogradGradient2AVX2, 4: winogradGradient4AVX2},
		transposed:       transposeAVX2, lrnTo: lrnAVX2, lrnRatioTo: lrnRatioAVX2, lrnGradTo: lrnGradAVX2,
		momentsOf: momentsAVX2, normSums: normSumsAVX2, normScale: normScaleAVX2, normGrad: normGradAVX2, normGradAdd: normGradAddAVX2,
	}
	avx512 = unit{
		name: "AVX-512", lanes: 16, most: [5]int{0, 14, 14, 9, 6}, tiles: &tilesAVX512, peak: peakAVX512, peakWork: 24 * 16,
		addTo: addAVX512, subTo: subAVX512, mulTo: mulAVX512, reluTo: reluAVX512, reluGradTo: reluGradAVX512, reluGradAdd: reluGradAddAVX512, sgdStep: sgdAVX512, nesterov: nesterovAVX512, dotOf: dotAVX512, expTo: expAVX512,
		poolMax: poolMaxAVX512, poolMaxGrad: poolMaxGradAVX512, poolSum: poolSumAVX512, poolSpread: poolSpreadAVX512,
		winogradInput: winogradInputAVX512, mix: mixAVX512,
		winogradOutput:   [5]func(dst, src, scratch, bias *float32, rs, cs, dp, n int, least float32){2: winogradOutput2AVX512, 4: winogradOutput4AVX512},
		winogradGradient: [5]func(dst, src, scratch *float32, rs, cs, dp, n int){2: winogradGradient2AVX512, 4: winogradGradient4AVX512},
		transposed:       transposeAVX2, lrnTo: lrnAVX512, lrnRatioTo: lrnRatioAVX512, lrnGradTo: lrnGradAVX512,
		momentsOf: momentsAVX512, normSums: normSumsAVX512, normScale: normScaleAVX512, normGrad: normGradAVX512, normGradAdd: normGradAddAVX512,
	}
)

// units lists what this machine can compute with, the best one last.
func units() []*unit {
	list := []*unit{&plainUnit}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, &avx2)
	}
	if cpu.X86.HasAVX512F {
		list = append(list, &avx512)
	}
	return list
}
