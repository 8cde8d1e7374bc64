package resources

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/resources/font"
)

// verbs finds fmt verbs with width, precision and their explicit index, which comes last.
var verbs = regexp.MustCompile(`%([-+# 0]*)(\d+)?(\.\d+)?(\[\d+\])?([a-zA-Z%])`)

// misplaced finds an index that is not right before its verb: fmt writes BADINDEX for it.
var misplaced = regexp.MustCompile(`%\[\d+\][^a-zA-Z]`)

// verbsOf lists the verb of each argument that a format uses, by the argument's place.
func verbsOf(format string) map[int]string {
	used := map[int]string{}
	at := 1
	for _, m := range verbs.FindAllStringSubmatch(format, -1) {
		if m[5] == "%" {
			continue
		}
		if m[4] != "" {
			at, _ = strconv.Atoi(strings.Trim(m[4], "[]"))
		}
		used[at] = m[5]
		at++
	}
	return used
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	en, err := NewTranslator("en")
	if err != nil {
		t.Fatal(err)
	}
	ko, err := NewTranslator("ko")
	if err != nil {
		t.Fatal(err)
	}
	if len(en.texts) < 300 {
		t.Fatalf("only %d texts were found", len(en.texts))
	}
	for key, text := range en.texts {
		other, ok := ko.texts[key]
		if !ok {
			t.Errorf("%s has no Korean", key)
			continue
		}
		if misplaced.MatchString(text + " " + other) {
			t.Errorf("%s: an index of an argument is not right before its verb", key)
		}
		if a, b := fmt.Sprint(verbsOf(text)), fmt.Sprint(verbsOf(other)); a != b {
			t.Errorf("%s: the values differ: %s in English, %s in Korean", key, a, b)
		}
	}
	for key := range ko.texts {
		if !en.Has(key) {
			t.Errorf("%s has no English", key)
		}
	}
}

// sources parses the Go files of the project that are no tests.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && strings.HasPrefix(e.Name(), ".") && e.Name() != ".." {
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// literal returns the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

func TestEveryFaultHasKorean(t *testing.T) {
	ko, err := NewTranslator("ko")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, f := range sources(t) {
		if f.Name.Name == "main" { // the command line speaks English
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "New" || fmt.Sprint(s.X) != "fault" {
				return true
			}
			code, ok := literal(call.Args[0])
			if !ok {
				return true
			}
			english, _ := literal(call.Args[1])
			korean, ok := ko.faults[code]
			if !ok {
				t.Errorf("the fault %s has no Korean sentence", code)
				return true
			}
			seen[code] = english
			for at, verb := range verbsOf(korean) {
				if theirs, ok := verbsOf(english)[at]; !ok || theirs != verb && verb != "v" && theirs != "v" {
					t.Errorf("%s: value %d is %%%s in Korean but %%%s in English", code, at, verb, theirs)
				}
			}
			return true
		})
	}
	if len(seen) < 80 {
		t.Errorf("only %d faults were found", len(seen))
	}
	for code := range ko.faults {
		if _, ok := seen[code]; !ok {
			t.Errorf("the Korean sentence of %s belongs to no fault", code)
		}
	}
}

// Keys that are literals in the tabs begin with the tab's name there; those of the shell are whole.
func TestEveryTextThatIsAskedForIsThere(t *testing.T) {
	en, err := NewTranslator("en")
	if err != nil {
		t.Fatal(err)
	}
	tabs := []string{"data", "network", "train", "inspect", "detect"}
	asked := 0
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			key, isLiteral := literal(call.Args[0])
			if !ok || !isLiteral || strings.HasSuffix(key, ".") {
				return true
			}
			switch s.Sel.Name {
			case "text":
				key = f.Name.Name + "." + key
			case "Text":
			case "Info", "Explain":
				key = "concept." + key + ".title"
			default:
				return true
			}
			if !slices.Contains(tabs, f.Name.Name) && f.Name.Name != "app" {
				return true
			}
			asked++
			if !en.Has(key) {
				t.Errorf("%s asks for %q, which has no text", f.Name.Name, key)
			}
			return true
		})
	}
	if asked < 150 {
		t.Errorf("only %d texts are asked for", asked)
	}
}

func TestFaultInBothLanguages(t *testing.T) {
	ko, err := NewTranslator("ko")
	if err != nil {
		t.Fatal(err)
	}
	en, err := NewTranslator("en")
	if err != nil {
		t.Fatal(err)
	}
	err = fmt.Errorf("opening: %w", fault.New("workspace.run.exists", "There is already a run %s. Choose another name.", "run 1").Because(os.ErrExist))
	if got := en.Fault(err); got != "There is already a run run 1. Choose another name." {
		t.Errorf("English: %q", got)
	}
	if got := ko.Fault(err); !strings.Contains(got, "run 1") || !strings.Contains(got, "이미 있습니다") {
		t.Errorf("Korean: %q", got)
	}
	nested := fault.New("nn.setting.range", "In the layer %s: %s", "conv1", fault.New("nn.field.range", "%s must be a number from %g to %g.", "stride", 1., 512.))
	if got := ko.Fault(nested); !strings.Contains(got, "1부터 512까지") {
		t.Errorf("a sentence within a Korean one: %q", got)
	}
}

// Fyne has no Korean: each of its own keys needs one of ours.
func TestFyneSpeaksBothLanguages(t *testing.T) {
	ko, err := NewTranslator("ko")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"Cancel", "OK", "Open", "Save", "Copy", "Paste", "Cut", "Select all", "Undo", "Redo", "Favourites", "file.name", "file.parent", "monday", "sunday.short"} {
		if !ko.Has("fyne." + key) {
			t.Errorf("Fyne's %q has no Korean", key)
		}
	}
	if err := ko.TeachFyne(); err != nil {
		t.Error(err)
	}
}

func TestIconsAreDrawn(t *testing.T) {
	for _, i := range []Icon{IconData, IconNetwork, IconTrain, IconInspect, IconDetect, IconInfo, IconContrast, IconUndo, IconRedo} {
		r := i.In(Theme(false).Color("convscope.accent", 0))
		if !strings.Contains(string(r.Content()), "#2468e5") {
			t.Errorf("the icon %s does not take a colour", i)
		}
	}
	if len(AppIcon().Content()) == 0 {
		t.Error("there is no icon of the application")
	}
}

func TestTranslationFilesAreInOrder(t *testing.T) {
	err := fs.WalkDir(translations, "translations", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := translations.ReadFile(p)
		if err != nil {
			return err
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if parts := strings.Split(filepath.Base(p), "."); len(parts) != 3 || !slices.Contains(Languages(), parts[1]) {
			t.Errorf("%s is not called AREA.LANGUAGE.json", p)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A sign that the font has not is taken from another one, and stands higher or lower than the rest of its line.
func TestTheFontHasEverySign(t *testing.T) {
	face, err := sfnt.Parse(font.Regular)
	if err != nil {
		t.Fatal(err)
	}
	var b sfnt.Buffer
	for _, language := range Languages() {
		translator, err := NewTranslator(language)
		if err != nil {
			t.Fatal(err)
		}
		for key, text := range translator.texts {
			for _, sign := range text {
				if i, err := face.GlyphIndex(&b, sign); sign > ' ' && (i == 0 || err != nil) {
					t.Errorf("%s: the font has no %c", key, sign)
				}
			}
		}
	}
}
