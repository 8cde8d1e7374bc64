package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// Files of a snapshot beside its weights.
const (
	solverFile = "solver.safetensors"
	stateFile  = "state.json"
)

// newSnapshot begins the names of snapshots in the making.
const newSnapshot = ".new-"

// progress is state.json of a snapshot: where in the run it was taken.
type progress struct {
	Format    int      `json:"format"`
	Checksum  string   `json:"checksum,omitempty"` // of the file; snapshots of older versions have none
	Iteration int      `json:"iteration"`
	Epoch     float64  `json:"epoch"`
	Seconds   float64  `json:"seconds"`
	BestEpoch float64  `json:"best_epoch"`     // 0 before the first validation
	Best      *float64 `json:"best,omitempty"` // the figure that decides, of that epoch
	BestLoss  float64  `json:"best_loss"`
	Rate      float64  `json:"rate,omitempty"`   // base learning rate, which may be changed on the way
	Recent    float64  `json:"recent,omitempty"` // smoothed loss, for noticing a jump; 0 before the first step
	Sums      sums     `json:"sums"`

	FormerBest *float64 `json:"best_accuracy,omitempty"` // Best of format 1, −1 before the first validation
}

// stateFormat is the version of state.json. In format 1 there was classification alone.
const stateFormat = 2

// sums gather what the training steps since the last validation found.
type sums struct {
	Loss    float64 `json:"loss"`
	Samples int     `json:"samples"`
	Counts  []int64 `json:"counts,omitempty"` // of the meter

	Correct int `json:"correct,omitempty"` // images, of format 1
}

// restore brings a meter to what it was.
func (s sums) restore(m *metric.Places) error {
	counts := s.Counts
	if counts == nil { // format 1 counted images alone: all of them may stand with the first class
		counts = m.Counts()
		third := len(counts) / 3
		counts[0], counts[third], counts[2*third] = int64(s.Samples), int64(s.Samples), int64(s.Correct)
	}
	return m.Restore(counts)
}

// noChecksum stands in state.json while its checksum is taken, as in the files of weights.
const noChecksum = "00000000"

func checksumField(sum string) []byte { return fmt.Appendf(nil, "%q: %q", "checksum", sum) }

// checksum returns the CRC-32C of a file in eight digits.
func checksum(b []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// write writes state.json with its checksum.
func (p progress) write(path string) error {
	p.Format, p.Checksum = stateFormat, noChecksum
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	b = bytes.Replace(b, checksumField(noChecksum), checksumField(checksum(b)), 1)
	return disk.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// readProgress reads state.json of the snapshot in a folder.
func readProgress(folder string) (progress, error) {
	var p progress
	b, err := model.ReadFile(filepath.Join(folder, stateFile), 1<<20)
	if err != nil {
		return p, err
	}
	damaged := damagedState(folder)
	if err := json.Unmarshal(b, &p); err != nil {
		return p, damaged.Because(err)
	}
	switch {
	case p.Format > stateFormat:
		return p, fault.New("train.snapshot.newer",
			"The snapshot %s was saved by a newer version (format %d; this one reads up to %d). Update Convscope to go on with the run: going on from an older snapshot would destroy this one.",
			folder, p.Format, stateFormat)
	case p.Format < 1 || p.Iteration < 0 || p.Sums.Samples < 0:
		return p, damaged
	case p.Checksum != "" && checksum(bytes.Replace(b, checksumField(p.Checksum), checksumField(noChecksum), 1)) != p.Checksum:
		return p, damaged.Because(errors.New("its checksum is wrong, so some bytes have changed"))
	}
	if old := p.FormerBest; old != nil && *old >= 0 {
		p.Best = old
	}
	p.FormerBest = nil
	return p, nil
}

// damagedState returns the fault of a state.json that cannot be right.
func damagedState(snapshot string) *fault.Fault {
	return fault.New("train.snapshot.damaged", "%s is damaged. Use another snapshot of the run.", filepath.Join(snapshot, stateFile))
}

// newerCode is the code of the fault of a snapshot that a newer version can read.
const newerCode = "train.snapshot.newer"

// saveSnapshot writes weights, solver and place in the run to a folder of its own, under a temporary name until it is complete.
func saveSnapshot(folder string, weights, state map[string]nn.Tensor, p progress) (path string, err error) {
	parent := filepath.Join(folder, model.SnapshotFolder)
	path = filepath.Join(parent, model.EpochName(p.Epoch))
	if err := disk.MakeFolder(parent); err != nil {
		return "", err
	}
	draft, err := disk.NewDraft(path, newSnapshot)
	if err != nil {
		return "", disk.CannotWrite(err, path)
	}
	defer draft.Discard()
	for _, write := range []func() error{
		func() error { return model.SaveWeights(filepath.Join(draft.Path, model.WeightsFile), weights, p.Epoch) },
		func() error { return model.SaveWeights(filepath.Join(draft.Path, solverFile), state, p.Epoch) },
		func() error { return p.write(filepath.Join(draft.Path, stateFile)) },
		func() error { return carryMark(path, draft.Path) },
		draft.Publish,
	} {
		if err := write(); err != nil {
			return "", disk.CannotWrite(err, path)
		}
	}
	return path, nil
}

// carryMark keeps on purpose a snapshot that takes the place of one that was.
func carryMark(from, to string) error {
	if _, err := os.Stat(filepath.Join(from, keepFile)); err != nil {
		return nil
	}
	return disk.WriteFile(filepath.Join(to, keepFile), func(io.Writer) error { return nil })
}

// loadSnapshot reads a snapshot back into an instance, the average of its weights, and the meter of the epoch in which it was taken.
func loadSnapshot(path string, inst *nn.Instance, a *average, m *metric.Places) (progress, error) {
	p, err := readProgress(path)
	if err != nil {
		return p, err
	}
	if err := p.Sums.restore(m); err != nil {
		return p, damagedState(path).Because(err)
	}
	weights, _, err := model.LoadWeights(filepath.Join(path, model.WeightsFile))
	if err != nil {
		return p, err
	}
	state, _, err := model.LoadWeights(filepath.Join(path, solverFile))
	if err != nil {
		return p, err
	}
	return p, a.restore(inst, weights, state)
}

// resumable loads the newest snapshot that is whole. Those after it, which are damaged, are put aside, as the run will come to their
// epochs again; each gives a fault to tell. A snapshot that could be read elsewhere, by a newer version or with other permissions, is
// none of those: without it the run does not go on.
func resumable(folder string, inst *nn.Instance, a *average, m *metric.Places) (progress, []*fault.Fault, error) {
	var damaged []string
	var why []error
	for _, e := range slices.Backward(model.Snapshots(folder)) {
		path := filepath.Join(folder, model.SnapshotFolder, model.EpochName(e))
		p, err := loadSnapshot(path, inst, a, m)
		if err == nil {
			told, err := putAside(damaged, why, p.Epoch)
			return p, told, err
		}
		if code := fault.Code(err); code == newerCode || code == "model.file.closed" || code == "" {
			return p, nil, err
		}
		damaged, why = append(damaged, path), append(why, err)
	}
	if len(why) > 0 {
		return progress{}, nil, fault.New("train.snapshot.none", "The run %s cannot go on: none of its snapshots can be read. Start a new run.", folder).Because(why[0])
	}
	return progress{}, nil, nil // it never came to a snapshot: from the beginning
}

// putAside gives snapshots that cannot be read another name, so that nothing is written over them.
func putAside(snapshots []string, why []error, epoch float64) ([]*fault.Fault, error) {
	var told []*fault.Fault
	for i, path := range snapshots {
		to := path + ".unreadable"
		for n := 2; ; n++ {
			if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
				break
			}
			to = fmt.Sprintf("%s.unreadable-%d", path, n)
		}
		if err := disk.Rename(path, to); err != nil {
			return told, disk.CannotWrite(err, to)
		}
		told = append(told, fault.New("train.snapshot.aside", "The snapshot %s cannot be read; it is kept as %s. The run goes on from epoch %s.",
			path, to, model.EpochName(epoch)).Because(why[i]))
	}
	return told, nil
}

// snapshotBudget is how many bytes of snapshots a run may keep.
var snapshotBudget int64 = 512 << 20

// prune deletes snapshots: those that were taken between the regular ones, as the best or when the run was stopped, and beyond the budget the
// oldest. The newest two, the best and those that are kept on purpose stay in any case.
func prune(run string, best float64, regular func(epoch float64) bool) error {
	all := ReadSnapshots(run)
	var total int64
	for _, s := range all {
		total += s.Bytes
	}
	for _, s := range all[:max(0, len(all)-2)] {
		if model.SameEpoch(s.Epoch, best) || s.Kept || total <= snapshotBudget && regular(s.Epoch) {
			continue
		}
		path := snapshotPath(run, s.Epoch)
		if err := disk.RemoveFolder(path); err != nil {
			return disk.CannotWrite(err, path)
		}
		total -= s.Bytes
	}
	return nil
}

func folderSize(path string) int64 {
	var n int64
	entries, _ := os.ReadDir(path) // what cannot be listed has no size here
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}
