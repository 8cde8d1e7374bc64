package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// choiceFile keeps the choice that all tabs share.
const choiceFile = "workspace.json"

// choice is workspace.json.
type choice struct {
	Format  int    `json:"format"`
	Dataset string `json:"dataset"`
	Network string `json:"network"`
	Run     string `json:"run"`
	Device  string `json:"device,omitempty"`
}

func (s *Session) datasetFolder(name string) string {
	return filepath.Join(s.config.Home, "datasets", name)
}

func (s *Session) runFolder(name string) string { return filepath.Join(s.config.Home, "runs", name) }

func (s *Session) networkFile(name string) string {
	return filepath.Join(s.config.Home, "networks", name+".json")
}

// restore reads the workspace and the choice of last time.
func (s *Session) restore(ctx context.Context) {
	var c choice
	if b, err := os.ReadFile(filepath.Join(s.config.Home, choiceFile)); err == nil {
		_ = json.Unmarshal(b, &c) // a choice that cannot be read is none
	}
	s.clear()
	datasets, err := s.readDatasets(ctx)
	s.fail(err)
	runs, err := s.readRuns(ctx)
	s.fail(err)
	queued, err := readQueue(s.config.Home)
	s.fail(err)
	s.change(func(now *State) {
		now.Loading, now.Datasets, now.Runs, now.Waiting = false, datasets, runs, queued
		s.lastWaiting = len(queued)
		now.Dataset, now.Network, now.Run = c.Dataset, c.Network, c.Run
		if slices.Contains([]string{device.CPU, device.GPU}, c.Device) {
			now.Device = c.Device
		}
		s.settle(now)
		if now.Run == "" {
			now.Run = runOn(now)
		}
	})
	if state := s.State(); c.Dataset != "" && state.Dataset != c.Dataset {
		s.notice(Notice{Err: lostDataset(c.Dataset, s.datasetFolder(c.Dataset)), Stays: true})
		s.remember()
	}
	s.loadCurve(s.State().Run)
	s.findDevices(ctx)
}

// settle puts the choice in order: what is not there is not chosen, and networks fit the chosen data.
func (s *Session) settle(now *State) {
	if now.ChosenDataset() == nil {
		now.Dataset = ""
		if len(now.Datasets) > 0 {
			now.Dataset = now.Datasets[0].Name
		}
	}
	now.Networks = networksFor(s.networks, now.ChosenDataset())
	if now.ChosenNetwork() == nil {
		now.Network = now.Networks[0].Name
	}
	if now.Run != "" && now.ChosenRun() == nil && (s.live == nil || s.live.run != now.Run) {
		now.Run = runOn(now)
	}
}

// remember writes the choice. The newest is written last, however many writers there are.
func (s *Session) remember() {
	s.background(func(context.Context) {
		s.choiceDisk.Lock()
		defer s.choiceDisk.Unlock()
		state := s.State()
		c := choice{1, state.Dataset, state.Network, state.Run, state.Device}
		s.fail(disk.WriteFile(filepath.Join(s.config.Home, choiceFile), func(w io.Writer) error {
			return json.NewEncoder(w).Encode(c)
		}))
	})
}

// ChooseDataset chooses the data set that all tabs work on. Networks follow its size and number of classes.
func (s *Session) ChooseDataset(name string) {
	s.change(func(now *State) {
		now.Dataset = name
		s.settle(now)
		if s.live == nil {
			now.Run = runOn(now)
		}
	})
	s.remember()
	s.loadCurve(s.State().Run)
}

// runOn is the chosen run if it was trained on the chosen data set, else the newest that was; "" for none.
func runOn(now *State) string {
	d, on := now.ChosenDataset(), ""
	if d == nil {
		return now.Run
	}
	for _, r := range slices.Backward(now.Runs) {
		if r.Info.Dataset != d.Path {
			continue
		}
		if on = r.Name; on == now.Run {
			return on
		}
	}
	return on
}

// ChooseNetwork chooses the network that all tabs work on.
func (s *Session) ChooseNetwork(name string) {
	s.change(func(now *State) { now.Network = name })
	s.remember()
}

// ChooseRun chooses the run that all tabs work on, and reads its curves.
func (s *Session) ChooseRun(name string) {
	s.change(func(now *State) { now.Run = name })
	s.remember()
	s.loadCurve(name)
}

// ReadCurve reads the curves of a run beside those of the chosen one, to be compared.
func (s *Session) ReadCurve(run string) { s.loadCurve(run) }

// loadCurve reads the curves of a run that is not going on, once. Of one whose events cannot be read they are empty.
func (s *Session) loadCurve(run string) {
	state := s.State()
	if run == "" || state.Curves[run] != nil || state.Training != nil && state.Training.Run == run {
		return
	}
	s.mu.Lock()
	reading := s.reading[run]
	s.reading[run] = true
	s.mu.Unlock()
	if reading {
		return
	}
	s.background(func(context.Context) {
		defer func() {
			s.mu.Lock()
			delete(s.reading, run)
			s.mu.Unlock()
		}()
		events, err := train.ReadEvents(s.runFolder(run))
		s.fail(err)
		var g gathering
		for _, e := range events {
			g.add(e)
		}
		s.setCurve(run, g.curve())
	})
}

func (s *Session) setCurve(run string, c *Curve) {
	s.change(func(now *State) {
		curves := make(map[string]*Curve, len(now.Curves)+1)
		for k, v := range now.Curves {
			curves[k] = v
		}
		curves[run] = c
		if c == nil {
			delete(curves, run)
		}
		now.Curves = curves
	})
}

// folders lists the folders of a part of the workspace, without hidden ones.
func (s *Session) folders(part string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(filepath.Join(s.config.Home, part))
	if err != nil {
		return nil, fault.New("session.read", "The folder %s of the workspace cannot be read. Allow reading it.", filepath.Join(s.config.Home, part)).Because(err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() || strings.HasPrefix(e.Name(), ".") }), nil
}

func (s *Session) readDatasets(ctx context.Context) ([]Dataset, error) {
	entries, err := s.folders("datasets")
	var all []Dataset
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, s.readDataset(e.Name()))
	}
	return all, err
}

func (s *Session) readDataset(name string) Dataset {
	d := Dataset{Name: name, Path: s.datasetFolder(name)}
	opened, err := s.Data(name)
	if d.Err = err; err == nil {
		d.Info = opened.Info()
	}
	return d
}

func (s *Session) readRuns(ctx context.Context) ([]Run, error) {
	entries, err := s.folders("runs")
	var all []Run
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, s.readRun(e.Name()))
	}
	sortRuns(all)
	return all, err
}

func (s *Session) readRun(name string) Run {
	r := Run{Name: name, Folder: s.runFolder(name)}
	r.Info, r.Err = train.ReadRun(r.Folder)
	return r
}

// withRun is a list of runs with r in it, in the place of an older r.
func withRun(runs []Run, r Run) []Run {
	runs = append(withoutRun(runs, r.Name), r)
	sortRuns(runs)
	return runs
}

// withoutRun is a list of runs without the one of the name; runs itself, which a State shows, stays as it is.
func withoutRun(runs []Run, name string) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Name == name })
}

// sortRuns puts the newest first: by when they began, of older versions by the number at the end of the name, then by name.
func sortRuns(runs []Run) {
	number := func(name string) int {
		n := 0
		_, _ = fmt.Sscanf(name[strings.LastIndexByte(name, ' ')+1:], "%d", &n) // no number: 0
		return n
	}
	slices.SortFunc(runs, func(a, b Run) int {
		return cmp.Or(b.Info.Begun.Truncate(time.Second).Compare(a.Info.Begun.Truncate(time.Second)), cmp.Compare(number(b.Name), number(a.Name)), cmp.Compare(a.Name, b.Name))
	})
}

// networksFor lists the standard networks that are made for a data set's task, and those of the workspace, fitted to the data set.
func networksFor(own []Network, d *Dataset) []Network {
	var all []Network
	for _, name := range nn.StandardNames() {
		in, classes := nn.StandardInput(name), nn.StandardClasses(name)
		if d != nil && d.Err == nil {
			if nn.StandardTask(name) != string(d.Info.Task) {
				continue
			}
			in, classes = shapeOf(d.Info), len(d.Info.Classes)
		}
		spec, err := nn.Standard(name, in, classes)
		all = append(all, Network{Name: name, Spec: spec, Standard: true, Err: err})
	}
	for _, n := range own {
		if n.Err == nil && d != nil && d.Err == nil {
			n.Spec.Input, n.Spec.Classes = shapeOf(d.Info), len(d.Info.Classes)
		}
		all = append(all, n)
	}
	return all
}

// readNetworks reads the networks of the workspace.
func readNetworks(home string) []Network {
	var own []Network
	entries, _ := os.ReadDir(filepath.Join(home, "networks")) // unreadable: none of its own
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		n := Network{Name: name}
		n.Spec, n.Err = readNetwork(filepath.Join(home, "networks", e.Name()))
		own = append(own, n)
	}
	return own
}

// withNetwork is a list with a network in its place, instead of one of its name.
func withNetwork(list []Network, n Network) []Network {
	list = append(slices.DeleteFunc(slices.Clone(list), func(o Network) bool { return o.Name == n.Name }), n)
	slices.SortFunc(list, func(a, b Network) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// shapeOf is what a network for a data set takes.
func shapeOf(i data.Info) nn.Shape {
	w, h := i.InputSize()
	return nn.Shape{C: i.Channels, H: h, W: w}
}

// maxNetwork bounds the file of a network.
const maxNetwork = 16 << 20

func readNetwork(path string) (nn.Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nn.Spec{}, fault.New("session.network.read", "The network %s cannot be read. Allow reading it, or delete it.", path).Because(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxNetwork))
	if err != nil {
		return nn.Spec{}, fault.New("session.network.read", "The network %s cannot be read. Allow reading it, or delete it.", path).Because(err)
	}
	return nn.Parse(b)
}

// SaveNetwork keeps a network under a name and chooses it. A standard one is never overwritten: the copy gets a name of its own, which is
// given back.
func (s *Session) SaveNetwork(name string, spec nn.Spec) string {
	if slices.Contains(nn.StandardNames(), name) {
		name = s.freeName(name, func(n string) bool {
			return named(s.State().Networks, n, func(n *Network) string { return n.Name }) != nil
		})
	}
	spec.Name = name
	n := Network{Name: name, Spec: spec}
	s.change(func(now *State) {
		s.networks = withNetwork(s.networks, n)
		list := slices.Clone(now.Networks)
		if i := slices.IndexFunc(list, func(o Network) bool { return o.Name == name }); i >= 0 {
			list[i] = n
		} else {
			list = append(list, n)
		}
		now.Networks, now.Network = list, name
	})
	text := spec.JSON()
	path := s.networkFile(name)
	// In order on this goroutine: the file is small, and an edit that was seen is never overtaken by an older one.
	s.fail(disk.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}))
	s.remember()
	return name
}

// DeleteNetwork deletes a network of the workspace.
func (s *Session) DeleteNetwork(name string) {
	if slices.Contains(nn.StandardNames(), name) {
		return
	}
	if err := disk.Remove(s.networkFile(name)); err != nil {
		s.fail(fault.New("session.delete", "%s cannot be deleted. Allow writing there, or close what uses it.", s.networkFile(name)).Because(err))
		return
	}
	s.change(func(now *State) {
		s.networks = slices.DeleteFunc(slices.Clone(s.networks), func(n Network) bool { return n.Name == name })
		s.settle(now)
	})
	s.remember()
}

// freeName is base, or base with the first number from 2 that is free.
func (s *Session) freeName(base string, taken func(string) bool) string {
	name := base
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s %d", base, i)
	}
	return name
}

// Data opens a data set of the workspace, which stays open until it is deleted or the session closed. It blocks: not for the window's goroutine.
func (s *Session) Data(name string) (*data.Dataset, error) {
	s.mu.Lock()
	d, closed, leaving := s.open[name], s.closed, s.leaving[name]
	s.mu.Unlock()
	switch {
	case d != nil:
		return d, nil
	case closed:
		return nil, context.Canceled
	case leaving:
		return nil, lostDataset(name, s.datasetFolder(name))
	}
	d, err := data.Open(s.datasetFolder(name))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.open[name]; other != nil { // another goroutine was quicker
		return other, d.Close()
	}
	if s.leaving[name] { // or it is being deleted by now
		return nil, lostDataset(name, s.datasetFolder(name)).Because(d.Close())
	}
	s.open[name] = d
	return d, nil
}

// DeleteDataset deletes a data set from the disk, unless a training uses it.
func (s *Session) DeleteDataset(name string) {
	if t := s.State().Training; t != nil && s.trainingOn() == name {
		s.fail(fault.New("session.dataset.used", "The data set %s is being trained on. Stop the training first.", name))
		return
	}
	s.background(func(context.Context) {
		s.disk.Lock()
		defer s.disk.Unlock()
		s.mu.Lock()
		d := s.open[name]
		delete(s.open, name)
		s.leaving[name] = true // nobody opens it again meanwhile
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			delete(s.leaving, name)
			s.mu.Unlock()
		}()
		if d != nil {
			s.fail(d.Close())
		}
		if !s.remove(s.datasetFolder(name)) {
			return
		}
		s.change(func(now *State) {
			now.Datasets = slices.DeleteFunc(slices.Clone(now.Datasets), func(d Dataset) bool { return d.Name == name })
			s.settle(now)
		})
		s.remember()
	})
}

// DeleteRun deletes a run from the disk, unless it is going on.
func (s *Session) DeleteRun(name string) {
	if t := s.State().Training; t != nil && t.Run == name {
		s.fail(fault.New("session.run.used", "The run %s is going on. Stop it first.", name))
		return
	}
	if slices.ContainsFunc(s.State().Waiting, func(w Waiting) bool { return w.Config.Weights == s.runFolder(name) }) {
		s.fail(fault.New("session.run.needed", "A run that waits is to start from the weights of %s. Take that one out of the queue first.", name))
		return
	}
	s.background(func(context.Context) {
		s.fail(s.models.Forget(s.runFolder(name)))
		if !s.remove(s.runFolder(name)) {
			return
		}
		s.setCurve(name, nil)
		s.change(func(now *State) {
			now.Runs = withoutRun(now.Runs, name)
			s.settle(now)
		})
		s.remember()
		s.loadCurve(s.State().Run)
	})
}

// RenameRun gives a run another name, unless that is an error of the name or of the run; done gets its folder then, on the window's goroutine.
func (s *Session) RenameRun(from, to string, done func(folder string)) error {
	to, err := disk.SafeName(to)
	if err != nil {
		return err
	}
	if to == from {
		return nil
	}
	if _, err := os.Stat(s.runFolder(to)); err == nil {
		return fault.New("session.run.exists", "There is a run %s already. Choose another name.", to)
	}
	if t := s.State().Training; t != nil && t.Run == from {
		return fault.New("session.run.used", "The run %s is going on. Stop it first.", from)
	}
	s.background(func(context.Context) {
		s.fail(s.models.Forget(s.runFolder(from)))
		if err := disk.Rename(s.runFolder(from), s.runFolder(to)); err != nil {
			s.fail(fault.New("session.rename", "%s cannot be renamed. Allow writing there.", s.runFolder(from)).Because(err))
			return
		}
		s.setCurve(from, nil)
		r := s.readRun(to)
		s.change(func(now *State) {
			now.Runs = withRun(withoutRun(now.Runs, from), r)
			if now.Run == from {
				now.Run = to
			}
		})
		s.changeQueue(func(list []Waiting) []Waiting { // those that are to start from its weights find them
			for i := range list {
				if list[i].Config.Weights == s.runFolder(from) {
					list[i].Config.Weights = s.runFolder(to)
				}
			}
			return list
		})
		s.config.Post(func() { done(r.Folder) })
		s.remember()
		s.loadCurve(to)
	})
	return nil
}

// remove deletes a folder. It reports whether nothing has its name any more.
func (s *Session) remove(folder string) bool {
	err := disk.RemoveFolder(folder)
	if err != nil {
		s.fail(fault.New("session.delete", "%s cannot be deleted. Allow writing there, or close what uses it.", folder).Because(err))
	}
	_, err = os.Lstat(folder)
	return errors.Is(err, fs.ErrNotExist)
}

// stale is how long nobody has written to a file in the making that is taken for one that a crash left.
const stale = time.Hour

// clear removes what a crash left in the workspace. Another window may be open on it.
func (s *Session) clear() {
	data.ClearImports(filepath.Join(s.config.Home, "datasets"))
	train.ClearRuns(filepath.Join(s.config.Home, "runs"), stale)
	disk.ClearFiles(filepath.Join(s.config.Home, "networks"), stale)
	disk.ClearFiles(s.config.Home, stale)
}
