package gpu

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/kernel"
)

// A pass is one dispatch of a shader: an operation is one or a few of them.
type pass struct {
	code    string
	buffers []kernel.ID // bound from 1 on; at 0 lies what the step is (words.go)
	groups  [3]uint32   // workgroups
	work    int         // multiply-adds of a whole batch; 0 of what is not a product, which takes little
}

// scratch stands for the executor's own buffer for what lies between the passes of one operation.
const scratch kernel.ID = -2

// block is the number of threads of a workgroup.
const block = 256

// mostGroups is how many workgroups a dispatch may have along one direction (WebGPU's default limit).
const mostGroups = 65535

// names are buffers by their names in a shader, written $NAME there.
type names map[string]kernel.ID

// constants are whole numbers by their names in a shader.
type constants map[string]int

// header is what all shaders know: the step and the buffers.
const header = `
@group(0) @binding(0) var<storage, read> st: array<u32>;
fn samples() -> u32 { return st[0]; }
fn training() -> bool { return (st[1] & 1u) != 0u; }
fn adding() -> bool { return (st[1] & 2u) != 0u; }
fn scale() -> f32 { return bitcast<f32>(st[2]); }
fn rate() -> f32 { return bitcast<f32>(st[3]); }
fn decay() -> f32 { return bitcast<f32>(st[4]); }
fn first() -> u32 { return st[5]; }
fn nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; } // compilers may take it that x != x is never so
`

// shader puts the code of a pass together: buffers in the order of their numbers, each once, whatever names it has.
func shader(code string, n names, c constants, groups [3]uint32) pass {
	p := pass{groups: groups}
	for _, name := range slices.Sorted(maps.Keys(n)) {
		if id := n[name]; id != kernel.None && !slices.Contains(p.buffers, id) {
			p.buffers = append(p.buffers, id)
		}
	}
	slices.Sort(p.buffers)
	var b strings.Builder
	b.WriteString(header)
	for i := range p.buffers {
		fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read_write> b%d: array<f32>;\n", i+1, i+1)
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "const %s: u32 = %du;\n", name, c[name])
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(n))) { // the longer of two names that begin alike comes first
		code = strings.ReplaceAll(code, "$"+name, fmt.Sprintf("b%d", slices.Index(p.buffers, n[name])+1))
	}
	b.WriteString(code)
	p.code = b.String()
	return p
}

// each makes a pass with a thread for each of count things; limit is how many there are in a step, and body does the i-th of them.
func each(count int, limit, body, functions string, n names, c constants) pass {
	groups := (count + block - 1) / block
	x := min(groups, mostGroups)
	all := constants{"WIDTH": x * block}
	maps.Copy(all, c)
	return shader(functions+`
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let i = id.x + id.y * WIDTH;
	if (i >= `+limit+`) { return; }
`+body+`
}`, n, all, [3]uint32{uint32(x), uint32((groups + x - 1) / x), 1})
}

// total sums a number of each thread of a workgroup, in an order that is always the same.
const total = `
var<workgroup> parts: array<f32, 256>;
fn total(t: u32, v: f32) -> f32 {
	parts[t] = v;
	workgroupBarrier();
	for (var s = 128u; s > 0u; s = s >> 1u) {
		if (t < s) { parts[t] = parts[t] + parts[t + s]; }
		workgroupBarrier();
	}
	let sum = parts[0];
	workgroupBarrier();
	return sum;
}
`

// grouped makes a pass with a workgroup for each of count things; body has the number of its thing in c and of its thread in t.
func grouped(count int, body string, n names, c constants) pass {
	x := min(count, mostGroups)
	all := constants{"WIDTH": x, "COUNT": count}
	maps.Copy(all, c)
	return shader(total+`
@compute @workgroup_size(256) fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) t: u32) {
	let c = id.x + id.y * WIDTH;
	if (c >= COUNT) { return; }
`+body+`
}`, n, all, [3]uint32{uint32(x), uint32((count + x - 1) / x), 1})
}

// put writes a value to element i of a buffer, or adds it.
func put(buffer, index, value string, add bool) string {
	if add {
		return fmt.Sprintf("%s[%s] = %s[%s] + (%s);\n", buffer, index, buffer, index, value)
	}
	return fmt.Sprintf("%s[%s] = %s;\n", buffer, index, value)
}

// number writes a float for a shader, with all its digits.
func number(v float64) string {
	s := fmt.Sprintf("%.9e", v)
	return "f32(" + s + ")"
}
