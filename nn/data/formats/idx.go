package formats

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// idxReader reads IDX files, as MNIST has them.
func idxReader() Reader {
	return Reader{"idx", []data.Task{data.Classification}, claimIDX, readIDX}
}

// maxIDXBytes bounds the values of an IDX file, which are held in memory.
const maxIDXBytes = 16 << 30

// An idxFile is an IDX file of bytes (yann.lecun.com/exdb/mnist): two zeros, the type 0x08, the number of dimensions, the
// dimensions as 32-bit numbers, high byte first, the values.
type idxFile struct {
	source.File
	dims []int
}

// count returns the number of values.
func (f idxFile) count() int64 {
	n := int64(1)
	for _, d := range f.dims {
		n *= int64(d)
	}
	return n
}

// openIDX opens a plain or gzip-compressed file behind its IDX header.
func openIDX(t source.File) (idxFile, io.ReadCloser, error) {
	f := idxFile{File: t}
	raw, err := t.Open()
	if err != nil {
		return f, nil, disk.ReadFault(err, t.Path)
	}
	close := true
	defer func() {
		if close {
			raw.Close()
		}
	}()
	r := bufio.NewReaderSize(raw, 1<<18)
	body := io.Reader(r)
	if head, _ := r.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if body, err = gzip.NewReader(r); err != nil {
			return f, nil, f.failed(err)
		}
	}
	var head [4]byte
	if _, err := io.ReadFull(body, head[:]); err != nil {
		return f, nil, f.failed(err)
	}
	if head[0] != 0 || head[1] != 0 || head[2] != 0x08 || head[3] < 1 || head[3] > 4 {
		return f, nil, fault.New("idx.foreign", "%s is not an IDX file of bytes. Choose MNIST's files or ones like them.", t.Path)
	}
	for range head[3] {
		var d [4]byte
		if _, err := io.ReadFull(body, d[:]); err != nil {
			return f, nil, f.failed(err)
		}
		f.dims = append(f.dims, int(binary.BigEndian.Uint32(d[:])))
	}
	close = false
	return f, struct {
		io.Reader
		io.Closer
	}{body, raw}, nil
}

// failed puts an error of reading into words.
func (f idxFile) failed(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.New("idx.truncated", "%s is cut off. Download or copy it again.", f.Path).Because(err)
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return fault.New("idx.damaged", "%s is damaged. Download or copy it again.", f.Path).Because(err)
	}
	return disk.ReadFault(err, f.Path)
}

// values reads all values of the file. Memory grows with what is really there, whatever the header says.
func (f idxFile) values() ([]byte, error) {
	_, r, err := openIDX(f.File)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	want := f.count()
	b := make([]byte, 0, min(want, 64<<20))
	for int64(len(b)) < want {
		if len(b) == cap(b) {
			b = slices.Grow(b, int(min(want-int64(len(b)), int64(len(b)))))
		}
		n, err := io.ReadFull(r, b[len(b):min(int64(cap(b)), want)])
		b = b[:len(b)+n]
		if err != nil {
			return nil, f.failed(err)
		}
	}
	var one [1]byte
	if n, err := io.ReadFull(r, one[:]); n > 0 {
		return nil, fault.New("idx.long", "%s has more values than its header says. Download or copy it again.", f.Path)
	} else if !errors.Is(err, io.EOF) { // at the end gzip's checksum is compared
		return nil, f.failed(err)
	}
	return b, nil
}

// labelsBeside returns the name of the file with the labels of an images file, "" when it is not named like one.
func labelsBeside(images string) string {
	dir, base := path.Split(images)
	if !strings.Contains(base, "images") {
		return ""
	}
	return dir + strings.Replace(strings.Replace(base, "images", "labels", 1), "idx3", "idx1", 1)
}

// isIDXName reports whether a file is named as IDX files are: train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz, …
func isIDXName(p string) bool {
	base := strings.TrimSuffix(path.Base(p), ".gz")
	return strings.HasSuffix(base, "-ubyte") || strings.HasSuffix(base, ".idx") || strings.Contains(base, "idx3") || strings.Contains(base, "idx1")
}

// imagesFiles lists the IDX files with images that a source means.
func imagesFiles(t *source.Tree) []source.File {
	var out []source.File
	for _, f := range t.Files {
		switch {
		case t.Alone != "" && f.Path != t.Alone:
		case t.Alone == "" && (!isIDXName(f.Path) || labelsBeside(f.Path) == ""):
		default:
			out = append(out, f)
		}
	}
	return out
}

func claimIDX(t *source.Tree) Claim {
	files := imagesFiles(t)
	if len(files) == 0 {
		return Claim{}
	}
	_, r, err := openIDX(files[0])
	if err == nil {
		r.Close()
	}
	if err == nil || fault.Code(err) == "idx.truncated" && isIDXName(files[0].Path) {
		return claim(byContent, fault.New("data.claim.idx", "%s is an IDX file of images.", files[0].Path))
	}
	return Claim{}
}

// readIDX reads MNIST's files or ones like them: of a folder the pair for training, which is split by percent, and the pair
// named t10k or test, which is the test split; of a single images file that one, with its labels beside it, split by percent.
func readIDX(ctx context.Context, t *source.Tree) (*source.Collection, error) {
	c := &source.Collection{Task: data.Classification, Background: data.NoBackground, KeepsSize: true, Numbered: true}
	files := imagesFiles(t)
	if len(files) == 0 {
		return nil, fault.New("idx.none", "%s has no IDX files with images, such as train-images-idx3-ubyte.gz. Choose the folder that has them.", t.Name)
	}
	seen := map[int8]string{}
	most := -1
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		split := int8(-1)
		if base := strings.ToLower(path.Base(f.Path)); t.Alone == "" && (strings.Contains(base, "t10k") || strings.Contains(base, "test")) {
			split = int8(data.Test)
		}
		if other, ok := seen[split]; ok {
			return nil, fault.New("idx.several", "%s and %s are both there. Name the one images file that you mean.", other, f.Path)
		}
		seen[split] = f.Path
		items, err := readIDXPair(t, f, split)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			most = max(most, it.Truth.Class)
		}
		c.Items = append(c.Items, items...)
	}
	for class := range most + 1 {
		c.Classes = append(c.Classes, strconv.Itoa(class))
	}
	return c, nil
}

// readIDXPair reads the header of an images file and its labels.
func readIDXPair(t *source.Tree, f source.File, split int8) ([]source.Item, error) {
	images, r, err := openIDX(f)
	if err != nil {
		return nil, err
	}
	r.Close()
	n, o, err := images.shape()
	if err != nil {
		return nil, err
	}
	labels, err := readIDXLabels(t, f.Path, n)
	if err != nil {
		return nil, err
	}
	o.Pix = sync.OnceValues(images.values)
	items := make([]source.Item, n)
	for i := range items {
		items[i] = source.Item{File: f.Path + "#" + strconv.Itoa(i), From: o, Ref: i, Truth: data.Truth{Class: int(labels[i])}, Split: split}
	}
	return items, nil
}

// shape reads the dimensions as N×H×W or N×H×W×C.
func (f idxFile) shape() (n int, o *source.RawImages, err error) {
	o = &source.RawImages{C: 1}
	switch len(f.dims) {
	case 4:
		o.C = f.dims[3]
		fallthrough
	case 3:
		n, o.H, o.W = f.dims[0], f.dims[1], f.dims[2]
	default:
		return 0, nil, fault.New("idx.dimensions", "%s has %v dimensions; images have 3 (count, height, width) or 4 (and channels). Choose the file with the images.", f.Path, len(f.dims))
	}
	if n < 1 || n > data.MaxImages || o.H < 1 || o.W < 1 || o.H > data.MaxSide || o.W > data.MaxSide || o.C != 1 && o.C != 3 || f.count() > maxIDXBytes {
		return 0, nil, fault.New("idx.size", "%s says that it has %v images of %v×%v×%v values, which cannot be imported. Choose another file.", f.Path, n, o.H, o.W, o.C)
	}
	return n, o, nil
}

// readIDXLabels reads the n labels that lie beside an images file, compressed or not.
func readIDXLabels(t *source.Tree, images string, n int) ([]byte, error) {
	name := labelsBeside(images)
	if name == "" {
		return nil, fault.New("idx.name", "The name of %s does not contain \"images\", so its labels file cannot be found. Name the pair like train-images-idx3-ubyte and train-labels-idx1-ubyte.", images)
	}
	plain := strings.TrimSuffix(name, ".gz")
	at := slices.IndexFunc(t.Files, func(f source.File) bool { return f.Path == name })
	if at < 0 {
		at = slices.IndexFunc(t.Files, func(f source.File) bool { return f.Path == plain || f.Path == plain+".gz" })
	}
	if at < 0 {
		return nil, fault.New("idx.labels.missing", "There is no %s with the labels of %s. Put it beside the images file.", name, images)
	}
	labels, r, err := openIDX(t.Files[at])
	if err != nil {
		return nil, err
	}
	r.Close()
	if len(labels.dims) != 1 || labels.dims[0] != n {
		return nil, fault.New("idx.labels.count", "%s does not have a label for each of the %v images of %s. Choose files that belong together.", labels.Path, n, images)
	}
	return labels.values()
}

// idxWriter writes IDX files.
func idxWriter() Writer {
	return Writer{"idx", []data.Task{data.Classification}, data.KindClass, writeIDX}
}

// writeIDX writes the pairs of files that MNIST has, compressed, and the names of the classes beside them. IDX knows no validation images: they are with those for training.
func writeIDX(_ context.Context, s Set, to Folder) error {
	if len(s.Classes()) > 256 {
		return fault.New("export.idx.classes", "The data set has %v classes; labels in IDX files allow 256. Choose another format.", len(s.Classes()))
	}
	if err := readBack(s, s.Classes()); err != nil {
		return err
	}
	if s.Count(data.Val) > 0 {
		s.Note(fault.New("export.idx.val", "%v validation images are written with the training images: IDX files have no validation split.", s.Count(data.Val)))
	}
	if err := to.Write("classes.txt", []byte(strings.Join(s.Classes(), "\n")+"\n")); err != nil {
		return err
	}
	s.Note(fault.New("export.idx.names", "IDX files do not store class names. Pass classes.txt when you import them (--classes)."))
	unlabelled := 0
	for _, pair := range []struct {
		name   string
		splits []data.Split
	}{{"train", []data.Split{data.Train, data.Val}}, {"t10k", []data.Split{data.Test}}} {
		left, err := writeIDXPair(s, to, pair.name, pair.splits)
		if err != nil {
			return err
		}
		unlabelled += left
	}
	noteUnlabelled(s, unlabelled)
	return nil
}

// writeIDXPair writes the images and labels of some splits and returns how many images were left out as they have no class. How many are written stands at the beginning of the file: the
// labels are read first.
func writeIDXPair(s Set, to Folder, name string, splits []data.Split) (unlabelled int, err error) {
	var labels []byte
	var first data.Pixels
	for img, err := range s.Images(splits...) {
		switch {
		case err != nil:
			return 0, err
		case img.Truth.Class < 0:
			unlabelled++
			continue
		case first.W == 0:
			first = img.Stored
		case img.Stored.W != first.W || img.Stored.H != first.H:
			return 0, fault.New("export.idx.sizes", "The images of the data set differ in size; an IDX file needs one size. Choose another format, or import the images at one size.")
		}
		labels = append(labels, byte(img.Truth.Class))
	}
	if len(labels) == 0 {
		return unlabelled, nil
	}
	dims := []int{len(labels), first.H, first.W}
	ending := "idx3-ubyte.gz"
	if first.C != 1 {
		dims, ending = append(dims, first.C), "idx4-ubyte.gz"
	}
	err = writeIDXFile(to, name+"-labels-"+labelEnding(ending), []int{len(labels)}, func(w io.Writer) error {
		_, err := w.Write(labels)
		return err
	})
	if err != nil {
		return 0, err
	}
	return unlabelled, writeIDXFile(to, name+"-images-"+ending, dims, func(w io.Writer) error {
		for img, err := range s.Images(splits...) {
			if err != nil {
				return err
			}
			if img.Truth.Class < 0 {
				continue
			}
			if _, err := w.Write(img.Stored.Pix); err != nil {
				return err
			}
		}
		return nil
	})
}

// labelEnding returns the ending of the labels' file where that of the images' is known: see labelsBeside.
func labelEnding(images string) string { return strings.Replace(images, "idx3", "idx1", 1) }

// writeIDXFile writes a compressed IDX file of bytes.
func writeIDXFile(to Folder, path string, dims []int, values func(io.Writer) error) error {
	return to.Stream(path, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		head := []byte{0, 0, 0x08, byte(len(dims))}
		for _, d := range dims {
			head = binary.BigEndian.AppendUint32(head, uint32(d))
		}
		if _, err := z.Write(head); err != nil {
			return err
		}
		if err := values(z); err != nil {
			return err
		}
		return z.Close()
	})
}
