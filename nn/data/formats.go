package data

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// A Reader reads sources of one format. A new format is a file and a row of readers.
type Reader struct {
	Name  string
	Tasks []Task // that its sources may be for
	// Claim reports whether a source looks like the format.
	Claim func(t *tree) Claim
	// Read reads what a source has, whether or not it was claimed: the images themselves, and truth that lies in files of its own, when they are asked for.
	Read func(ctx context.Context, t *tree) (*collection, error)
}

// A Claim is what a Reader makes of a source at first sight.
type Claim struct {
	Score int  // from 1 on: the higher, the surer; 0: it is not of the format
	Why   Note // what it is known by
}

// Scores of claims.
const (
	byImages   = 10 // there are images, which is all that the format asks for
	byInstance = 50 // folders are named and lie as the format has them, but for a part of what another format may read there
	byFolders  = 60 // folders are named and lie as the format has them
	byContent  = 90 // a file begins as only those of the format do
)

// claim returns a Claim with its reason in words.
func claim(score int, why *fault.Fault) Claim { return Claim{score, note(why)} }

// readers lists the formats that are read, in the order in which people are told of them.
func readers() []Reader {
	return []Reader{idxReader(), masksReader(), instancesReader(), foldersReader()}
}

// Formats lists the names of the formats that Read reads.
func Formats() []string {
	var names []string
	for _, r := range readers() {
		names = append(names, r.Name)
	}
	return names
}

// CheckFormat returns a fault where there is no format of a name, which may be "" or "auto".
func CheckFormat(name string) error {
	if name != "" && name != "auto" && !slices.Contains(Formats(), name) {
		return fault.New("data.format", "There is no format %q; there are %s. Choose one of them.", name, strings.Join(Formats(), ", "))
	}
	return nil
}

// readTree reads a source of the format named, or of the one that claims it most where that is "" or "auto"; why is what that is known by, and nil where it was named. The collection
// takes the tree over, which is closed with it, or by an error.
func readTree(ctx context.Context, t *tree, format string) (c *collection, why *Note, err error) {
	if err = CheckFormat(format); err == nil && (format == "" || format == "auto") {
		format, why, err = recognize(t)
	}
	if err == nil {
		all := readers()
		c, err = all[slices.IndexFunc(all, func(r Reader) bool { return r.Name == format })].Read(ctx, t)
	}
	if err != nil {
		t.close()
		return nil, nil, err
	}
	c.name, c.format, c.close = t.name, format, t.close
	c.skipped = append(t.left, c.skipped...)
	return c, why, nil
}

// recognize returns the format that claims a source most, and what it is known by.
func recognize(t *tree) (format string, why *Note, err error) {
	best := 0
	for _, r := range readers() {
		if c := r.Claim(t); c.Score > best {
			best, format, why = c.Score, r.Name, &c.Why
		}
	}
	if best == 0 {
		return "", nil, cmp.Or(t.singleFile(), t.noImages())
	}
	return format, why, nil
}
