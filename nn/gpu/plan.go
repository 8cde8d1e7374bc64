package gpu

import (
	"fmt"
	"maps"

	"github.com/convscope/convscope/nn/kernel"
)

// planner turns the operations of a program into passes.
type planner struct {
	p      *kernel.Program
	passes []pass
	words  words
	need   int // numbers of the scratch buffer
}

func (pl *planner) add(p ...pass) { pl.passes = append(pl.passes, p...) }

func (pl *planner) shape(id kernel.ID) kernel.Shape { return pl.p.Buffers[id].Shape }

// scratch makes sure that the scratch buffer has so many numbers.
func (pl *planner) scratch(n int) kernel.ID {
	pl.need = max(pl.need, n)
	return scratch
}

// list gives the passes of a list of operations.
func (pl *planner) list(ops []kernel.Op) ([]pass, error) {
	pl.passes = nil
	for _, op := range ops {
		if err := pl.op(op); err != nil {
			return nil, err
		}
	}
	return pl.passes, nil
}

func (pl *planner) op(op kernel.Op) error {
	switch o := op.(type) {
	case kernel.Conv:
		pl.convolve(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups, false)
	case kernel.ConvGradInput:
		pl.spread(o.DY, o.W, kernel.None, o.DX, o.Geometry, o.Groups, o.Add)
	case kernel.ConvGradWeights:
		pl.correlate(o.X, o.DY, o.DW, o.Geometry, o.Groups)
		pl.biasGrad(o.DY, o.DB)
	case kernel.Deconv:
		pl.spread(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups, false)
	case kernel.DeconvGradInput:
		pl.convolve(o.DY, o.W, kernel.None, o.DX, o.Geometry, o.Groups, o.Add)
	case kernel.DeconvGradWeights:
		pl.correlate(o.DY, o.X, o.DW, o.Geometry, o.Groups)
		pl.biasGrad(o.DY, o.DB)
	case kernel.Dense:
		pl.dense(o)
	case kernel.DenseGradInput:
		pl.denseGradInput(o)
	case kernel.DenseGradWeights:
		pl.denseGradWeights(o)
	case kernel.Pool:
		pl.pool(o)
	case kernel.PoolGrad:
		pl.poolGrad(o)
	case kernel.LRN:
		pl.lrn(o)
	case kernel.LRNGrad:
		pl.lrnGrad(o)
	case kernel.BatchNorm:
		pl.batchNorm(o)
	case kernel.BatchNormGrad:
		pl.batchNormGrad(o)
	case kernel.Softmax:
		pl.softmax(o.X, o.Y)
	case kernel.SoftmaxGrad:
		pl.softmaxGrad(o)
	case kernel.Update:
		pl.update(o)
	default:
		return pl.pointwise(op)
	}
	return nil
}

// pointwise plans what knows no neighbours, and the losses.
func (pl *planner) pointwise(op kernel.Op) error {
	switch o := op.(type) {
	case kernel.Activation:
		pl.activation(o)
	case kernel.ActivationGrad:
		pl.activationGrad(o)
	case kernel.Dropout:
		pl.dropout(o.X, o.Y, o.Ratio, o.Stream, false)
	case kernel.DropoutGrad:
		pl.dropout(o.DY, o.DX, o.Ratio, o.Stream, o.Add)
	case kernel.Copy:
		pl.copyChannels(o)
	case kernel.Crop:
		pl.crop(o)
	case kernel.CropGrad:
		pl.cropGrad(o)
	case kernel.Upsample:
		pl.upsample(o)
	case kernel.UpsampleGrad:
		pl.upsampleGrad(o)
	case kernel.Sum:
		pl.perSample(o.Y, "$Y[i] = $A[i] + $B[i];", "", names{"A": o.A, "B": o.B, "Y": o.Y}, nil)
	case kernel.SoftmaxLoss:
		pl.softmaxLoss(o)
	case kernel.SoftmaxLossGrad:
		pl.softmaxLossGrad(o)
	case kernel.SquaredLoss:
		pl.pairLoss(o.X, o.T, o.Loss, o.Weight, "(x - t) * (x - t) * 0.5")
	case kernel.SquaredLossGrad:
		pl.pairGrad(o.X, o.T, o.DX, o.Weight, o.Add, "x - t")
	case kernel.AbsoluteLoss:
		pl.pairLoss(o.X, o.T, o.Loss, o.Weight, "abs(x - t)")
	case kernel.AbsoluteLossGrad:
		pl.pairGrad(o.X, o.T, o.DX, o.Weight, o.Add, "sign(x - t)")
	case kernel.SigmoidLoss:
		pl.sigmoidLoss(o)
	case kernel.SigmoidLossGrad:
		pl.pairGrad(o.P, o.T, o.DX, o.Weight, o.Add, "x - t")
	case kernel.HingeLoss:
		pl.pairLoss(o.X, o.T, o.Loss, o.Weight, "max(0.0, 1.0 - (2.0 * t - 1.0) * x)")
	case kernel.HingeLossGrad:
		pl.pairGrad(o.X, o.T, o.DX, o.Weight, o.Add, "select(0.0, 1.0 - 2.0 * t, 1.0 - (2.0 * t - 1.0) * x > 0.0)")
	default:
		return fmt.Errorf("gpu: no shader for %T", op)
	}
	return nil
}

// perSample makes a pass with a thread for each number of a buffer, of the samples of the step.
func (pl *planner) perSample(of kernel.ID, body, functions string, n names, c constants) {
	s := pl.shape(of)
	all := constants{"SAMPLE": s.Sample()}
	maps.Copy(all, c)
	pl.add(each(s.Len(), "samples() * SAMPLE", body, functions, n, all))
}
