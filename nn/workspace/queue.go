package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// MaxQueue is how many runs may wait.
const MaxQueue = 1000

const (
	queueFile   = "queue.json" // the runs that wait for another one's end
	queueFormat = 1
	queueSize   = 64 << 20 // bytes of the file at most
)

// A QueuedRun waits for others to end. It has no name yet.
type QueuedRun struct {
	Dataset string // name
	Spec    nn.Spec
	Config  train.Config
}

// queueJSON is queue.json.
type queueJSON struct {
	Format int             `json:"format"`
	Runs   []queuedRunJSON `json:"runs"`
}

type queuedRunJSON struct {
	Dataset string          `json:"dataset"`
	Network json.RawMessage `json:"network"` // as in network.json
	Config  train.Config    `json:"config"`
}

// WriteQueue keeps the runs that wait, the next first. There is no file where none waits.
func (w Workspace) WriteQueue(list []QueuedRun) error {
	path := filepath.Join(w.root, queueFile)
	if len(list) == 0 {
		if err := disk.Remove(path); err != nil {
			return disk.CannotWrite(err, path)
		}
		return nil
	}
	q := queueJSON{Format: queueFormat}
	for _, r := range list {
		q.Runs = append(q.Runs, queuedRunJSON{r.Dataset, r.Spec.JSON(), r.Config})
	}
	return disk.WriteFile(path, func(out io.Writer) error { return json.NewEncoder(out).Encode(q) })
}

// ReadQueue reads the runs that wait, the next first. Single ones that cannot be trained are left out, and a file that cannot be read gives none:
// then the file is kept under another name, so that it is not written over, and the fault says so beside what could be read.
func (w Workspace) ReadQueue() ([]QueuedRun, error) {
	path := filepath.Join(w.root, queueFile)
	list, wrong := readQueue(path)
	if wrong == nil || errors.Is(wrong, fs.ErrNotExist) {
		return list, nil
	}
	aside := FreeName(path+".unreadable", exists)
	damaged := fault.New("workspace.queue.damaged", "The list of waiting runs, %s, is damaged or from a newer version, in whole or in part. It is kept as %s. Add the runs again.", path, aside)
	return list, damaged.Because(errors.Join(wrong, disk.Rename(path, aside)))
}

// readQueue reads a file of runs that wait. Of those that can be trained it returns a list, of the others an error.
func readQueue(path string) (list []QueuedRun, wrong error) {
	b, err := disk.ReadFile(path, queueSize)
	if err != nil {
		return nil, err
	}
	var q queueJSON
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, err
	}
	if q.Format != queueFormat || len(q.Runs) > MaxQueue {
		return nil, fmt.Errorf("format %d, %d runs", q.Format, len(q.Runs))
	}
	for _, r := range q.Runs {
		spec, err := nn.Parse(r.Network)
		if err = errors.Join(err, r.Config.Check()); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		list = append(list, QueuedRun{r.Dataset, spec, r.Config})
	}
	return list, wrong
}
