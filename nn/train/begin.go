package train

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/task"
)

// prepare checks everything, makes or opens the folder, and brings the network to where the run begins.
func (r *run) prepare() error {
	var before RunInfo // of a run that goes on
	if r.Resume {
		info, err := ReadRun(r.Folder)
		if err != nil {
			return err
		}
		limit := r.Config.MaxSeconds
		r.Config, r.Spec = info.Config, info.Spec
		r.Config.MaxSeconds = limit
		r.Config.Epochs = max(r.Config.Epochs, r.Epochs)
		before = info
	}
	if err := r.Config.Check(); err != nil {
		return err
	}
	if !r.Resume {
		var err error
		if r.Spec, err = r.Config.WithLoss(r.Spec); err != nil {
			return err
		}
	}
	if err := r.choose(before); err != nil {
		return err
	}
	if err := r.identify(before); err != nil {
		return err
	}
	if err := r.fits(); err != nil {
		return err
	}
	if before.PerEpoch > 0 && before.PerEpoch != r.perEpoch { // all that tells of a run that an older version began
		return r.otherData(before)
	}
	if frozen := nn.Trainable(r.Spec); len(frozen) > 0 && !slices.ContainsFunc(frozen, func(name string) bool { return !slices.Contains(r.Config.Freeze, name) }) {
		return fault.New("train.freeze.all", "All layers are frozen, so there is nothing left to train. Unfreeze at least the last one.")
	}
	if err := r.weigh(before); err != nil {
		return err
	}
	network, err := nn.Compile(r.Spec, r.Config.options(r.weights))
	if err != nil {
		return err
	}
	if err := r.encoding(network); err != nil {
		return err
	}
	if err := r.preprocessing(before); err != nil {
		return err
	}
	if r.inst, err = network.Open(r.Device); err != nil {
		return err
	}
	if err := r.inst.Initialize(r.Config.Seed); err != nil {
		return err
	}
	var transfers []Transfer
	if r.Config.Weights != "" && !r.Resume {
		if transfers, err = start(r.inst, r.Config.Weights); err != nil {
			return err
		}
	}
	if err := r.folder(before); err != nil { // last: what fails before leaves no folder behind
		return err
	}
	r.place = progress{}
	var aside []*fault.Fault
	if r.Resume {
		if r.place, aside, err = resumable(r.Folder, r.inst, &r.average, r.meter); err != nil {
			return err
		}
		if err := r.retrace(); err != nil {
			return err
		}
	}
	if err := r.setState(Running); err != nil { // first: the log loses the changes of the rate that an older version told of there alone
		return err
	}
	if r.log, err = openLog(r.Folder, r.place.Iteration, r.last); err != nil {
		return err
	}
	err = r.tell(Started{network.Report.Parameters, r.last, r.perEpoch, r.place.Iteration, r.Device.Name(), r.Device.Threads()})
	if r.weights != nil && !r.Resume {
		err = cmp.Or(err, r.tell(Weighed{r.labels, r.weights}))
	}
	if transfers != nil {
		err = cmp.Or(err, r.tell(Transferred{r.Config.Weights, transfers}))
	}
	for _, f := range aside {
		err = cmp.Or(err, r.tell(Warning{r.place.Iteration, r.place.Epoch, f}))
	}
	return err
}

// fits tells when network and data do not fit, and counts the iterations.
func (r *run) fits() error {
	info := r.Data.Info()
	in := nn.Shape{C: info.Channels, H: info.Height, W: info.Width}
	if !info.SameSize() { // each image is fitted to the network
		in.H, in.W = r.Spec.Input.H, r.Spec.Input.W
	}
	whole := in
	if side := r.Config.Crop; side > 0 {
		if !info.SameSize() {
			return fault.New("train.crop.sizes", "The images of %s have different sizes, so they cannot be cropped to one size. Train without a crop, or import them in one size.", info.Name)
		}
		if side > min(in.H, in.W) {
			return fault.New("train.crop.large", "A crop of %d×%d pixels does not fit into images of %d×%d. Choose a smaller crop.", side, side, in.W, in.H)
		}
		if !r.Resume && r.Spec.Input == in {
			r.Spec.Input.H, r.Spec.Input.W = side, side
		}
		in.H, in.W = side, side
	}
	if most := r.Config.Augment.Shift; most >= min(whole.W, whole.H) {
		return fault.New("train.shift.large", "A shift of up to %d pixels moves images of %d×%d out of the frame. Choose a smaller one.", most, whole.W, whole.H)
	}
	if r.Spec.Input != in {
		return fault.New("train.fit.input", "The network takes %s, but the images of %s are %s. Import them in that size, or build the network for this data set.", r.Spec.Input.String(), info.Name, in.String())
	}
	if r.Spec.Classes != len(info.Classes) {
		return fault.New("train.fit.classes", "The network distinguishes %d classes, but %s has %d. Build the network for this data set.", r.Spec.Classes, info.Name, len(info.Classes))
	}
	if len(r.train) == 0 {
		return fault.New("train.data.empty", "%s has no images with a class to train on. Import it with a smaller share for validation and test.", info.Name)
	}
	index := r.Data.Index()
	if task.NeedsSeveralClasses(info.Task) && !slices.ContainsFunc(r.train, func(id uint32) bool { return index[id].Class != index[r.train[0]].Class }) {
		return fault.New("train.data.one", "All training images of %s are of one class, so there is nothing to tell apart. Import images of at least two classes.", info.Name)
	}
	group := r.Config.Batch * r.Config.Accumulate
	r.perEpoch = (len(r.train) + group - 1) / group
	if int64(r.perEpoch)*int64(r.Config.Epochs) > 1<<31 {
		return fault.New("train.long", "The run would have more than two billion steps. Choose fewer epochs or a larger batch.")
	}
	r.last = r.perEpoch * r.Config.Epochs
	return nil
}

// encoding makes ready what turns the truth of the data into what the losses compare with, and the meter.
func (r *run) encoding(network *nn.Network) (err error) {
	r.task = r.Data.Info().Task
	r.meter = task.NewMeter(r.task, r.Spec.Classes, false)
	r.codec, err = task.NewCodec(r.Data, network)
	return err
}

// preprocessing makes images into tensors, and names classes: of a run that goes on as it did before. before is what is known of it.
func (r *run) preprocessing(before RunInfo) error {
	if r.Resume {
		m, err := model.LoadDescription(r.Folder)
		if err != nil {
			return err
		}
		for c, name := range m.Labels {
			if moved(name, c, r.Data.Info().Classes) {
				return r.otherData(before)
			}
		}
		r.pre, r.labels = m.Pre, m.Labels
		return nil
	}
	r.labels = r.Data.Info().Classes
	var err error
	info := r.Data.Info()
	w, h := info.Width, info.Height
	if !info.SameSize() {
		w, h = r.Spec.Input.W, r.Spec.Input.H
	}
	r.pre, err = preprocessor(r.Data, r.Config, w, h)
	return err
}

// newRun begins the names of runs in the making. What has such a name is cleared away wherever a run is made, so nobody else may have one.
const newRun = ".convscope-run-"

// folder takes the run's folder for this process, and makes it if the run is new; one that goes on was before.
func (r *run) folder(before RunInfo) error {
	r.file = runFile{Format: format, Begun: before.Begun, Config: r.Config, Rates: before.rates, Dataset: r.Data.Path(), Data: r.identity, State: Running, ClassWeights: r.weights}
	if !r.Resume {
		r.file.Begun, r.file.Rates = now(), []rateFrom{{0, r.Config.Rate}}
		if err := r.newFolder(); err != nil {
			return err
		}
	}
	release, ok := lock(r.Folder)
	if !ok {
		return fault.New("train.run.busy", "The run %s is being trained by another program. Wait for it to finish, or stop it there.", r.Folder)
	}
	r.release = release
	r.clear()
	if !r.listed { // first: a run.json with a newer identity needs the list
		return writeImages(r.Folder, r.train, r.val)
	}
	return nil
}

// clear removes what a run left that was killed while it wrote. No other process has the run.
func (r *run) clear() {
	disk.Clear(filepath.Dir(r.Folder), newRun)
	clearRun(r.Folder, 0)
}

// clearRun removes what a run left that was killed while it wrote: files that nobody has written to for so long.
func clearRun(folder string, unwritten time.Duration) {
	snapshots := filepath.Join(folder, model.SnapshotFolder)
	disk.Clear(snapshots, newSnapshot)
	disk.ClearRemoved(snapshots)
	disk.ClearFiles(folder, unwritten)
	disk.ClearFiles(snapshots, unwritten)
}

// ClearRuns removes what was left by runs in a folder that were killed while they were made, removed or written to. Runs that go on, in whatever
// process, stay as they are, so unwritten must be longer than a run takes from one write of a file to the next.
func ClearRuns(folder string, unwritten time.Duration) {
	disk.Clear(folder, newRun) // first: a run that was put aside is there again
	disk.ClearRemoved(folder)
	entries, _ := os.ReadDir(folder) // what cannot be listed cannot be cleared
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); e.IsDir() && isModel(path) && !locked(path) {
			clearRun(path, unwritten)
		}
	}
}

// newFolder writes the description of a new run, complete before it gets its name.
func (r *run) newFolder() error {
	parent := filepath.Dir(r.Folder)
	cannot := func(err error) error { return disk.CannotWrite(err, r.Folder) }
	disk.Clear(parent, newRun) // first: a run that was put aside is there again
	if info, err := os.Lstat(r.Folder); err == nil && !info.IsDir() {
		return notRun(r.Folder)
	}
	if entries, err := os.ReadDir(r.Folder); err == nil && len(entries) > 0 {
		if !isModel(r.Folder) {
			return notRun(r.Folder)
		}
		if !r.Force {
			return fault.New("train.run.exists", "%s already exists. Choose another name, or go on with the run that is there.", r.Folder)
		}
		if locked(r.Folder) {
			return fault.New("train.run.busy", "The run %s is being trained by another program. Wait for it to finish, or stop it there.", r.Folder)
		}
	}
	if err := disk.MakeFolder(parent); err != nil {
		return cannot(err)
	}
	draft, err := disk.NewDraft(r.Folder, newRun)
	if err != nil {
		return cannot(err)
	}
	defer draft.Discard()
	info := r.Data.Info()
	m := &model.Model{Task: info.Task, Background: info.Background, Spec: r.Spec, Labels: r.labels, Pre: r.pre}
	if err := m.SaveDescription(draft.Path); err != nil {
		return cannot(err)
	}
	if err := writeImages(draft.Path, r.train, r.val); err != nil {
		return cannot(err)
	}
	r.listed = true
	if err := writeJSON(filepath.Join(draft.Path, RunFile), r.file); err != nil {
		return cannot(err)
	}
	publish := draft.PublishNew
	if r.Force {
		publish = draft.Publish
	}
	if err := publish(); err != nil {
		return cannot(err)
	}
	return nil
}

// isModel reports whether a folder holds a model or run, and so may be replaced by one.
func isModel(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, model.NetworkFile))
	return err == nil
}

// notRun returns the fault of a place that something else than a run takes.
func notRun(path string) error {
	return fault.New("train.run.foreign", "%s already exists and is not a run, so it is not replaced. Choose another name.", path)
}
