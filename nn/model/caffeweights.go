package model

import (
	"fmt"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
)

// weights gives the blobs of the layers the keys and shapes of ours.
func (r *caffeReader) weights() (map[string]nn.Tensor, error) {
	all := map[string]nn.Tensor{}
	var twice string
	add := func(key string, t nn.Tensor) {
		if _, ok := all[key]; ok {
			twice = key
		}
		all[key] = t
	}
	writer := map[string]int{} // the layer that wrote a blob last: many write over their input
	scaled := map[int]bool{}   // normalisations whose scale is known
	for i, l := range r.layers {
		before, ok := writer[l.bottom]
		writer[l.top] = i
		switch n := len(l.blobs); {
		case (l.kind == "Convolution" || l.kind == "InnerProduct") && (n == 1 || n == 2):
			add(l.name+".weight", matrix(l.blobs[0], l.kind))
			if n == 2 {
				add(l.name+".bias", vector(l.blobs[1]))
			}
		case l.kind == "BatchNorm" && (n == 3 || n == 5):
			mean, variance, err := r.statistics(l)
			if err != nil {
				return nil, err
			}
			add(l.name+".mean", mean)
			add(l.name+".variance", variance)
			if n == 5 { // NVIDIA's Caffe keeps scale and shift with the statistics
				add(l.name+".weight", vector(l.blobs[3]))
				add(l.name+".bias", vector(l.blobs[4]))
				scaled[i] = true
			}
		case l.kind == "Scale" && (n == 1 || n == 2) && ok && r.layers[before].kind == "BatchNorm" && !scaled[before]:
			norm := r.layers[before]
			scaled[before] = true
			add(norm.name+".weight", vector(l.blobs[0]))
			shift := nn.NewTensor(len(l.blobs[0].Data()))
			if n == 2 {
				shift = vector(l.blobs[1])
			}
			add(norm.name+".bias", shift)
		default:
			for k, t := range l.blobs {
				add(fmt.Sprintf("%s.%s.%d", l.name, l.kind, k), t)
			}
		}
	}
	for i, l := range r.layers {
		if mean, ok := all[l.name+".mean"]; ok && l.kind == "BatchNorm" && !scaled[i] { // it neither scales nor shifts
			one := nn.NewTensor(len(mean.Data()))
			for k := range one.Data() {
				one.Data()[k] = 1
			}
			add(l.name+".weight", one)
			add(l.name+".bias", nn.NewTensor(len(mean.Data())))
		}
	}
	switch {
	case twice != "":
		return nil, r.damaged("it has %s twice", twice)
	case len(all) == 0:
		return nil, fault.New("model.caffe.none", "%s holds no weights. Choose the .caffemodel file that a training with Caffe has written.", r.file)
	}
	return all, nil
}

// statistics are mean and variance of a normalisation. Caffe keeps sums that it fades, and by how much in a third blob.
func (r *caffeReader) statistics(l caffeLayer) (mean, variance nn.Tensor, err error) {
	mean, variance = vector(l.blobs[0]), vector(l.blobs[1])
	if len(mean.Data()) != len(variance.Data()) || len(l.blobs[2].Data()) != 1 {
		return mean, variance, r.damaged("the statistics of %s do not belong together", l.name)
	}
	factor := float64(l.blobs[2].Data()[0])
	if factor != 0 {
		factor = 1 / factor // of sums of nothing remain zeros, as in Caffe
	}
	for i := range mean.Data() {
		mean.Data()[i] = float32(float64(mean.Data()[i]) * factor)
		variance.Data()[i] = float32(float64(variance.Data()[i]) * factor)
		if v := mean.Data()[i] + variance.Data()[i]; v-v != 0 {
			return mean, variance, r.damaged("the statistics of %s are no numbers", l.name)
		}
	}
	return mean, variance, nil
}

// matrix gives weights the shape of ours: older files write a matrix as four dimensions.
func matrix(t nn.Tensor, kind string) nn.Tensor {
	if s := t.Shape(); kind == "InnerProduct" && len(s) == 4 && s[0] == 1 && s[1] == 1 {
		return t.Reshape(s[2:]...)
	}
	return t
}

// vector gives a list of numbers one dimension: older files write four.
func vector(t nn.Tensor) nn.Tensor {
	for _, d := range t.Shape() {
		if d == len(t.Data()) { // the others are 1
			return t.Reshape(d)
		}
	}
	return t
}
