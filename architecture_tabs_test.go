package convscope

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reading are the beginnings of names of functions that read models, runs, data sets and images from the disk, or write them.
var reading = []string{"Load", "Open", "Read", "Import", "Recognize", "Decode", "Save", "Run", "Evaluate", "Branch", "Clear", "Delete", "Sample"}

// listing are names among them of functions that only list what there is to choose from.
var listing = []string{"samples.Names"}

// A tab asks the session for what lies in the workspace: it loads no model, opens no data set and looks at no file.
func TestTabsAskTheSession(t *testing.T) {
	calls := 0
	for _, tab := range tabs {
		files, err := filepath.Glob(tab + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, what := range callsOf(t, file) {
				calls++
				if wrong(what) {
					t.Errorf("%s calls %s: tabs ask the session", file, what)
				}
			}
		}
	}
	if calls < 100 {
		t.Errorf("%d calls are found: the test looks at the wrong place", calls)
	}
	for _, what := range []string{"model.Load", "model.LoadDescription", "foreign.Load", "data.Open", "samples.Photo", "imports.Recognize", "train.ReadRun", "os.Stat", "session.Data"} {
		if !wrong(what) {
			t.Errorf("a tab may call %s", what)
		}
	}
}

func wrong(call string) bool {
	from, name, _ := strings.Cut(call, ".")
	switch from {
	case "os":
		return true
	case "session":
		return name == "Data" // which opens a data set, and blocks
	case "samples", "exports", "formats":
		return !slices.Contains(listing, call)
	case "data", "imports", "foreign", "model", "train":
		return !slices.Contains(listing, call) && slices.ContainsFunc(reading, func(begin string) bool { return strings.HasPrefix(name, begin) })
	}
	return false
}

// callsOf lists the calls of functions of other packages in a file, as PACKAGE.NAME, and those of the session's methods, as session.NAME.
func callsOf(t *testing.T, file string) (calls []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]string{}
	for _, i := range parsed.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			imported[i.Name.Name] = name
		} else {
			imported[name] = name
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch x := selector.X.(type) {
		case *ast.Ident:
			if from, ok := imported[x.Name]; ok && ast.IsExported(selector.Sel.Name) {
				calls = append(calls, from+"."+selector.Sel.Name)
			}
		case *ast.CallExpr:
			if method, ok := x.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Session" {
				calls = append(calls, "session."+selector.Sel.Name)
			}
		}
		return true
	})
	return calls
}
