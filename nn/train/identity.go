package train

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// samples is how many images of a data set its identity looks at: enough to tell data sets apart, and read at once.
const samples = 32

// identify finds what the data are known by wherever their folder lies and whatever it is called, and tells if a run that goes on
// was trained on others. That is what the order of the data depends on (which images are in which split) and what the images are. Labels are
// not: those of a data set may be mended while a run stands still.
func (r *run) identify(before RunInfo) error {
	info, h := r.Data.Info(), sha256.New()
	fmt.Fprintf(h, "%q %d×%d×%d, %d images\n", info.Classes, info.Channels, info.Height, info.Width, r.Data.Len())
	fmt.Fprintln(h, r.train, r.val)
	for i := range samples {
		id := i * r.Data.Len() / samples
		if id >= r.Data.Len() {
			break
		}
		if err := r.describe(h, uint32(id)); err != nil {
			return err
		}
	}
	r.identity = hex.EncodeToString(h.Sum(nil)[:16])
	if before.identity != "" && before.identity != r.identity {
		return r.otherData(before)
	}
	return nil
}

// describe writes what an image is. That is its pixels, so that a data set that was imported again is the same; those of a JPEG may
// differ in the last bit after an update, so there it is the file that it came from.
func (r *run) describe(w io.Writer, id uint32) error {
	if r.Data.Info().Encoding == data.EncodingJPEG {
		file, err := r.Data.Record(id)
		fmt.Fprintf(w, "%q %d×%d\n", file.File, file.W, file.H)
		return err
	}
	px, err := r.Data.Pixels(id)
	_, _ = w.Write(px.Pix) // a hash takes everything
	return err
}

func (r *run) otherData(before RunInfo) error {
	return fault.New("train.data.other",
		"The run %s cannot go on with the data set %s as it is now: it was trained on %s, with other images, classes or splits. Name the data set that it was trained on, or start a new run.",
		r.Folder, r.Data.Path(), before.Dataset)
}
