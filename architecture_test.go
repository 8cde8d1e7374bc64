// Package convscope holds no code: these tests of the rules of ARCHITECTURE.md need a place above them all.
package convscope

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/convscope/convscope"

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// packages lists the packages of this module.
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// within reports whether a package lies in folder (a path below the module) or below it.
func within(path, folder string) bool {
	path = strings.TrimPrefix(path, module+"/")
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// withinAny reports whether a package lies in one of the folders or below it.
func withinAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(path, f) })
}

// tabs are the folders of the window's tabs.
var tabs = []string{"app/data", "app/network", "app/train", "app/inspect", "app/detect"}

// below are packages that must not reach others, however far down: from → what they must not reach.
var below = []struct {
	from, never, except []string
	why                 string
}{
	{[]string{"nn", "app/session", "cmd/cnn", "widgets/raster", "resources/samples", "resources/font"}, []string{"fyne.io"}, nil, "the engine, the session and the command line know no window"},
	{[]string{"widgets"}, []string{"nn", "app", "resources"}, nil, "a widget knows no engine and nothing of the application"},
	{[]string{"resources"}, []string{"nn", "app"}, []string{"nn/fault"}, "resources are data and looks; of the engine they know only the faults that they translate"},
	{[]string{"nn"}, []string{"app", "cmd", "widgets"}, nil, "the engine is below all else"},
	{[]string{"nn/kernel"}, []string{"nn/data", "nn/model", "nn/train", "nn/vision", "nn/inspect"}, nil, "a device knows no networks"},
	{[]string{"nn/gpu", "nn/subprocess"}, []string{"nn/data", "nn/model", "nn/train", "nn/vision", "nn/inspect"}, nil, "a device knows no networks"},
	{[]string{"nn/train", "nn/model", "nn/vision", "nn/inspect", "nn/kernel", "nn/data"}, []string{"nn/gpu", "nn/device"}, nil, "whatever runs on a device does not know which"},
	{[]string{"nn/data"}, []string{"nn/kernel", "nn/model", "nn/train", "nn/vision", "nn/inspect"}, nil, "data sets know no networks"},
	{[]string{"nn/model", "nn/caffe"}, []string{"nn/train", "nn/vision", "nn/inspect"}, nil, "a model is used, however it was trained"},
	{[]string{"nn/workspace"}, []string{"nn/gpu", "nn/device", "nn/vision"}, nil, "a workspace keeps what others use"},
	{[]string{"nn/data", "nn/model", "nn/train", "nn/vision", "nn/inspect"}, []string{"nn/workspace"}, nil, "what lies in a workspace may lie elsewhere too"},
	{[]string{"nn/fault", "nn/disk", "nn/geometry", "nn/machine", "resources/samples"}, []string{"nn/kernel", "nn/data", "nn/model", "app"}, nil, "these stand on nothing"},
}

func TestImportsPointOneWay(t *testing.T) {
	all := packages(t)
	if len(all) < 10 {
		t.Fatalf("go list found %d packages: the test looks at the wrong place", len(all))
	}
	for _, p := range all {
		for _, rule := range below {
			if !withinAny(p.ImportPath, rule.from) {
				continue
			}
			for _, d := range p.Deps {
				if withinAny(d, rule.never) && !withinAny(d, rule.except) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, d, rule.why)
				}
			}
		}
	}
}

// Which kinds of devices there are the package device alone knows; the session and the command line ask it for one.
func TestImportsOfDevices(t *testing.T) {
	for _, p := range packages(t) {
		for _, d := range p.Imports {
			if withinAny(d, []string{"nn/gpu", "nn/subprocess"}) && !within(p.ImportPath, "nn/device") || within(d, "nn/device") && !withinAny(p.ImportPath, []string{"app/session", "cmd"}) {
				t.Errorf("%s imports %s: a device is a device", p.ImportPath, d)
			}
		}
	}
}

// Which other programs' files there are the package foreign alone knows, and protobuf only what reads such files.
func TestImportsOfForeignModels(t *testing.T) {
	readers := []string{"nn/caffe"}
	for _, p := range packages(t) {
		for _, d := range p.Imports {
			if withinAny(d, readers) && !withinAny(p.ImportPath, append([]string{"nn/foreign"}, readers...)) {
				t.Errorf("%s imports %s: weights come from nn/foreign, whoever wrote them", p.ImportPath, d)
			}
			if strings.HasPrefix(d, "google.golang.org/protobuf/") && !withinAny(p.ImportPath, readers) {
				t.Errorf("%s imports %s: protobuf is the format of other programs", p.ImportPath, d)
			}
		}
	}
}

// What is between a source and a data set imports one way; a number says how high a package stands, and it reaches only what stands lower. Files for tests of them know none.
func TestImportsOfImporting(t *testing.T) {
	height := map[string]int{
		"nn/data/datatest": 0, "nn/data": 1, "nn/data/source": 2, "nn/data/formats": 3, "nn/data/imports": 4, "nn/data/exports": 4, "nn/data/samples": 5, "nn/data/imports/importtest": 5,
	}
	found := 0
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		mine, ok := height[from]
		if !ok {
			if within(p.ImportPath, "nn/data") {
				t.Errorf("%s has no place between a source and a data set", from)
			}
			continue
		}
		found++
		for _, d := range p.Deps {
			to := strings.TrimPrefix(d, module+"/")
			if other, ok := height[to]; ok && other >= mine {
				t.Errorf("%s reaches %s: nn/data, source, formats, imports and exports, samples stand on each other in this order", from, to)
			}
		}
	}
	if found != len(height) {
		t.Errorf("%d of %d packages are found", found, len(height))
	}
}

func TestImportsBetweenTabs(t *testing.T) {
	for _, p := range packages(t) {
		for _, tab := range tabs {
			if !within(p.ImportPath, tab) {
				continue
			}
			for _, d := range p.Deps {
				for _, other := range tabs {
					if other != tab && within(d, other) {
						t.Errorf("%s reaches %s: tabs do not know each other", p.ImportPath, d)
					}
				}
			}
		}
	}
}

// Widgets and resources are the window's: only the application hangs them up. Three folders in them hold no window and may be
// used by all: the pure pictures of widgets/raster and the files of resources/samples and resources/font.
func TestImportsOfTheWindow(t *testing.T) {
	free := []string{"widgets/raster", "resources/samples", "resources/font"}
	users := []string{"app", "cmd/convscope", "widgets", "resources"}
	for _, p := range packages(t) {
		if withinAny(p.ImportPath, users) && !within(p.ImportPath, "app/session") {
			continue
		}
		for _, d := range p.Imports {
			if withinAny(d, []string{"widgets", "resources"}) && !withinAny(d, free) {
				t.Errorf("%s imports %s: widgets and resources hang off the application alone", p.ImportPath, d)
			}
		}
	}
}
