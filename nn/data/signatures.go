package data

import (
	"context"
	"errors"
	"image"
	"io"
	"time"
)

var errSoon = errors.New("being written")

type Resize string

const (
	Squash   Resize = "squash"
	Crop     Resize = "crop"
	Fill     Resize = "fill"
	HalfCrop Resize = "half-crop"
)

func Decode(r io.Reader, name string, limit int64) (image.Image, error) { return nil, errSoon }
func DecodeFile(path string) (image.Image, error)                       { return nil, errSoon }
func Fit(img image.Image, w, h, channels int, how Resize) Pixels        { return Pixels{} }

type Record struct {
	ID    uint32
	File  string
	Split Split
	Truth Truth
	W, H  int
}
type Entry struct {
	ID    uint32
	Class int32
	Split Split
}
type Mean struct {
	W, H, C int
	Image   []float32
	Pixel   []float32
}
type Dataset struct{}

func Open(folder string) (*Dataset, error)             { return nil, errSoon }
func (d *Dataset) Close() error                        { return nil }
func (d *Dataset) Info() Info                          { return Info{} }
func (d *Dataset) Path() string                        { return "" }
func (d *Dataset) Len() int                            { return 0 }
func (d *Dataset) Index() []Entry                      { return nil }
func (d *Dataset) IDs(s Split) []uint32                { return nil }
func (d *Dataset) Record(id uint32) (Record, error)    { return Record{}, errSoon }
func (d *Dataset) Pixels(id uint32) (Pixels, error)    { return Pixels{}, errSoon }
func (d *Dataset) Edit(change func(*Edit) error) error { return errSoon }
func (d *Dataset) Mean() (Mean, error)                 { return Mean{}, errSoon }

type Edit struct{}

func (e *Edit) SetTruth(id uint32, t Truth) error { return errSoon }
func (e *Edit) SetSplit(id uint32, s Split) error { return errSoon }

type Found struct {
	Source, Format string
	Task           Task
	Classes        []string
	Images         int
	Splits         [splits]int
	Width, Height  int
	Channels       int
}

func Recognize(ctx context.Context, source string) (Found, error) { return Found{}, errSoon }
func (f Found) Preview(n int) ([]image.Image, error)              { return nil, errSoon }

type ImportOptions struct {
	Task                     Task
	Format                   string
	Width, Height, Channels  int
	Resize                   Resize
	Encoding                 string
	ValPercent, TestPercent  float64
	ValSource, TestSource    string
	MinPerClass, MaxPerClass int
	ClassesFile              string
	Seed                     uint64
	Threads                  int
	Force                    bool
}
type Progress struct {
	Done, Total int
	Skipped     *Skipped
	PerSecond   float64
	Left        time.Duration
}

func Import(ctx context.Context, source, out string, o ImportOptions, observe func(Progress)) (Info, error) {
	return Info{}, errSoon
}

func ImportSample(ctx context.Context, name, out string, count int, seed uint64, force bool, observe func(Progress)) (Info, error) {
	return Info{}, errSoon
}
func Samples() []string                                                   { return []string{"digits", "shapes"} }
func SamplePhoto(name string, w, h int, seed uint64) (image.Image, error) { return nil, errSoon }

type Batch struct {
	Images []float32
	Labels []int
	IDs    []uint32
	N      int
}
type Loader struct{}

func NewLoader(ctx context.Context, d *Dataset, ids []uint32, batch int, prepare func(Pixels, []float32)) *Loader {
	return nil
}
func (l *Loader) Next() (Batch, bool, error)                { return Batch{}, false, errSoon }
func (l *Loader) Close()                                    {}
func Shuffle(ids []uint32, seed uint64, epoch int) []uint32 { return nil }
func SafeName(name string) (string, error)                  { return "", errSoon }
