//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// bestTile chooses the kernel for the vector unit of this machine.
func bestTile() tile {
	switch {
	case cpu.X86.HasAVX512F:
		return tile{"AVX-512", 12, 32, tileAVX512}
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return tile{"AVX2", 6, 16, tileAVX2}
	}
	return plainTile
}

// tiles lists the kernels that this machine can run, for tests.
func tiles() []tile {
	list := []tile{plainTile}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, tile{"AVX2", 6, 16, tileAVX2})
	}
	if cpu.X86.HasAVX512F {
		list = append(list, tile{"AVX-512", 12, 32, tileAVX512})
	}
	return list
}
