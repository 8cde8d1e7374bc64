package convscope

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data/formats"
)

// folders returns the folders of the tree that have files of their own, below the root: without what is hidden, built or read by tests alone.
func folders(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at = filepath.ToSlash(at)
		switch hidden := strings.HasPrefix(e.Name(), "."); {
		case at == ".":
		case e.IsDir() && (hidden || e.Name() == "testdata" || slices.Contains([]string{"bin", "build", "tour"}, at)):
			return fs.SkipDir
		case !e.IsDir() && !hidden && path.Dir(at) != ".":
			found[path.Dir(at)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// The table of folders in ARCHITECTURE.md is the map of a new reader: it has each folder of the tree, and none that is gone.
func TestTableOfFoldersIsTheTree(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")
	name := regexp.MustCompile("`([^`]+)`")
	var table []string
	for _, r := range row.FindAllSubmatch(text, -1) {
		for _, n := range name.FindAllSubmatch(r[1], -1) {
			table = append(table, string(n[1]))
		}
	}
	tree := folders(t)
	for _, f := range tree {
		if !slices.Contains(table, f) {
			t.Errorf("the folder %s is not in ARCHITECTURE.md's table", f)
		}
	}
	for i, f := range table {
		if !slices.Contains(tree, f) {
			t.Errorf("ARCHITECTURE.md's table has %s, which is no folder with files", f)
		}
		if slices.Contains(table[:i], f) {
			t.Errorf("ARCHITECTURE.md's table has %s twice", f)
		}
	}
}

// sources calls f for each Go file of the module that is not a test, with the folder that it lies in.
func sources(t *testing.T, f func(folder, file string, tree *ast.File)) {
	t.Helper()
	for _, folder := range folders(t) {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			f(folder, file, tree)
		}
	}
}

// What is measured of a classification has a name in the rows of metrics, in what a run's diagnosis and texts say of it, and in the views of the tabs
// that show it. Everything else asks the row.
func TestOnlyMetricsNameWhatIsMeasured(t *testing.T) {
	naming := append([]string{"nn/metric", "nn/task"}, tabs...)
	named := map[string][]string{}
	seen := 0
	sources(t, func(folder, file string, tree *ast.File) {
		allowed := withinAny(folder, naming) || strings.HasPrefix(file, "nn/train/diagnose")
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				switch measured := strings.Contains(n.Name, "Accuracy") || strings.Contains(n.Name, "Top5"); {
				case measured && allowed:
					seen++
				case measured:
					named[folder] = append(named[folder], file+" "+n.Name)
				}
			case *ast.Field:
				if list, ok := n.Type.(*ast.ArrayType); ok && list.Len == nil && !allowed {
					of, ok := list.Elt.(*ast.Ident)
					if ok && of.Name == "int" && slices.ContainsFunc(n.Names, func(i *ast.Ident) bool { return strings.EqualFold(i.Name, "labels") }) {
						named[folder] = append(named[folder], file+" labels []int")
					}
				}
			}
			return true
		})
	})
	for folder, where := range named {
		t.Errorf("%s names what only metrics name: %s", folder, strings.Join(slices.Compact(slices.Sorted(slices.Values(where))), ", "))
	}
	if seen == 0 {
		t.Error("not even the metrics name themselves: the test looks at the wrong place")
	}
}

// concurrent lists what of a file starts goroutines, or is there to keep them in order.
func concurrent(tree *ast.File) (found []string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			if path := strings.Trim(n.Path.Value, `"`); path == "sync" || strings.HasPrefix(path, "sync/") || path == "context" {
				found = append(found, path)
			}
		case *ast.GoStmt:
			found = append(found, "go")
		case *ast.ChanType:
			found = append(found, "chan")
		case *ast.SelectStmt:
			found = append(found, "select")
		}
		return true
	})
	return found
}

// A workspace on disk is synchronous and keeps nothing in memory: what runs in the background the session decides, and later the server.
func TestTheWorkspaceStartsNoGoroutines(t *testing.T) {
	files := 0
	sources(t, func(folder, file string, tree *ast.File) {
		if folder != "nn/workspace" {
			return
		}
		files++
		if found := concurrent(tree); found != nil {
			t.Errorf("%s uses %s: nn/workspace is synchronous", file, strings.Join(found, ", "))
		}
	})
	if files < 3 {
		t.Errorf("%d files are looked at: the test looks at the wrong place", files)
	}
	const all = `package p
import "sync"
import "sync/atomic"
import "context"
func f() { go f(); select {}; _ = make(chan int) }`
	tree, err := parser.ParseFile(token.NewFileSet(), "", all, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := concurrent(tree); len(found) != 6 {
		t.Errorf("of six only %q are found", found)
	}
}

// A format has its name in its own file of nn/data/formats, and there alone: whoever needs names asks the tables.
func TestFormatsAreNamedInTheirFiles(t *testing.T) {
	all := slices.Compact(slices.Sorted(slices.Values(append(formats.Names(), formats.WriterNames()...))))
	inOwn := map[string]bool{}
	sources(t, func(folder, file string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			for _, name := range all {
				switch {
				case !namesFormat(literal.Value, name):
				case path.Join(folder, name+".go") == filepath.ToSlash(file) && folder == "nn/data/formats":
					inOwn[name] = true
				default:
					t.Errorf("%s names the format %s in %s; ask the tables of nn/data/formats, or the collection that was read", file, name, literal.Value)
				}
			}
			return true
		})
	})
	for _, name := range all {
		if !inOwn[name] {
			t.Errorf("nn/data/formats/%s.go does not have the name of its format", name)
		}
	}
	for _, named := range []string{`"idx"`, "`idx`", "`enum:\"auto,idx,masks\" default:\"auto\"`"} {
		if !namesFormat(named, "idx") {
			t.Errorf("%s is not seen to name a format", named)
		}
	}
	if namesFormat(`"An idx file"`, "idx") || namesFormat(`"idx.damaged"`, "idx") {
		t.Error("sentences and codes are taken for names")
	}
}

// enum is the tag of a flag with the values that it takes.
var enum = regexp.MustCompile(`enum:\\?"([^"\\]*)`)

// namesFormat reports whether a literal is the name of a format, or the tag of a flag that takes it.
func namesFormat(literal, format string) bool {
	if strings.Trim(literal, "\"`") == format {
		return true
	}
	values := enum.FindStringSubmatch(literal)
	return values != nil && slices.Contains(strings.Split(values[1], ","), format)
}

// imaging's readers know no limit, and what they read it scans without looking whether a colour is in the palette (docs/decisions/0016): files are
// read by data.Decode alone.
func TestImagingReadsNoFile(t *testing.T) {
	uses := 0
	sources(t, func(_, file string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := s.X.(*ast.Ident); ok && from.Name == "imaging" {
				uses++
				if slices.Contains([]string{"Open", "Decode", "AutoOrientation"}, s.Sel.Name) {
					t.Errorf("%s reads an image by imaging.%s; use data.Decode", file, s.Sel.Name)
				}
			}
			return true
		})
	})
	if uses == 0 {
		t.Error("nothing uses imaging by its own name: the test looks at the wrong place")
	}
}

// The library of host arrays is known to one file (docs/decisions/0001).
func TestOneFileKnowsTheTensorLibrary(t *testing.T) {
	var knowing []string
	sources(t, func(_, file string, tree *ast.File) {
		if slices.ContainsFunc(tree.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"gorgonia.org/tensor"` }) {
			knowing = append(knowing, filepath.ToSlash(file))
		}
	})
	if !slices.Equal(knowing, []string{"nn/tensor.go"}) {
		t.Errorf("the tensor library is imported by %v", knowing)
	}
}
