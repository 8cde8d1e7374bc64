package disktest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// A node is a file or folder of an image.
type node struct {
	born   int // how many there were before: names may be by chance, and the sample is not to depend on them
	folder bool

	safe, all []byte // of a file: what is synced of it, and what was written

	names   map[string]*node   // of a folder: what is synced
	pending []map[string]*node // what happened to its names since, in order; nil: the name is gone
}

// now returns what a folder holds while nothing is cut.
func (n *node) now() map[string]*node { return n.with(func(int) bool { return true }) }

// with returns what a folder holds when only some of what is pending came to the disk.
func (n *node) with(came func(int) bool) map[string]*node {
	names := maps.Clone(n.names)
	for i, change := range n.pending {
		if came(i) {
			maps.Copy(names, change)
		}
	}
	maps.DeleteFunc(names, func(_ string, n *node) bool { return n == nil })
	return names
}

// An image is a disk, with what is synced of it and what is not.
type image struct {
	root *node
	born int
}

// imageOf makes the image of a disk with nothing but what is safe.
func imageOf(s State) *image {
	m := &image{}
	m.root = m.newFolder()
	for _, path := range slices.Sorted(maps.Keys(s)) {
		if path == "." {
			continue
		}
		n := m.newFolder()
		if s[path] != nil {
			n = m.newFile(s[path])
		}
		m.at(filepath.Dir(path)).names[filepath.Base(path)] = n
	}
	return m
}

func (m *image) newFolder() *node {
	m.born++
	return &node{born: m.born, folder: true, names: map[string]*node{}}
}

func (m *image) newFile(b []byte) *node {
	m.born++
	return &node{born: m.born, safe: b, all: b}
}

// at finds what a path leads to, or nil.
func (m *image) at(path string) *node {
	if path == "." {
		return m.root
	}
	parent := m.at(filepath.Dir(path))
	if parent == nil {
		return nil
	}
	return parent.now()[filepath.Base(path)]
}

// name changes names in the folder of path.
func (m *image) name(path string, change map[string]*node) {
	parent := m.at(filepath.Dir(path))
	parent.pending = append(parent.pending, change)
}

// do does an operation.
func (m *image) do(o op) {
	map[string]func(op){
		"create": m.create, "makeFolder": m.makeFolder, "write": m.write, "sync": m.sync, "rename": m.rename, "exchange": m.exchange,
		"remove": m.remove, "syncFolder": m.syncFolder,
	}[o.name](o)
}

func (m *image) create(o op) {
	m.name(o.path, map[string]*node{filepath.Base(o.path): m.newFile(nil)})
}

func (m *image) makeFolder(o op) {
	m.name(o.path, map[string]*node{filepath.Base(o.path): m.newFolder()})
}

func (m *image) write(o op) {
	n := m.at(o.path)
	n.all = append(n.all[:len(n.all):len(n.all)], o.bytes...)
}

func (m *image) sync(o op) {
	n := m.at(o.path)
	n.safe = n.all
}

func (m *image) rename(o op) {
	m.name(o.path, map[string]*node{filepath.Base(o.path): nil, filepath.Base(o.to): m.at(o.path)})
}

func (m *image) exchange(o op) {
	m.name(o.path, map[string]*node{filepath.Base(o.path): m.at(o.to), filepath.Base(o.to): m.at(o.path)})
}

func (m *image) remove(o op) {
	if m.at(o.path) != nil { // locks do not go through the seam
		m.name(o.path, map[string]*node{filepath.Base(o.path): nil})
	}
}

func (m *image) syncFolder(o op) {
	n := m.at(o.path)
	n.names, n.pending = n.now(), nil
}

// unsafe lists the nodes that may lose something, the oldest first.
func (m *image) unsafe() []*node {
	var list []*node
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if len(n.pending) > 0 || len(n.safe) < len(n.all) {
			list = append(list, n)
		}
		for _, state := range slices.Concat(n.pending, []map[string]*node{n.names}) { // what is gone may come back
			for _, child := range state {
				if child != nil {
					visit(child)
				}
			}
		}
	}
	visit(m.root)
	slices.SortFunc(list, func(a, b *node) int { return a.born - b.born })
	return list
}

// What may become of the bytes of a file that was not synced.
const (
	whole = iota
	missing
	short
	zeros
	ways // how many there are
)

// content returns a file's bytes after a cut.
func (n *node) content(fate int) []byte {
	pending := n.all[len(n.safe):]
	switch fate {
	case missing:
		return n.safe
	case short:
		return n.all[:len(n.safe)+len(pending)/2]
	case zeros:
		return append(bytes.Clone(n.safe), make([]byte, len(pending))...)
	}
	return n.all
}

// A State is what a cut leaves: files with their bytes, and folders with nil.
type State map[string][]byte

// Key identifies a state, whatever is in files and folders that are unread.
func (s State) Key(unread func(path string) bool) string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(s)) {
		switch {
		case unread(filepath.Dir(path)):
			continue
		case unread(path):
			fmt.Fprintf(h, "%q unread\n", path)
		case s[path] == nil:
			fmt.Fprintf(h, "%q\n", path)
		default:
			fmt.Fprintf(h, "%q %d\n%s", path, len(s[path]), s[path])
		}
	}
	return string(h.Sum(nil))
}

func none(string) bool { return false }

// Read returns the state of a folder.
func Read(folder string) (State, error) {
	s := State{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(folder, path)
		if err != nil || d.IsDir() {
			s[below] = nil
			return err
		}
		b, err := os.ReadFile(path)
		s[below] = append([]byte{}, b...) // never nil, as a folder's are
		return err
	})
	return s, err
}

// Write makes the state in a folder.
func (s State) Write(folder string) error {
	for _, path := range slices.Sorted(maps.Keys(s)) { // folders come before what is in them
		to := filepath.Join(folder, path)
		if s[path] == nil {
			if err := os.MkdirAll(to, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(to, s[path], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fate decides what becomes of each node: a bit for each change of a folder, or what becomes of a file's bytes.
type fate map[*node]int

// state returns what a cut leaves with a fate.
func (m *image) state(f fate) State {
	s := State{}
	var visit func(n *node, path string)
	visit = func(n *node, path string) {
		if !n.folder {
			s[path] = append([]byte{}, n.content(f[n])...)
			return
		}
		s[path] = nil
		for name, child := range n.with(func(i int) bool { return f[n]>>i&1 == 1 }) {
			visit(child, filepath.Join(path, name))
		}
	}
	visit(m.root, ".")
	return s
}

// limit is how many states are taken of a cut. Where there are more, they are the extremes and a sample.
const limit = 32

// choices returns how many fates a node has.
func (n *node) choices() int {
	if n.folder {
		return 1 << min(len(n.pending), 30)
	}
	return ways
}

// fates lists what may become of the nodes: everything, or a sample.
func (m *image) fates(r *rand.Rand) []fate {
	nodes := m.unsafe()
	total := 1
	for _, n := range nodes {
		if total *= n.choices(); total > limit {
			break
		}
	}
	var list []fate
	add := func(choose func(*node) int) {
		f := fate{}
		for _, n := range nodes {
			f[n] = choose(n)
		}
		list = append(list, f)
	}
	if total <= limit {
		for k := range total {
			add(func(n *node) int {
				choice := k % n.choices()
				k /= n.choices()
				return choice
			})
		}
		return list
	}
	for content := range ways { // all names came, none did
		add(func(n *node) int { return pick(n.folder, n.choices()-1, content) })
	}
	add(func(n *node) int { return pick(n.folder, 0, whole) })
	for len(list) < limit {
		add(func(n *node) int { return r.IntN(n.choices()) })
	}
	return list
}

func pick(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

// Cuts returns the states that a power cut could leave after each number of operations. What was not synced may be lost, whatever the order in
// which it was done: names that were given, changed or taken away, and bytes of files, which may be missing, cut off or zeros instead. Where there
// are many combinations it returns a sample, which is always the same.
func (r *Recorder) Cuts() iter.Seq2[int, State] {
	return func(yield func(int, State) bool) {
		m, random := imageOf(r.begin), rand.New(rand.NewPCG(1, 2))
		for after := 0; ; after++ {
			seen := map[string]bool{}
			for _, f := range m.fates(random) {
				s := m.state(f)
				key := s.Key(none)
				if seen[key] {
					continue
				}
				seen[key] = true
				if !yield(after, s) {
					return
				}
			}
			if after == len(r.ops) {
				return
			}
			m.do(r.ops[after])
		}
	}
}

// String lists what is there.
func (s State) String() string {
	var b bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, " %s", path)
		if s[path] != nil {
			fmt.Fprintf(&b, ":%d", len(s[path]))
		}
	}
	return b.String()
}
