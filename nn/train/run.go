package train

import (
	"cmp"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/task"
)

var nan = math.NaN()

// A Job is what Run does.
type Job struct {
	Folder   string // of the run
	Config   Config // of a run that goes on: its own is read from the folder
	Spec     nn.Spec
	Data     *data.Dataset
	Device   kernel.Device
	Resume   bool           // go on with the run in Folder from its newest snapshot
	Epochs   int            // of a run that goes on: if more than it had, it becomes so long, and its policy spans all of them
	Force    bool           // replace a run that is in Folder
	Requests <-chan Request // may be nil
}

// Program is what the job runs, for whoever measures which device is best for it.
func (j Job) Program() (*kernel.Program, error) {
	config, spec := j.Config, j.Spec
	if j.Resume {
		info, err := ReadRun(j.Folder)
		if err != nil {
			return nil, err
		}
		config, spec = info.Config, info.Spec
	} else {
		var err error
		if spec, err = config.WithLoss(spec); err != nil {
			return nil, err
		}
		if config.Crop > 0 {
			spec.Input.H, spec.Input.W = config.Crop, config.Crop
		}
	}
	network, err := nn.Compile(spec, config.options())
	if err != nil {
		return nil, err
	}
	return network.Program, nil
}

// A Result is how a run ended.
type Result struct {
	Reason    string // finished, stopped or diverged
	Seconds   float64
	BestEpoch float64
}

// Run trains until the run is finished, stopped by a request or ctx, or diverged (which is an error too). It tells observe all that
// happens, on the calling goroutine.
func Run(ctx context.Context, j Job, observe func(Event)) (Result, error) {
	r := &run{Job: j, ctx: ctx, observe: observe, begun: time.Now()}
	if err := r.prepare(); err != nil {
		return Result{}, cmp.Or(err, r.close())
	}
	reason, err := r.loop()
	result := Result{Reason: reason, Seconds: r.seconds(), BestEpoch: r.place.BestEpoch}
	if reason != "" {
		err = cmp.Or(err, r.setState(reason), r.tell(Done{r.place.Iteration, reason, result.Seconds, result.BestEpoch}))
	}
	return result, cmp.Or(err, r.close()) // the first: what failed after it, on a full disk say, failed for the same reason
}

// run is a Job on its way.
type run struct {
	Job
	ctx     context.Context
	observe func(Event)
	begun   time.Time

	file     runFile
	release  func() // of the folder's lock
	log      *log
	pre      *model.Preprocessor
	labels   []string // names of the classes
	inst     *nn.Instance
	train    []uint32 // usable images, in rising order
	val      []uint32
	listed   bool   // they are in the run's folder
	identity string // of the data
	task     data.Task
	codec    *task.Codec
	meter    *metric.Places // of training since the last validation
	perEpoch int
	last     int // iterations of the whole run

	place   progress
	loader  *data.Loader
	paused  time.Duration // not counted in the run's seconds
	quiet   int           // iterations until a jump is told again
	watched probe
	health  health
	clipper clipper
	average average
	steered []rateFrom // changes of the rate that a run that goes on comes to again
}

func (r *run) seconds() float64 { return r.place.Seconds + (time.Since(r.begun) - r.paused).Seconds() }

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
		return fault.New("train.freeze.all", "All layers are frozen, so there is nothing left to learn. Let at least the last one learn.")
	}
	network, err := nn.Compile(r.Spec, r.Config.options())
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
		if transfers, err = transfer(r.inst, r.Config.Weights); err != nil {
			return err
		}
	}
	if err := r.folder(before); err != nil { // last: what fails before leaves no folder behind
		return err
	}
	r.place = progress{}
	var aside []*fault.Fault
	if r.Resume {
		if r.place, aside, err = resumable(r.Folder, r.inst, &r.average); err != nil {
			return err
		}
		if err := r.place.Sums.restore(r.meter); err != nil {
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
			return fault.New("train.crop.sizes", "The images of %s have different sizes, so that no part of the same size can be cut out of them. Train without a crop, or import them in one size.", info.Name)
		}
		if side > min(in.H, in.W) {
			return fault.New("train.crop.large", "A part of %d×%d pixels cannot be cut out of images of %d×%d. Choose a smaller crop.", side, side, in.W, in.H)
		}
		if !r.Resume && r.Spec.Input == in {
			r.Spec.Input.H, r.Spec.Input.W = side, side
		}
		in.H, in.W = side, side
	}
	if most := r.Config.Augment.Shift; most >= min(whole.W, whole.H) {
		return fault.New("train.shift.large", "Moved by up to %d pixels, images of %d×%d leave their frame. Choose less.", most, whole.W, whole.H)
	}
	if r.Spec.Input != in {
		return fault.New("train.fit.input", "The network takes %s, but the images of %s are %s. Import them in that size, or build the network for this data set.", r.Spec.Input.String(), info.Name, in.String())
	}
	if r.Spec.Classes != len(info.Classes) {
		return fault.New("train.fit.classes", "The network tells %d classes apart, but %s has %d. Build the network for this data set.", r.Spec.Classes, info.Name, len(info.Classes))
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
		return fault.New("train.long", "The run would have over two thousand million steps. Choose fewer epochs or a larger batch.")
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
	r.file = runFile{Format: format, Begun: before.Begun, Config: r.Config, Rates: before.rates, Dataset: r.Data.Path(), Data: r.identity, State: Running}
	if !r.Resume {
		r.file.Begun, r.file.Rates = now(), []rateFrom{{0, r.Config.Rate}}
		if err := r.newFolder(); err != nil {
			return err
		}
	}
	release, ok := lock(r.Folder)
	if !ok {
		return fault.New("train.run.busy", "The run %s is being trained by another program. Wait for it, or stop it there.", r.Folder)
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
		return foreign(r.Folder)
	}
	if entries, err := os.ReadDir(r.Folder); err == nil && len(entries) > 0 {
		if !isModel(r.Folder) {
			return foreign(r.Folder)
		}
		if !r.Force {
			return fault.New("train.run.exists", "%s already exists. Choose another name, or go on with the run that is there.", r.Folder)
		}
		if locked(r.Folder) {
			return fault.New("train.run.busy", "The run %s is being trained by another program. Wait for it, or stop it there.", r.Folder)
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

// isModel tells whether a folder holds a model or run, and so may be replaced by one.
func isModel(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, model.NetworkFile))
	return err == nil
}

func foreign(path string) error {
	return fault.New("train.run.foreign", "%s is there already and is no run, so it is not replaced. Choose another name.", path)
}

func (r *run) setState(state string) error {
	r.file.State, r.file.Config = state, r.Config
	return writeJSON(filepath.Join(r.Folder, RunFile), r.file)
}

func (r *run) close() error {
	r.closeLoader()
	var err error
	if r.log != nil {
		err = r.log.close()
	}
	if r.inst != nil {
		err = errors.Join(err, r.inst.Close())
	}
	err = errors.Join(err, r.watched.close())
	if r.release != nil {
		r.release()
	}
	return err
}

// tell logs an event and shows it.
func (r *run) tell(e Event) error {
	err := r.log.add(e)
	r.observe(e)
	return err
}

func (r *run) closeLoader() {
	if r.loader != nil {
		r.loader.Close()
		r.loader = nil
	}
}

// loop goes from iteration to iteration. The reason is empty only if err says why nothing more could be done.
func (r *run) loop() (reason string, err error) {
	if r.place.Sums.Samples > 0 && r.due(r.Config.ValidateEvery) { // it was stopped before the validation that belongs here
		if reason, err := r.milestones(); reason != "" || err != nil {
			return reason, err
		}
	}
	for r.place.Iteration < r.last {
		if err := r.steerAgain(); err != nil {
			return "", err
		}
		stop, err := r.serve()
		if err != nil {
			return "", err
		}
		if stop || r.Config.MaxSeconds > 0 && time.Since(r.begun).Seconds() >= r.Config.MaxSeconds {
			return r.stop()
		}
		loss, err := r.step()
		if err != nil {
			if r.ctx.Err() != nil {
				return r.stop()
			}
			return "", err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return Diverged, r.diverged()
		}
		if reason, err := r.milestones(); reason != "" || err != nil {
			return reason, err
		}
	}
	return Finished, nil
}

// stop ends the run before its last iteration, with a snapshot.
func (r *run) stop() (reason string, err error) {
	if err = r.snapshot(); HasDiverged(err) {
		return Diverged, err
	}
	return Stopped, err
}

// finite tells whether all weights are numbers.
func finite(weights map[string]nn.Tensor) bool {
	for _, t := range weights {
		for _, v := range t.Data {
			if v-v != 0 {
				return false
			}
		}
	}
	return true
}

// HasDiverged tells the faults of runs whose numbers ran away.
func HasDiverged(err error) bool { return strings.HasPrefix(fault.Code(err), "train.diverged") }

// diverged makes the fault of a run whose numbers ran away, which says what is kept of it.
func (r *run) diverged() error {
	switch {
	case len(model.Snapshots(r.Folder)) > 0:
	case r.place.BestEpoch > 0:
		return fault.New("train.diverged.best",
			"The loss is no longer a number at epoch %.2f: the weights have run away before the first snapshot; the best ones before are kept. Choose a smaller learning rate than %g.",
			r.place.Epoch, r.Config.Rate)
	default:
		return fault.New("train.diverged.early",
			"The loss is no longer a number at epoch %.2f: the weights have run away, before the first snapshot. Train again with a smaller learning rate than %g.",
			r.place.Epoch, r.Config.Rate)
	}
	return fault.New("train.diverged",
		"The loss is no longer a number at epoch %.2f: the weights have run away. Choose a smaller learning rate than %g; the last snapshot before is kept.",
		r.place.Epoch, r.Config.Rate)
}

// due tells whether something that comes every so many epochs is due after this iteration.
func (r *run) due(every float64) bool { return r.dueAt(r.place.Iteration, every) }

// dueAt tells it of any iteration.
func (r *run) dueAt(iteration int, every float64) bool {
	now, before := float64(iteration), float64(iteration-1)
	interval := every * float64(r.perEpoch)
	return iteration == r.last || math.Floor(now/interval+1e-9) > math.Floor(before/interval+1e-9)
}

// milestones validates and takes snapshots where they are due. A reason tells that the run ends here.
func (r *run) milestones() (reason string, err error) {
	if r.due(r.Config.ValidateEvery) {
		err = r.validate()
	}
	best := len(r.val) > 0 && r.place.BestEpoch == r.place.Epoch
	if err == nil && (best || r.due(r.Config.SnapshotEvery)) { // from the best the run can go on another way
		err = r.snapshot()
	}
	switch {
	case HasDiverged(err):
		return Diverged, err
	case err != nil && r.ctx.Err() != nil:
		return r.stop()
	}
	return "", err
}

// unmeasured are the figures of a task before they are measured.
func unmeasured(t data.Task) metric.Values {
	none := metric.Values{}
	for _, m := range metric.Of(t) {
		none[m.Key] = nan
	}
	return none
}

// inTraining are the figures of a task that are told of training too.
func inTraining(t data.Task, measured metric.Values) metric.Values {
	told := metric.Values{}
	for _, m := range metric.Of(t) {
		if m.Training {
			told[m.Key] = measured.Get(m.Key)
		}
	}
	return told
}

// validate measures the network on the validation split.
func (r *run) validate() error {
	s := r.place.Sums
	e := Epoch{
		Iteration: r.place.Iteration, Epoch: r.place.Epoch, TrainLoss: s.Loss / float64(s.Samples), Train: inTraining(r.task, r.meter.Values()),
		ValLoss: nan, Val: unmeasured(r.task),
	}
	if len(r.val) > 0 {
		m := measurement{r.inst, r.pre, r.codec, task.NewMeter(r.task, r.Spec.Classes, false)}
		var loss float64
		err := r.average.during(r.inst, func() (err error) {
			loss, err = m.run(r.ctx, r.Data, r.val, r.Config.Batch, nil, nil)
			return err
		})
		if err != nil {
			return err
		}
		report := m.meter.Report()
		e.ValLoss, e.Val, e.Missed = loss, report.Values, report.Missed
		deciding := metric.Deciding(r.task)
		score := e.Val.Get(deciding.Key)
		best := value(r.place.Best)
		e.Best = r.place.BestEpoch == 0 || deciding.Better(score, best) || score == best && e.ValLoss < r.place.BestLoss
		if math.IsNaN(e.ValLoss) {
			return r.diverged()
		}
	} else {
		e.Best = true // nothing tells epochs apart: the last is the best
	}
	r.place.Sums = sums{}
	r.meter.Reset()
	if e.Best {
		r.place.BestEpoch = e.Epoch
		if len(r.val) > 0 {
			r.place.Best, r.place.BestLoss = kept(e.Val.Get(metric.Deciding(r.task).Key)), e.ValLoss
		}
		weights, _, err := r.average.kept(r.inst)
		if err != nil {
			return err
		}
		if !finite(weights) {
			return r.diverged()
		}
		if err := model.SaveWeights(filepath.Join(r.Folder, model.WeightsFile), weights, e.Epoch); err != nil {
			return err
		}
	}
	if err := r.tell(e); err != nil {
		return err
	}
	layers, err := r.dead()
	if err != nil || layers == nil {
		return err
	}
	return r.tell(Health{r.place.Iteration, r.place.Epoch, layers})
}

// snapshot writes the run as it is now.
func (r *run) snapshot() error {
	p := r.place
	p.Seconds, p.Rate, p.Sums.Counts = r.seconds(), r.Config.Rate, r.meter.Counts()
	weights, state, err := r.average.kept(r.inst)
	if err != nil {
		return err
	}
	if !finite(weights) { // the last step ran away, and no later one shows it yet
		return r.diverged()
	}
	path, err := saveSnapshot(r.Folder, weights, state, p)
	if err != nil {
		return err
	}
	if r.place.BestEpoch == 0 { // not validated yet: better these weights than none
		if err := model.SaveWeights(filepath.Join(r.Folder, model.WeightsFile), weights, p.Epoch); err != nil {
			return err
		}
	}
	regular := func(epoch float64) bool {
		return r.dueAt(int(math.Round(epoch*float64(r.perEpoch))), r.Config.SnapshotEvery)
	}
	if err := prune(r.Folder, r.place.BestEpoch, regular); err != nil {
		return err
	}
	return r.tell(Snapshot{r.place.Iteration, r.place.Epoch, path})
}
