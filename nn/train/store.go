package train

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// Files of a run beside those of a model.
const (
	RunFile    = "run.json"
	EventsFile = "events.jsonl"
	lockFile   = "lock"
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
	Format  int        `json:"format"`
	Begun   time.Time  `json:"begun,omitzero"` // for the order of a list alone
	Config  Config     `json:"config"`
	Rates   []rateFrom `json:"rates,omitempty"` // every base learning rate that it had or comes to again, the first from 0; older versions did not write them
	Dataset string     `json:"dataset"`         // folder of the data set
	Data    string     `json:"data,omitempty"`  // identity of its images; older versions did not write it
	State   string     `json:"state"`

	ClassWeights []float32 `json:"class_weights,omitempty"` // what Config.ClassWeights made of the training images when the run began
}

// A RunInfo is what ReadRun tells of a run.
type RunInfo struct {
	Folder  string
	Config  Config
	Spec    nn.Spec
	Task    data.Task
	Labels  []string
	Dataset string // folder of the data set
	State   string // running, finished, stopped, diverged or interrupted

	Iterations int // of the whole run; 0 if it never began
	Iteration  int // how far it came
	PerEpoch   int
	Epochs     []Epoch
	BestEpoch  float64 // 0 before the first validation
	Best       float64 // of the best epoch the figure that decides; not a number without
	Snapshots  []float64
	Begun      time.Time
	Note       string // what the user wrote about it

	Rates []float64 // base learning rates that it had, in their order; more than one if it was changed on the way

	classWeights []float32 // in the loss

	identity string     // of the data; "" of a run that an older version began
	rates    []rateFrom // likewise none
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
	info.Begun = r.Begun
	info.Config, info.Dataset, info.State, info.Task, info.Spec, info.Labels = r.Config, r.Dataset, r.State, m.Task, m.Spec, m.Labels
	info.identity, info.rates, info.classWeights = r.Data, r.Rates, r.ClassWeights
	for _, c := range r.Rates {
		info.Rates = append(info.Rates, c.Rate)
	}
	if info.State == Running && !locked(folder) {
		info.State = Interrupted
	}
	info.Snapshots, info.Note = model.Snapshots(folder), readNote(folder)
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
				info.BestEpoch, info.Best = e.Epoch, e.Val.Get(metric.Deciding(info.Task).Key)
			}
		}
	}
	return info, nil
}

// now is when a run begins.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func readRunFile(folder string) (runFile, error) {
	var r runFile
	path := filepath.Join(folder, RunFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return r, model.CannotRead(path, err)
	}
	if err != nil {
		return r, fault.New("train.run.missing", "%s is not a run: it has no %s. Choose the folder of a run.", folder, RunFile).Because(err)
	}
	if err := json.Unmarshal(b, &r); err != nil || r.Format < 1 || !possible(r.Rates) || !possibleClassWeights(r.Config.ClassWeights, r.ClassWeights) {
		return r, damagedRun(path).Because(err)
	}
	if r.Format > format {
		return r, fault.New("train.run.newer", "%s was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", path, r.Format, format)
	}
	return r, nil
}

func damagedRun(path string) *fault.Fault {
	return fault.New("train.run.damaged", "%s is damaged. The run's snapshots can still be used as models.", path)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return disk.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

// ReadEvents reads what a run told. A line that was cut off, as by a crash, is left out.
func ReadEvents(folder string) ([]Event, error) {
	path := filepath.Join(folder, EventsFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, model.CannotRead(path, err)
	}
	defer f.Close()
	var events []Event
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		e, err := DecodeEvent(s.Bytes())
		switch {
		case err == nil:
			events = append(events, e)
		case fault.Code(err) == newerEvents:
			return nil, err
		}
	}
	return events, nil // a line too long for the scanner is no event: what was read before it counts
}

// log is events.jsonl while a run writes it.
type log struct {
	f      disk.File
	w      *bufio.Writer
	stride int // of the steps every so many are kept
}

// keptSteps is about how many steps of a run its log keeps.
const keptSteps = 5000

// openLog opens the log of a run of so many iterations, without what was told after iteration, and changes of the rate
// there: a run that goes on from a snapshot tells that again.
func openLog(folder string, iteration, iterations int) (*log, error) {
	path := filepath.Join(folder, EventsFile)
	events, err := ReadEvents(folder)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, e := range events {
		_, done := e.(Done)
		_, changed := e.(RateChanged)
		if at := iterationOf(e); done || at > iteration || changed && at == iteration {
			continue
		}
		text, err := EncodeEvent(e)
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	err = disk.WriteFile(path, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return nil, err
	}
	f, err := disk.Append(path)
	if err != nil {
		return nil, disk.CannotWrite(err, path)
	}
	return &log{f, bufio.NewWriter(f), max(1, iterations/keptSteps)}, nil
}

// add writes an event; all but steps go to the disk at once.
func (l *log) add(e Event) error {
	if s, ok := e.(Step); ok && s.Iteration%l.stride != 0 {
		return nil
	}
	b, err := EncodeEvent(e)
	if err != nil || b == nil {
		return err
	}
	_, err = l.w.Write(b)
	if _, ok := e.(Step); !ok && err == nil {
		if err = l.w.Flush(); err == nil {
			err = l.f.Sync()
		}
	}
	return l.failed(err)
}

func (l *log) close() error { return l.failed(cmp.Or(l.w.Flush(), l.f.Close())) }

// failed puts into words why the log could not be written.
func (l *log) failed(err error) error {
	if err == nil {
		return nil
	}
	return disk.CannotWrite(err, l.f.Name())
}
