package nn

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// An Instance is a network with its weights on a device. It is used by one goroutine at a time.
type Instance struct {
	Network *Network

	ex      kernel.Executor
	loss    []float32         // of each sample, summed over losses
	part    []float32         // of each sample, of one loss
	outputs [][]float32       // of a batch
	kept    map[string]Tensor // weights that are folded into others, as they were given
}

// Open prepares the network on a device. Its weights are zero until Initialize or SetWeights.
func (n *Network) Open(d kernel.Device) (*Instance, error) {
	ex, err := d.Prepare(n.Program)
	if err != nil {
		return nil, err
	}
	i := &Instance{Network: n, ex: ex, kept: map[string]Tensor{}}
	for _, p := range n.Parameters {
		if n.folded(p.Key()) {
			i.kept[p.Key()] = NewTensor(p.Dims()...)
		}
	}
	i.loss, i.part = make([]float32, n.o.Batch), make([]float32, n.o.Batch)
	for _, o := range n.outputs {
		i.outputs = append(i.outputs, make([]float32, n.o.Batch*o.Shape.Len()))
	}
	return i, nil
}

// Close gives the device's memory back.
func (i *Instance) Close() error { return i.ex.Close() }

// Initialize fills the weights as Caffe's fillers do, from a seed: xavier uniform ±√(3/fan-in), msra gaussian √(2/fan-in), gaussian of
// a deviation, bilinear (of a deconvolution), constant; biases constant.
func (i *Instance) Initialize(seed uint64) error {
	longest := 0
	for _, p := range i.Network.Parameters {
		longest = max(longest, p.Shape.Len())
	}
	room := make([]float32, longest)
	for k, p := range i.Network.Parameters {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		v := room[:p.Shape.Len()]
		for j := range v {
			switch p.filler {
			case "xavier":
				v[j] = float32((2*r.Float64() - 1) * math.Sqrt(3/float64(p.fanIn)))
			case "msra":
				v[j] = float32(r.NormFloat64() * math.Sqrt(2/float64(p.fanIn)))
			case "gaussian":
				v[j] = float32(r.NormFloat64() * p.std)
			case "bilinear":
				v[j] = bilinear(p.Shape, j)
			default:
				v[j] = float32(p.std)
			}
		}
		if err := i.set(p, p.Key(), p.ID, v); err != nil {
			return err
		}
	}
	if err := i.fold(); err != nil {
		return err
	}
	if longest > 1<<23 { // megabytes of it: not to be kept through all of a training
		room = nil
		debug.FreeOSMemory()
	}
	return nil
}

// set writes numbers to a buffer of a parameter, or keeps them where they are folded into others.
func (i *Instance) set(p Parameter, key string, id kernel.ID, v []float32) error {
	if t, ok := i.kept[key]; ok && id == p.ID {
		copy(t.Data(), v)
		return nil
	}
	return i.ex.Buffer(id).Upload(v)
}

// read downloads buffers as tensors.
func (i *Instance) read(key func(Parameter) []string, ids func(Parameter) []kernel.ID) (map[string]Tensor, error) {
	all := map[string]Tensor{}
	for _, p := range i.Network.Parameters {
		keys := key(p)
		for k, id := range ids(p) {
			t := NewTensor(p.Dims()...)
			if own, ok := i.kept[keys[k]]; ok && id == p.ID {
				copy(t.Data(), own.Data())
			} else if err := i.ex.Buffer(id).Download(t.Data()); err != nil {
				return nil, err
			}
			all[keys[k]] = t
		}
	}
	return all, nil
}

// write uploads tensors. They must be exactly those that are there: the fault names what is missing, left over or of another shape.
func (i *Instance) write(all map[string]Tensor, key func(Parameter) []string, ids func(Parameter) []kernel.ID) error {
	var wrong []string
	left := maps.Clone(all)
	for _, p := range i.Network.Parameters {
		for _, k := range key(p) {
			t, ok := all[k]
			switch {
			case !ok:
				wrong = append(wrong, k+" is missing")
			case !slices.Equal(t.Shape(), p.Dims()) || len(t.Data()) != p.Shape.Len():
				wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", k, t.Shape(), p.Dims()))
			}
			delete(left, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(left)) {
		wrong = append(wrong, k+" is left over")
	}
	if len(wrong) > 0 {
		return fault.New("nn.weights.fit", "The weights do not fit the network: %s. Choose weights of this network.", strings.Join(wrong, "; "))
	}
	for _, p := range i.Network.Parameters {
		keys := key(p)
		for k, id := range ids(p) {
			if err := i.set(p, keys[k], id, all[keys[k]].Data()); err != nil {
				return err
			}
		}
	}
	return i.fold()
}

// Read copies the first numbers of a parameter or its gradient, as many as fit.
func (i *Instance) Read(id kernel.ID, dst []float32) error { return i.ex.Buffer(id).Download(dst) }

// Write sets all numbers of a parameter or its gradient.
func (i *Instance) Write(id kernel.ID, src []float32) error { return i.ex.Buffer(id).Upload(src) }

// Update moves the parameters by the gradients that are there: what a step does last.
func (i *Instance) Update(step kernel.Step) error {
	step.NoForward, step.Backward, step.Update = true, false, true
	return i.ex.Run(step)
}

func weightKey(p Parameter) []string   { return []string{p.Key()} }
func weightID(p Parameter) []kernel.ID { return []kernel.ID{p.ID} }

// gradientID is none of a statistic.
func gradientID(p Parameter) []kernel.ID {
	if p.Gradient == kernel.None {
		return nil
	}
	return []kernel.ID{p.Gradient}
}
func historyIDs(p Parameter) []kernel.ID { return p.History }
func historyKeys(p Parameter) (k []string) {
	for h := range p.History {
		k = append(k, fmt.Sprintf("%s.%d", p.Key(), h))
	}
	return k
}

// Weights reads all parameters, by Parameter.Key.
func (i *Instance) Weights() (map[string]Tensor, error) { return i.read(weightKey, weightID) }

// SetWeights writes all parameters.
func (i *Instance) SetWeights(w map[string]Tensor) error { return i.write(w, weightKey, weightID) }

// Gradients reads the gradients of all parameters as the last backward pass left them.
func (i *Instance) Gradients() (map[string]Tensor, error) { return i.read(weightKey, gradientID) }

// State reads what the solver remembers, by Parameter.Key and a number.
func (i *Instance) State() (map[string]Tensor, error) { return i.read(historyKeys, historyIDs) }

// SetState writes what the solver remembers.
func (i *Instance) SetState(s map[string]Tensor) error { return i.write(s, historyKeys, historyIDs) }

// A Result is what a step that compares found.
type Result struct {
	Loss      float64   // mean over the samples of the weighted sum of the losses
	PerSample []float32 // loss of each sample; overwritten by the next step
}

// Run does a step on images, Samples×C×H×W numbers. truths are what the losses compare with, in the order of Network.Truths, each Samples×C×H×W of its
// shape; nil where nothing is compared. step.Samples must be set. It allocates nothing.
func (i *Instance) Run(images []float32, truths [][]float32, step kernel.Step) (Result, error) {
	n := i.Network
	if want := step.Samples * n.Spec.Input.Len(); len(images) != want || truths != nil && len(truths) != len(n.truths) {
		return Result{}, fmt.Errorf("nn: a step of %d samples with %d numbers (not %d) and %d truths (not %d)", step.Samples, len(images), want, len(truths), len(n.truths))
	}
	if err := i.ex.Buffer(n.input).Upload(images); err != nil {
		return Result{}, err
	}
	for k, truth := range truths {
		t := n.truths[k]
		if want := step.Samples * t.Shape.Len(); len(truth) != want {
			return Result{}, fmt.Errorf("nn: a truth of %d numbers, not %d", len(truth), want)
		}
		if err := i.ex.Buffer(t.id).Upload(truth); err != nil {
			return Result{}, err
		}
	}
	if err := i.ex.Run(step); err != nil || truths == nil {
		return Result{}, err
	}
	return i.result(step.Samples)
}

// result reads the losses.
func (i *Instance) result(samples int) (Result, error) {
	r := Result{PerSample: i.loss[:samples]}
	clear(r.PerSample)
	for _, id := range i.Network.losses {
		part := i.part[:samples]
		if err := i.ex.Buffer(id).Download(part); err != nil {
			return r, err
		}
		for k, v := range part {
			r.PerSample[k] += v
		}
	}
	for _, v := range r.PerSample {
		r.Loss += float64(v)
	}
	r.Loss /= float64(samples)
	return r, nil
}

// Output reads output k of Network.Outputs for n samples, n×C×H×W: of a loss what it makes of its input (Kind.Probabilities). The next call for the
// same output overwrites it.
func (i *Instance) Output(k, n int) ([]float32, error) {
	o := i.Network.outputs[k]
	out := i.outputs[k][:n*o.Shape.Len()]
	return out, i.ex.Buffer(i.Network.values[o.Layer]).Download(out)
}

// Value reads the output of a layer for n samples, n×C×H×W. The network must have been compiled with KeepAll, or the layer be its output.
func (i *Instance) Value(layer string, n int) (Tensor, error) {
	id, ok := i.Network.values[layer]
	if !ok {
		return Tensor{}, fmt.Errorf("nn: the output of layer %q is not kept", layer)
	}
	s := i.Network.shapes[layer]
	t := NewTensor(n, s.C, s.H, s.W)
	return t, i.ex.Buffer(id).Download(t.Data())
}
