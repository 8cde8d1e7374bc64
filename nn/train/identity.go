package train

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// samples is how many images of a data set its identity looks at: enough to tell data sets apart, and read at once.
const samples = 32

// identity2 begins the identities of runs that have a list of their images. Older ones are known by all that was labelled.
const identity2 = "2:"

// choose takes the images of the run: of one that goes on those of its list, as more may have been labelled since; else those that are usable.
func (r *run) choose(before RunInfo) error {
	r.train, r.val = r.Data.Usable(data.Train), r.Data.Usable(data.Val)
	if !r.Resume {
		return nil
	}
	train, val, err := readImages(r.Folder, r.Data.Len())
	if errors.Is(err, errBeyond) {
		return r.otherData(before)
	}
	if err != nil || train == nil {
		return err
	}
	r.train, r.val, r.listed = train, val, true
	return nil
}

// identify finds what the data are known by wherever their folder lies and whatever it is called, and tells if a run that goes on
// was trained on others. That is which images it trains on and validates with, which the order of the data depends on, and what the images are. Labels
// are not: those of a data set may be mended and added to while a run stands still.
func (r *run) identify(before RunInfo) error {
	if err := r.inPlace(before); err != nil {
		return err
	}
	h := sha256.New()
	if before.identity != "" && !strings.HasPrefix(before.identity, identity2) {
		info := r.Data.Info()
		fmt.Fprintf(h, "%q %d×%d×%d, %d images\n", info.Classes, info.Channels, info.Height, info.Width, r.Data.Len())
		fmt.Fprintln(h, r.train, r.val)
		if err := r.describe(h, r.Data.Len(), func(i int) uint32 { return uint32(i) }); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)[:16]) != before.identity {
			return r.otherData(before)
		}
		h.Reset()
		before.identity = ""
	}
	ids := slices.Concat(r.train, r.val)
	fmt.Fprintln(h, r.train, r.val)
	if err := r.describe(h, len(ids), func(i int) uint32 { return ids[i] }); err != nil {
		return err
	}
	r.identity = identity2 + hex.EncodeToString(h.Sum(nil)[:16])
	if before.identity != "" && before.identity != r.identity {
		return r.otherData(before)
	}
	return nil
}

// inPlace returns a fault where an image of a run that goes on is no longer in its split, or no longer labelled.
func (r *run) inPlace(before RunInfo) error {
	index, task := r.Data.Index(), r.Data.Info().Task
	for _, part := range []struct {
		ids   []uint32
		split data.Split
	}{{r.train, data.Train}, {r.val, data.Val}} {
		for _, id := range part.ids {
			switch {
			case int64(id) >= int64(len(index)) || index[id].Split != part.split:
				return r.otherData(before)
			case !task.Usable(index[id]):
				return fault.New("train.data.unlabelled",
					"The image %v of %s, which the run %s is trained on, is no longer labelled. Label it again, or start a new run.", id, r.Data.Path(), r.Folder)
			}
		}
	}
	return nil
}

// describe writes what some of n images are, each found by its place. That is its pixels, so that a data set that was imported again is the same; those of a
// JPEG may differ in the last bit after an update, so there it is the file that it came from.
func (r *run) describe(h hash.Hash, n int, image func(i int) uint32) error {
	jpeg := r.Data.Info().Encoding == data.EncodingJPEG
	for i := range samples {
		at := i * n / samples
		if at >= n {
			break
		}
		if jpeg {
			file, err := r.Data.Record(image(at))
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%q %d×%d\n", file.File, file.W, file.H)
			continue
		}
		px, err := r.Data.Pixels(image(at))
		if err != nil {
			return err
		}
		_, _ = h.Write(px.Pix) // a hash takes everything
	}
	return nil
}

func (r *run) otherData(before RunInfo) error {
	return fault.New("train.data.other",
		"The run %s cannot go on with the data set %s as it is now: it was trained on %s, with other images, classes or splits. Name the data set that it was trained on, or start a new run.",
		r.Folder, r.Data.Path(), before.Dataset)
}
