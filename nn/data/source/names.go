package source

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// SplitNames are the folders that hold a source's own splits.
var SplitNames = map[string]data.Split{
	"train": data.Train, "training": data.Train,
	"val": data.Val, "valid": data.Val, "validation": data.Val,
	"test": data.Test, "testing": data.Test,
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

// MayBeImage reports whether a file is worth opening: all but those whose ending says that they are something else.
func MayBeImage(p string) bool { return !otherFiles[strings.ToLower(path.Ext(p))] }

// Label returns the label for a folder's name: `_` is read as a space, and letters that macOS takes apart are put together.
func Label(folder string) string {
	return strings.TrimFunc(strings.ReplaceAll(norm.NFC.String(folder), "_", " "), func(r rune) bool { return unicode.IsSpace(r) && !disk.BreaksLine(r) })
}

// MaxNamesBytes bounds a file with the names of classes.
const MaxNamesBytes = 16 << 20

// ReadNames reads the names of classes from the text of a file, one a line.
func ReadNames(b []byte, file string) ([]string, error) {
	var names []string
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		name := Label(strings.TrimSpace(disk.OneLine(line)))
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
