package train

import (
	"maps"
	"os"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// What became of a weight when a run started from weights that are there.
const (
	TransferLoaded  = "loaded"
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

// transfer writes the weights of a model's folder or of a safetensors file to a network, as far as names and shapes agree, and tells what became of each.
func transfer(inst *nn.Instance, path string) ([]Transfer, error) {
	from, err := weightsOf(path)
	if err != nil {
		return nil, err
	}
	to, err := inst.Weights()
	if err != nil {
		return nil, err
	}
	var list []Transfer
	loaded := 0
	for _, key := range slices.Sorted(maps.Keys(to)) {
		t := Transfer{Key: key, State: TransferMissing, Wants: to[key].Shape}
		if w, ok := from[key]; ok {
			t.State, t.Has = TransferShape, w.Shape
			if slices.Equal(w.Shape, to[key].Shape) {
				t.State = TransferLoaded
				to[key] = w
				loaded++
			}
		}
		list = append(list, t)
	}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[key]; !ok {
			list = append(list, Transfer{Key: key, State: TransferUnused, Has: from[key].Shape})
		}
	}
	if loaded == 0 {
		return list, fault.New("train.weights.none", "None of the weights of %s fits the network: names and shapes must agree. Choose weights of a network like this one.", path)
	}
	if !finite(to) {
		return list, fault.New("train.weights.finite", "The weights of %s hold numbers that are none. Choose weights of a run that did not diverge.", path)
	}
	return list, inst.SetWeights(to)
}

// weightsOf reads the weights of a model's folder (of a run: its best), or of a file.
func weightsOf(path string) (map[string]nn.Tensor, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, model.CannotRead(path, err)
	}
	if !info.IsDir() {
		w, _, err := model.LoadWeights(path)
		return w, err
	}
	m, err := model.Load(path, "")
	if err != nil {
		return nil, err
	}
	return m.Weights, nil
}
