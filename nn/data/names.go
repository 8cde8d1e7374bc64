package data

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// splitNames are the folders that hold a source's own splits.
var splitNames = map[string]Split{
	"train": Train, "training": Train,
	"val": Val, "valid": Val, "validation": Val,
	"test": Test, "testing": Test,
}

// otherFiles are endings of files that are no images and not worth opening.
var otherFiles = endings(`txt md rst csv tsv json jsonl xml html htm pdf doc docx hwp hwpx xls xlsx ppt pptx zip tar gz tgz bz2 xz rar 7z
	py ipynb m c h cpp go js css sh bat mat npy npz h5 hdf5 pkl pt pth onnx caffemodel prototxt yaml yml toml ini cfg conf log lst names data
	mp4 mov avi mkv webm mp3 wav db sqlite lmdb mdb exe dll so url lnk`)

// endings makes a set of words.
func endings(words string) map[string]bool {
	set := map[string]bool{}
	for e := range strings.FieldsSeq(words) {
		set["."+e] = true
	}
	return set
}

// mayBeImage reports whether a file is worth opening: all but those whose ending says that they are something else.
func mayBeImage(p string) bool { return !otherFiles[strings.ToLower(path.Ext(p))] }

// labelOf returns the label for a folder's name: `_` is read as a space, and letters that macOS takes apart are put together.
func labelOf(folder string) string {
	return strings.TrimFunc(strings.ReplaceAll(norm.NFC.String(folder), "_", " "), func(r rune) bool { return unicode.IsSpace(r) && !disk.BreaksLine(r) })
}

// maxNamesBytes bounds a file with the names of classes.
const maxNamesBytes = 16 << 20

// readNames reads the names of classes from the text of a file, one a line.
func readNames(b []byte, file string) ([]string, error) {
	var names []string
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		name := labelOf(strings.TrimSpace(disk.OneLine(line)))
		if name == "" {
			continue
		}
		if slices.Contains(names, name) {
			return nil, fault.New("data.classes.twice", "%s has the class %s twice. Keep one line of it.", file, name)
		}
		names = append(names, name)
	}
	return names, nil
}
