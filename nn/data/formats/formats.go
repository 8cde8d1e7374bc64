// Package formats has the formats that data sets are imported from and exported to, a file a format: its Reader claims sources and reads them, its Writer writes a data set for other
// programs. Nobody else knows a format by its name.
package formats

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A Reader reads sources of one format. A new format is a file and a row of Readers.
type Reader struct {
	Name  string
	Tasks []data.Task // that its sources may be for
	// Claim reports whether a source looks like the format.
	Claim func(t *source.Tree) Claim
	// Read reads what a source has, whether or not it was claimed: the images themselves, and truth that lies in files of its own, when they are asked for.
	Read func(ctx context.Context, t *source.Tree) (*source.Collection, error)
}

// A Claim is what a Reader makes of a source at first sight.
type Claim struct {
	Score int       // from 1 on: the higher, the surer; 0: it is not of the format
	Why   data.Note // what it is known by
}

// Scores of claims.
const (
	byImages   = 10 // there are images, which is all that the format asks for
	byInstance = 50 // folders are named and lie as the format has them, but for a part of what another format may read there
	byFolders  = 60 // folders are named and lie as the format has them
	byContent  = 90 // a file begins as only those of the format do
)

// claim returns a Claim with its reason in words.
func claim(score int, why *fault.Fault) Claim { return Claim{score, data.NewNote(why)} }

// Readers lists the formats that are read, in the order in which people are told of them.
func Readers() []Reader {
	return []Reader{foldersReader(), idxReader(), masksReader(), instancesReader()}
}

// Names lists the names of the formats that are read.
func Names() []string {
	var names []string
	for _, r := range Readers() {
		names = append(names, r.Name)
	}
	return names
}

// Check returns a fault where there is no format of a name, which may be "" or "auto".
func Check(name string) error {
	if name != "" && name != "auto" && !slices.Contains(Names(), name) {
		return fault.New("data.format", "There is no format %q; there are %s. Choose one of them.", name, strings.Join(Names(), ", "))
	}
	return nil
}

// Read reads a source of the format named, or of the one that claims it most where that is "" or "auto". The collection takes the tree over, which is closed with it, or by an
// error.
func Read(ctx context.Context, t *source.Tree, format string) (c *source.Collection, err error) {
	var why *data.Note
	if err = Check(format); err == nil && (format == "" || format == "auto") {
		format, why, err = recognize(t)
	}
	if err == nil {
		all := Readers()
		c, err = all[slices.IndexFunc(all, func(r Reader) bool { return r.Name == format })].Read(ctx, t)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	c.Name, c.Format, c.Why, c.Close = t.Name, format, why, t.Close
	c.Skipped = append(t.Unlisted, c.Skipped...)
	return c, nil
}

// recognize returns the format that claims a source most, and what it is known by.
func recognize(t *source.Tree) (format string, why *data.Note, err error) {
	best := 0
	for _, r := range Readers() {
		if c := r.Claim(t); c.Score > best {
			best, format, why = c.Score, r.Name, &c.Why
		}
	}
	if best == 0 {
		return "", nil, cmp.Or(t.SingleFile(), t.NoImages())
	}
	return format, why, nil
}
