package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// Files of a run beside those of a model.
const (
	RunFile    = "run.json"
	EventsFile = "events.jsonl"
	lockFile   = "lock"
	solverFile = "solver.safetensors"
	stateFile  = "state.json"
	format     = 1
)

// States of a run.
const (
	Running     = "running"
	Finished    = "finished"
	Stopped     = "stopped"
	Diverged    = "diverged"
	Interrupted = "interrupted" // it was running when its process died
)

// runFile is run.json.
type runFile struct {
	Format  int    `json:"format"`
	Config  Config `json:"config"`
	Dataset string `json:"dataset"` // folder of the data set
	State   string `json:"state"`
}

// progress is state.json of a snapshot: where in the run it was taken.
type progress struct {
	Format       int     `json:"format"`
	Iteration    int     `json:"iteration"`
	Epoch        float64 `json:"epoch"`
	Seconds      float64 `json:"seconds"`
	BestEpoch    float64 `json:"best_epoch"`
	BestAccuracy float64 `json:"best_accuracy"` // −1 before the first validation
	BestLoss     float64 `json:"best_loss"`
	Sums         sums    `json:"sums"`
}

// sums gather what the training steps since the last validation found.
type sums struct {
	Loss    float64 `json:"loss"`
	Correct int     `json:"correct"`
	Samples int     `json:"samples"`
}

// A RunInfo is what ReadRun tells of a run.
type RunInfo struct {
	Folder  string
	Config  Config
	Spec    nn.Spec
	Labels  []string
	Dataset string // folder of the data set
	State   string // running, finished, stopped, diverged or interrupted

	Iterations int // of the whole run; 0 if it never began
	Iteration  int // how far it came
	PerEpoch   int
	Epochs     []Epoch
	BestEpoch  float64 // 0 before the first validation
	Best       float64 // validation accuracy of the best epoch; not a number without
	Snapshots  []float64
}

// ReadRun reads what a run is and how far it came.
func ReadRun(folder string) (RunInfo, error) {
	info := RunInfo{Folder: folder}
	r, err := readRunFile(folder)
	if err != nil {
		return info, err
	}
	m, err := model.LoadDescription(folder)
	if err != nil {
		return info, err
	}
	info.Config, info.Dataset, info.State, info.Spec, info.Labels = r.Config, r.Dataset, r.State, m.Spec, m.Labels
	if info.State == Running && !locked(folder) {
		info.State = Interrupted
	}
	info.Snapshots = model.Snapshots(folder)
	events, err := ReadEvents(folder)
	if err != nil {
		return info, err
	}
	info.Best = nan
	for _, e := range events {
		info.Iteration = max(info.Iteration, iterationOf(e))
		switch e := e.(type) {
		case Started:
			info.Iterations, info.PerEpoch = e.Iterations, e.IterationsPerEpoch
		case Epoch:
			info.Epochs = append(info.Epochs, e)
			if e.Best {
				info.BestEpoch, info.Best = e.Epoch, e.ValAccuracy
			}
		}
	}
	return info, nil
}

func readRunFile(folder string) (runFile, error) {
	var r runFile
	path := filepath.Join(folder, RunFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return r, fault.New("train.run.missing", "%s is no run: it has no %s. Choose the folder of a run.", folder, RunFile).Because(err)
	}
	if err := json.Unmarshal(b, &r); err != nil || r.Format < 1 {
		return r, fault.New("train.run.damaged", "%s is damaged. The run's snapshots can still be used as models.", path).Because(err)
	}
	if r.Format > format {
		return r, fault.New("train.run.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, r.Format, format)
	}
	return r, nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return data.WriteFileAtomic(path, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

// ReadEvents reads what a run told. A line that was cut off, as by a crash, is left out.
func ReadEvents(folder string) ([]Event, error) {
	f, err := os.Open(filepath.Join(folder, EventsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var events []Event
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if e, err := decode(s.Bytes()); err == nil {
			events = append(events, e)
		}
	}
	return events, nil // a line too long for the scanner is no event: what was read before it counts
}

// log is events.jsonl while a run writes it.
type log struct {
	f      *os.File
	w      *bufio.Writer
	stride int // of the steps every so many are kept
}

// keptSteps is about how many steps of a run its log keeps.
const keptSteps = 5000

// openLog opens the log of a run of so many iterations, without what was told after iteration: a run that goes on from a snapshot
// tells that again.
func openLog(folder string, iteration, iterations int) (*log, error) {
	path := filepath.Join(folder, EventsFile)
	events, err := ReadEvents(folder)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, e := range events {
		if _, done := e.(Done); done || iterationOf(e) > iteration {
			continue
		}
		text, err := encode(e)
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	err = data.WriteFileAtomic(path, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return &log{f, bufio.NewWriter(f), max(1, iterations/keptSteps)}, nil
}

// add writes an event; all but steps go to the disk at once.
func (l *log) add(e Event) error {
	if s, ok := e.(Step); ok && s.Iteration%l.stride != 0 {
		return nil
	}
	b, err := encode(e)
	if err != nil || b == nil {
		return err
	}
	if _, err := l.w.Write(b); err != nil {
		return err
	}
	if _, ok := e.(Step); ok {
		return nil
	}
	if err := l.w.Flush(); err != nil {
		return err
	}
	return l.f.Sync()
}

func (l *log) close() error { return errors.Join(l.w.Flush(), l.f.Close()) }

// saveSnapshot writes weights, solver and place in the run to a folder of its own, under a temporary name until it is complete.
func saveSnapshot(folder string, inst *nn.Instance, weights map[string]nn.Tensor, p progress) (path string, err error) {
	parent := filepath.Join(folder, model.SnapshotFolder)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(parent, ".new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp) // nothing is there any more when all went well
	state, err := inst.State()
	if err != nil {
		return "", err
	}
	p.Format = format
	err = errors.Join(
		model.SaveWeights(filepath.Join(temp, model.WeightsFile), weights, p.Epoch),
		model.SaveWeights(filepath.Join(temp, solverFile), state, p.Epoch),
		writeJSON(filepath.Join(temp, stateFile), p),
	)
	if err != nil {
		return "", err
	}
	path = filepath.Join(parent, model.EpochName(p.Epoch))
	if err := os.RemoveAll(path); err != nil {
		return "", err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", err
	}
	return path, os.Rename(temp, path)
}

// loadSnapshot reads a snapshot back into an instance.
func loadSnapshot(path string, inst *nn.Instance) (progress, error) {
	var p progress
	b, err := os.ReadFile(filepath.Join(path, stateFile))
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.Format < 1 || p.Iteration < 0 {
		return p, fault.New("train.snapshot.damaged", "The snapshot %s is damaged. Delete that folder to go on from the one before.", path).Because(err)
	}
	if p.Format > format {
		return p, fault.New("train.run.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, p.Format, format)
	}
	weights, _, err := model.LoadWeights(filepath.Join(path, model.WeightsFile))
	if err != nil {
		return p, err
	}
	state, _, err := model.LoadWeights(filepath.Join(path, solverFile))
	if err != nil {
		return p, err
	}
	if err := inst.SetWeights(weights); err != nil {
		return p, err
	}
	return p, inst.SetState(state)
}

// snapshotBudget is how many bytes of snapshots a run may keep; beyond it the oldest go, but never the newest two, the best, and those that the
// user marked with a file called "keep".
const snapshotBudget = 512 << 20

// prune deletes old snapshots beyond the budget.
func prune(folder string, best float64) error {
	epochs := model.Snapshots(folder)
	sizes := make([]int64, len(epochs))
	var total int64
	for i, e := range epochs {
		sizes[i] = folderSize(filepath.Join(folder, model.SnapshotFolder, model.EpochName(e)))
		total += sizes[i]
	}
	for i, e := range epochs[:max(0, len(epochs)-2)] {
		path := filepath.Join(folder, model.SnapshotFolder, model.EpochName(e))
		if _, err := os.Stat(filepath.Join(path, "keep")); total <= snapshotBudget || e == best || err == nil {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		total -= sizes[i]
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

// resumable loads the newest snapshot that is whole. The faults of damaged ones before it are returned too.
func resumable(folder string, inst *nn.Instance) (progress, []error, error) {
	epochs := model.Snapshots(folder)
	var faults []error
	for _, e := range slices.Backward(epochs) {
		p, err := loadSnapshot(filepath.Join(folder, model.SnapshotFolder, model.EpochName(e)), inst)
		if err == nil {
			return p, faults, nil
		}
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return progress{}, nil, faults[0]
	}
	return progress{}, nil, nil // it never came to a snapshot: from the beginning
}
