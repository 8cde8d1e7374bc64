// Package foreign is the one place that knows which other programs there are whose models a training can start from: a row for each.
package foreign

import (
	"os"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/caffe"
	"github.com/convscope/convscope/nn/model"
)

// A format is a kind of file of another program.
type format struct {
	programs string   // that write it, as people know them
	suffixes []string // of its files' names in lower case, the usual one first
	load     func(path string) (model.Source, error)
}

var formats = []format{
	{"Caffe or DIGITS", []string{".caffemodel", ".caffemodel.h5"}, caffe.Load},
}

// Load reads the weights that a training starts from: of another program's file, which its name tells, of a model's folder (of a run: its best), or of a safetensors
// file.
func Load(path string) (model.Source, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		name := strings.ToLower(path)
		for _, f := range formats {
			if slices.ContainsFunc(f.suffixes, func(s string) bool { return strings.HasSuffix(name, s) }) {
				return f.load(path)
			}
		}
	}
	return model.LoadSource(path) // whose faults tell of a path where nothing is
}

// Suffixes lists the usual endings of the files' names.
func Suffixes() (list []string) {
	for _, f := range formats {
		list = append(list, f.suffixes[0])
	}
	return list
}

// Files lists the kinds of files in words: "a .caffemodel of Caffe or DIGITS".
func Files() (list []string) {
	for _, f := range formats {
		list = append(list, "a "+f.suffixes[0]+" of "+f.programs)
	}
	return list
}
