package model

import (
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Files of a model's folder.
const (
	NetworkFile    = "network.json"
	WeightsFile    = "weights.safetensors"
	LabelsFile     = "labels.txt"
	PreprocessFile = "preprocess.json"
	MeanFile       = "mean.png"
	SnapshotFolder = "snapshots" // of a run: a folder for each snapshot, named after its epoch
)

// A Model is a trained network and all that is needed to use it.
type Model struct {
	Path       string    // the folder that it was read from
	Task       data.Task // what it was trained for
	Background int       // the class of what is none of the things that were labelled; −1: there is none
	Spec       nn.Spec
	Labels     []string // names of the classes
	Pre        *Preprocessor
	Weights    map[string]nn.Tensor
	Epoch      float64 // of training, when the weights were saved
}

// epochKey is the metadata of the weights that tells their epoch.
const epochKey = "epoch"

// EpochName writes an epoch as the name of its snapshot's folder: "3", "3.42".
func EpochName(epoch float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(epoch, 'f', 4, 64), "0"), ".")
}

// SameEpoch reports whether two epochs are one, as far as the names of snapshots tell them apart.
func SameEpoch(a, b float64) bool { return EpochName(a) == EpochName(b) }

// HasSnapshot reports whether an epoch is among those of a run's snapshots.
func HasSnapshot(epochs []float64, epoch float64) bool {
	return slices.ContainsFunc(epochs, func(e float64) bool { return SameEpoch(e, epoch) })
}

// SaveDescription writes everything but the weights into an existing folder.
func (m *Model) SaveDescription(folder string) error {
	write := func(name string, b []byte) error {
		return disk.WriteFile(filepath.Join(folder, name), func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		})
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{NetworkFile, m.Spec.JSON()}, {LabelsFile, m.labelLines()}, {PreprocessFile, m.Pre.json()}, {PurposeFile, m.purposeJSON()}} {
		if f.text == nil {
			continue
		}
		if err := write(f.name, f.text); err != nil {
			return err
		}
	}
	if m.Pre.MeanImage == nil {
		return nil
	}
	return disk.WriteFile(filepath.Join(folder, MeanFile), func(w io.Writer) error { return png.Encode(w, m.Pre.meanPicture()) })
}

// labelLines is labels.txt: a line a class, whatever the names are. Data sets that were imported by older versions, or written by others,
// may have names that would take two.
func (m *Model) labelLines() []byte {
	var b strings.Builder
	for _, label := range m.Labels {
		b.WriteString(disk.OneLine(label) + "\n")
	}
	return []byte(b.String())
}

// SaveWeights writes weights to a file.
func SaveWeights(path string, w map[string]nn.Tensor, epoch float64) error {
	return disk.WriteFile(path, func(out io.Writer) error {
		return WriteSafetensors(out, w, map[string]string{epochKey: strconv.FormatFloat(epoch, 'g', -1, 64)})
	})
}

// Save writes a model's folder, which is made if need be.
func Save(folder string, m *Model) error {
	if err := disk.MakeFolder(folder); err != nil {
		return fault.New("model.folder", "The folder %s cannot be created. Choose another place, or allow writing there.", folder).Because(err)
	}
	if err := m.SaveDescription(folder); err != nil {
		return err
	}
	return SaveWeights(filepath.Join(folder, WeightsFile), m.Weights, m.Epoch)
}

// Load reads a model or run folder. snapshot is "" or "best" for the weights in the folder itself (of a run: its best), "last" for the
// newest snapshot of a run, or an epoch such as "3" or "3.42".
func Load(folder, snapshot string) (*Model, error) {
	m, err := LoadDescription(folder)
	if err != nil {
		return nil, err
	}
	path, err := weightsPath(folder, snapshot)
	if err != nil {
		return nil, err
	}
	var meta map[string]string
	if m.Weights, meta, err = LoadWeights(path); err != nil {
		return nil, err
	}
	m.Epoch, _ = strconv.ParseFloat(meta[epochKey], 64)
	return m, m.check(path)
}

// LoadDescription reads everything but the weights. Labels that are more or fewer than the network's classes are a fault.
func LoadDescription(folder string) (*Model, error) {
	m := &Model{Path: folder}
	var err error
	if m.Spec, err = LoadNetwork(filepath.Join(folder, NetworkFile)); err != nil {
		return nil, err
	}
	b, err := ReadFile(filepath.Join(folder, LabelsFile), 16<<20)
	if err != nil {
		return nil, err
	}
	m.Labels = strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n"), "\n")
	if m.Spec.Classes != len(m.Labels) {
		return nil, fault.New("model.fit.labels", "In %s the network has %d classes, but %s names %d. Use another copy of the model.", folder, m.Spec.Classes, LabelsFile, len(m.Labels))
	}
	if err := m.loadPurpose(folder); err != nil {
		return nil, err
	}
	m.Pre, err = loadPreprocess(folder)
	return m, err
}

// LoadNetwork reads a network.json; the faults of one that is damaged or newer name it.
func LoadNetwork(path string) (nn.Spec, error) {
	b, err := ReadFile(path, 16<<20)
	if err != nil {
		return nn.Spec{}, err
	}
	spec, err := nn.Parse(b)
	var f *fault.Fault
	if errors.As(err, &f) {
		err = fault.New("model.network", "%s cannot be used: %s", path, f)
	}
	return spec, err
}

// LoadWeights reads a safetensors file with its metadata.
func LoadWeights(path string) (map[string]nn.Tensor, map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, CannotRead(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	return ReadSafetensors(f, info.Size(), path)
}

func loadPreprocess(folder string) (*Preprocessor, error) {
	path := filepath.Join(folder, PreprocessFile)
	b, err := ReadFile(path, 1<<20)
	if err != nil {
		return nil, err
	}
	var p Preprocess
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fault.New("model.preprocess.damaged", "%s is damaged. Use another copy of the model.", path).Because(err)
	}
	if p.Format > preprocessFormat {
		return nil, fault.New("model.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, p.Format, preprocessFormat)
	}
	var mean []float32
	if p.Mean == MeanImage && p.Width > 0 && p.Height > 0 && p.Width <= maxSide && p.Height <= maxSide && p.Width*p.Height <= maxPixels && (p.Channels == 1 || p.Channels == 3) {
		img, err := data.DecodeFile(filepath.Join(folder, MeanFile))
		if err != nil {
			return nil, err
		}
		if b := img.Bounds(); b.Dx() != p.Width || b.Dy() != p.Height {
			return nil, fault.New("model.mean.size", "%s is %d×%d, but the network takes %d×%d. Use another copy of the model.", filepath.Join(folder, MeanFile), b.Dx(), b.Dy(), p.Width, p.Height)
		}
		mean = meanOf(img, p)
	}
	return NewPreprocessor(p, mean)
}

// weightsPath finds the weights of a snapshot.
func weightsPath(folder, snapshot string) (string, error) {
	switch snapshot {
	case "", "best":
		return filepath.Join(folder, WeightsFile), nil
	case "last":
		epochs := Snapshots(folder)
		if len(epochs) == 0 {
			return filepath.Join(folder, WeightsFile), nil
		}
		return filepath.Join(folder, SnapshotFolder, EpochName(epochs[len(epochs)-1]), WeightsFile), nil
	}
	epoch, err := strconv.ParseFloat(snapshot, 64)
	for _, e := range Snapshots(folder) {
		if err == nil && EpochName(e) == EpochName(epoch) {
			return filepath.Join(folder, SnapshotFolder, EpochName(e), WeightsFile), nil
		}
	}
	return "", NoSnapshot(folder, snapshot)
}

// NoSnapshot makes the fault of a snapshot that is not there.
func NoSnapshot(folder, snapshot string) error {
	var names []string
	for _, e := range Snapshots(folder) {
		names = append(names, EpochName(e))
	}
	return fault.New("model.snapshot.missing", "%s has no snapshot of epoch %s. It has best, last, and those of the epochs [%s].", folder, snapshot, strings.Join(names, " "))
}

// Snapshots lists the epochs of a run's snapshots, the oldest first.
func Snapshots(folder string) []float64 {
	entries, err := os.ReadDir(filepath.Join(folder, SnapshotFolder))
	if err != nil {
		return nil
	}
	var epochs []float64
	for _, e := range entries {
		if v, err := strconv.ParseFloat(e.Name(), 64); err == nil && e.IsDir() && EpochName(v) == e.Name() {
			epochs = append(epochs, v)
		}
	}
	slices.Sort(epochs)
	return epochs
}

// check returns a fault where the network, the preprocessing and the weights of a model do not fit together.
func (m *Model) check(path string) error {
	in := m.Spec.Input
	w, h := m.Pre.Sees()
	if p := m.Pre; in != (nn.Shape{C: p.Channels, H: h, W: w}) {
		return fault.New("model.fit.input", "In %s the network takes %s, but the preprocessing makes %d×%d with %d channels. Use another copy of the model.", m.Path, in.String(), p.Height, p.Width, p.Channels)
	}
	if len(m.Weights) == 0 {
		return fault.New("model.weights.none", "%s contains no weights. Use another copy of the model.", path)
	}
	return nil
}

// ReadFile reads a file of a model or run of at most limit bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, CannotRead(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fault.New("model.file.large", "%s has more than %d bytes, so it is not a model file.", path, limit)
	}
	return b, err
}

// CannotRead makes the fault of a file of a model or run that cannot be opened.
func CannotRead(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New("model.file.missing", "%s does not exist. Choose the folder of a model or of a run that has been trained.", path).Because(err)
	}
	return fault.New("model.file.closed", "%s cannot be read. Check its permissions.", path).Because(err)
}
