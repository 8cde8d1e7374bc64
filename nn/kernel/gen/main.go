// Command gen writes the vector kernels of package kernel: run it in this folder after a change, and commit what it writes.
// It is a module of its own so that the application does not depend on the generator.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/mmcloughlin/avo/build" // the library's own manner: a file of instructions reads like assembly
	"github.com/mmcloughlin/avo/reg"
)

// A unit is a vector unit: how many float32 a vector has, how many vectors there are.
type unit struct {
	name   string
	lanes  int
	vector func() reg.VecVirtual
	most   [5]int // rows of a tile of 1…4 vectors: what the registers hold
}

var (
	avx2   = unit{"AVX2", 8, YMM, [5]int{0, 12, 6, 4, 3}}
	avx512 = unit{"AVX512", 16, ZMM, [5]int{0, 14, 14, 9, 6}}
	units  = []unit{avx2, avx512}
)

// kinds are the kinds of kernels: each is a file of assembly and a file of its declarations.
var kinds = []struct {
	name  string
	write func()
}{
	{"tiles_along_avx2", func() { avx2.tiles(along) }},
	{"tiles_across_avx2", func() { avx2.tiles(across) }},
	{"tiles_along_avx512", func() { avx512.tiles(along) }},
	{"tiles_across_avx512", func() { avx512.tiles(across) }},
	{"elements", func() { eachUnit(unit.elements) }},
	{"exponential", func() { table := exponentialTable(); eachUnit(func(u unit) { u.exponential(table) }) }},
	{"pooling", func() { eachUnit(unit.pooling) }},
	{"lrn", func() { eachUnit(unit.norms) }},
	{"batchnorm", func() { eachUnit(unit.batchNorm) }},
	{"winograd", func() { eachUnit(unit.winograd) }},
	{"transpose", transpose},
	{"pace", func() { eachUnit(unit.peak); pause() }},
}

// eachUnit writes a kind's kernels for each vector unit.
func eachUnit(write func(unit)) {
	for _, u := range units {
		write(u)
	}
}

// fileOf returns where a kind's kernels go, with ".s" or ".go" behind it.
func fileOf(kind string) string { return "../kernels_" + kind + "_amd64" }

// The library writes one file a process, so main starts itself once for each kind, with the kind's name.
func main() {
	for _, k := range kinds {
		if len(os.Args) == 2 && os.Args[1] == k.name {
			generate(k.name, k.write)
			return
		}
	}
	if err := all(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes one kind's files.
func generate(kind string, write func()) {
	for name, value := range map[string]string{"out": fileOf(kind) + ".s", "stubs": fileOf(kind) + ".go", "pkg": "kernel"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	ConstraintExpr("!noasm")
	write()
	Generate()
}

// all writes the files of all kinds in place of those that are there, and the table of tiles.
func all() error {
	old, err := filepath.Glob(fileOf("*") + ".*")
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, k := range kinds {
		c := exec.Command(self, k.name)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	return writeTable(fileOf("tiles") + ".go")
}

// zero sets a vector to zero.
func (u unit) zero(v reg.VecVirtual) {
	if u.lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}
