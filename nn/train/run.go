package train

import (
	"cmp"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
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

// Program returns what the job runs, for whoever measures which device is best for it.
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
	var weights []float32
	if config.ClassWeights == BalancedClassWeights { // whatever they are: they are counted when the run begins
		weights = slices.Repeat([]float32{1}, spec.Classes)
	}
	network, err := nn.Compile(spec, config.options(weights))
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
		err = cmp.Or(err, r.setState(reason), r.tell(Done{r.place.Iteration, r.place.Epoch, reason, result.Seconds, result.BestEpoch}))
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
	weights  []float32 // of classes in the loss; nil: none
	codec    *task.Codec
	meter    *metric.Places // of training since the last validation
	perEpoch int
	last     int // iterations of the whole run

	place       progress
	loader      *data.Loader
	paused      time.Duration // not counted in the run's seconds
	quiet       int           // iterations until a jump is told again
	toldVoid    bool          // that validation images have no place that counts
	watched     probe
	health      health
	clipper     clipper
	average     average
	rateChanges []rateFrom // changes of the rate that a run that goes on comes to again
}

func (r *run) seconds() float64 { return r.place.Seconds + (time.Since(r.begun) - r.paused).Seconds() }

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
		if err := r.repeatRateChanges(); err != nil {
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

// HasDiverged tells the faults of runs whose numbers ran away.
func HasDiverged(err error) bool { return strings.HasPrefix(fault.Code(err), "train.diverged") }

// diverged makes the fault of a run whose numbers ran away, which says what is kept of it.
func (r *run) diverged() error {
	switch {
	case len(model.Snapshots(r.Folder)) > 0:
	case r.place.BestEpoch > 0:
		return fault.New("train.diverged.best",
			"The loss became NaN or infinite at epoch %.2f: training diverged before the first snapshot; the best weights before that are kept. Choose a smaller learning rate than %g.",
			r.place.Epoch, r.Config.Rate)
	default:
		return fault.New("train.diverged.early",
			"The loss became NaN or infinite at epoch %.2f: training diverged before the first snapshot. Train again with a smaller learning rate than %g.",
			r.place.Epoch, r.Config.Rate)
	}
	return fault.New("train.diverged",
		"The loss became NaN or infinite at epoch %.2f: training diverged. Choose a smaller learning rate than %g; the last snapshot before that is kept.",
		r.place.Epoch, r.Config.Rate)
}

// due reports whether something that comes every so many epochs is due after this iteration.
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
	best := r.place.Best != nil && r.place.BestEpoch == r.place.Epoch
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
