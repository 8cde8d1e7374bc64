package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// imagesFile has the images that a run is trained on and validated with, so that it goes on with the same ones when more were labelled.
const imagesFile = "images.json"

// imageList is images.json.
type imageList struct {
	Format   int    `json:"format"`
	Checksum string `json:"checksum"` // of train and val, each with a line's end
	Train    string `json:"train"`    // IDs in rising order, neighbours joined: "0-5,9"
	Val      string `json:"val"`
}

func (l imageList) sum() string { return checksum([]byte(l.Train + "\n" + l.Val + "\n")) }

// writeImages writes the list of a run's images.
func writeImages(folder string, train, val []uint32) error {
	l := imageList{Format: format, Train: formatIDs(train), Val: formatIDs(val)}
	l.Checksum = l.sum()
	return writeJSON(filepath.Join(folder, imagesFile), l)
}

// maxImagesBytes bounds images.json: ten bytes for each of a hundred million images.
const maxImagesBytes = 1 << 30

// errBeyond is the error of a list with images that a data set does not have.
var errBeyond = errors.New("it lists more images than there are")

// readImages reads the list of a run's images, of a data set of so many; a run that an older version began has none, and train is nil then.
func readImages(folder string, images int) (train, val []uint32, err error) {
	path := filepath.Join(folder, imagesFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	b, err := model.ReadFile(path, maxImagesBytes)
	if err != nil {
		return nil, nil, err
	}
	damaged := fault.New("train.images.damaged", "%s is damaged, so it is not known which images the run was trained on. Start a new run.", path)
	var l imageList
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, nil, damaged.Because(err)
	}
	if l.Format > format {
		return nil, nil, fault.New("train.run.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, l.Format, format)
	}
	if l.Checksum != l.sum() || l.Train == "" {
		return nil, nil, damaged
	}
	train, err = parseIDs(l.Train, images)
	if err == nil {
		val, err = parseIDs(l.Val, images)
	}
	if err != nil {
		return nil, nil, damaged.Because(err)
	}
	return train, val, nil
}

// formatIDs writes IDs in rising order, neighbours joined.
func formatIDs(ids []uint32) string {
	var b []byte
	for i := 0; i < len(ids); {
		end := i + 1
		for end < len(ids) && ids[end] == ids[end-1]+1 {
			end++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(ids[i]), 10)
		if end > i+1 {
			b = strconv.AppendUint(append(b, '-'), uint64(ids[end-1]), 10)
		}
		i = end
	}
	return string(b)
}

// parseIDs reads what formatIDs wrote, of IDs below limit.
func parseIDs(text string, limit int) ([]uint32, error) {
	var ids []uint32
	if text == "" {
		return ids, nil
	}
	next := uint64(0) // the least that may come
	for part := range strings.SplitSeq(text, ",") {
		first, last, joined := strings.Cut(part, "-")
		from, err := strconv.ParseUint(first, 10, 32)
		to := from
		if joined && err == nil {
			to, err = strconv.ParseUint(last, 10, 32)
		}
		switch {
		case err != nil || from < next || to < from:
			return nil, fmt.Errorf("%.20q is not a range of images after the one before", part)
		case to >= uint64(limit):
			return nil, errBeyond
		}
		for id := from; id <= to; id++ {
			ids = append(ids, uint32(id))
		}
		next = to + 1
	}
	return ids, nil
}
