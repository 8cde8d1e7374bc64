package train

import (
	"maps"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/foreign"
	"github.com/convscope/convscope/nn/model"
)

// What became of a weight when a run started from weights that are there.
const (
	TransferLoaded  = "loaded"
	TransferResized = "resized" // they take grey images and the network colours, or the other way round: its filters were made to fit
	TransferShape   = "shape"   // they have it in another shape: it begins anew
	TransferMissing = "missing" // they have it not: it begins anew
	TransferUnused  = "unused"  // the network has no such weight
)

// A Transfer is one weight of a start from weights.
type Transfer struct {
	Key   string `json:"key"`
	State string `json:"state"`
	Has   []int  `json:"has,omitempty"`   // shape in the file
	Wants []int  `json:"wants,omitempty"` // shape in the network
}

// Taken reports whether the run starts with the weight.
func (t Transfer) Taken() bool { return t.State == TransferLoaded || t.State == TransferResized }

// start writes the weights that path holds to a network, see transfer.
func start(inst *nn.Instance, path string) ([]Transfer, error) {
	source, err := foreign.Load(path)
	if err != nil {
		return nil, err
	}
	return transfer(inst, source, path)
}

// transfer writes the weights of a source, which was read from path, to a network as far as names and shapes agree, and returns what became of each.
func transfer(inst *nn.Instance, source model.Source, path string) ([]Transfer, error) {
	to, err := inst.Weights()
	if err != nil {
		return nil, err
	}
	from := named(source, to)
	first, each := seeing(inst.Network)
	if source.Channels == model.BGR && inst.Network.Spec.Input.C == 3 {
		turnColours(from, first, each)
	}
	var list []Transfer
	for _, key := range slices.Sorted(maps.Keys(to)) {
		t := Transfer{Key: key, State: TransferMissing, Wants: to[key].Shape()}
		if w, ok := from[key]; ok {
			t.State, t.Has = TransferShape, w.Shape()
			if fits(w.Shape(), t.Wants) {
				t.State, to[key] = TransferLoaded, w.Reshape(t.Wants...)
			} else if resized, ok := resize(w, t.Wants); ok && slices.Contains(first, key) {
				t.State, to[key] = TransferResized, resized
			}
		}
		list = append(list, t)
	}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[key]; !ok {
			list = append(list, Transfer{Key: key, State: TransferUnused, Has: from[key].Shape()})
		}
	}
	if !slices.ContainsFunc(list, Transfer.Taken) {
		return list, fault.New("train.weights.none", "None of the weights of %s fits the network: names and shapes must agree. Choose weights of a network like this one.", path)
	}
	if !finite(to) {
		return list, fault.New("train.weights.finite", "The weights of %s contain NaN or infinity. Choose weights of a run that did not diverge.", path)
	}
	return list, inst.SetWeights(to)
}

// fits reports whether shapes are the same but for ones at the end of a kernel: weights of ours leave them out where it is 1×1, those of other programs do not.
func fits(has, wants []int) bool {
	trim := func(s []int) []int {
		for len(s) > 2 && s[len(s)-1] == 1 {
			s = s[:len(s)-1]
		}
		return s
	}
	return slices.Equal(trim(has), trim(wants))
}

// named returns the weights of a source under the network's names: by a layer's alias where the network has no layer of its own name.
func named(source model.Source, to map[string]nn.Tensor) map[string]nn.Tensor {
	all := map[string]nn.Tensor{}
	for _, key := range slices.Sorted(maps.Keys(source.Weights)) {
		name := key
		if _, ok := to[key]; !ok {
			dot := strings.LastIndexByte(key, '.')
			ours := source.Aliases[key[:max(dot, 0)]] + key[max(dot, 0):]
			_, wanted := to[ours]
			_, own := source.Weights[ours]
			_, taken := all[ours] // by another layer of that alias
			if wanted && !own && !taken {
				name = ours
			}
		}
		all[name] = source.Weights[key]
	}
	return all
}

// seeing lists the weights that the image reaches with its channels as they are: those of the first layers, which sum over all channels, and those whose
// first dimension is the channels: of a transposed convolution that comes first, and of normalisations before the first layer.
func seeing(n *nn.Network) (first, each []string) {
	sees := map[string]bool{nn.Data: true}
	for _, i := range n.Report.Order {
		l := n.Spec.Layers[i]
		if len(l.Inputs) > 1 || !sees[l.Inputs[0]] {
			continue
		}
		switch l.Type {
		case "convolution", "fully-connected":
			if l.Int("groups") <= 1 {
				first = append(first, l.Name+".weight")
			}
			continue
		case "deconvolution":
			if l.Int("groups") <= 1 {
				each = append(each, l.Name+".weight")
			}
			continue
		case "batch-norm":
			each = append(each, l.Name+".weight", l.Name+".bias", l.Name+".mean", l.Name+".variance")
		}
		sees[l.Name] = true // what has one input and no filters keeps the channels
	}
	return first, each
}

// turnColours turns weights for images of blue, green and red into ours for red, green and blue.
func turnColours(weights map[string]nn.Tensor, first, each []string) {
	turn := func(t nn.Tensor, rows int) {
		plane := len(t.Data()) / (3 * rows)
		for row := range slices.Chunk(t.Data(), 3*plane) {
			for i := range plane {
				row[i], row[2*plane+i] = row[2*plane+i], row[i]
			}
		}
	}
	for _, key := range first {
		if t := weights[key]; len(t.Data()) > 0 && (len(t.Shape()) == 4 && t.Shape()[1] == 3 || len(t.Shape()) == 2 && t.Shape()[1]%3 == 0) {
			turn(t, t.Shape()[0])
		}
	}
	for _, key := range each {
		if t := weights[key]; len(t.Data()) > 0 && t.Shape()[0] == 3 {
			turn(t, 1)
		}
	}
}

// resize makes filters for grey images of filters for colours, which are added up, or the other way round, where each colour gets a third: a grey image gives the same
// then. It is only possible where nothing else differs.
func resize(w nn.Tensor, wants []int) (nn.Tensor, bool) {
	has := w.Shape()
	if len(has) != 4 || len(wants) != 4 || has[0] != wants[0] || !slices.Equal(has[2:], wants[2:]) || !(has[1] == 1 && wants[1] == 3 || has[1] == 3 && wants[1] == 1) {
		return nn.Tensor{}, false
	}
	if wants[1] == 1 {
		return w.Sum(1).Reshape(wants...), true
	}
	t := nn.NewTensor(wants...)
	for filter := range wants[0] {
		grey := w.At(filter, 0).Data()
		for colour := range 3 {
			for i, v := range grey {
				t.At(filter, colour).Data()[i] = v / 3
			}
		}
	}
	return t, true
}
