package train

import (
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/task"
)

// sizes returns those of a batch of a run.
func (r *run) sizes() data.Sizes { return sizesOf(r.pre, r.codec) }

func sizesOf(pre *model.Preprocessor, codec *task.Codec) data.Sizes {
	return data.Sizes{Image: pre.Len(), Truths: codec.Sizes()}
}

// seen makes the tensors of an epoch's images, and their truths.
func (r *run) seen(epoch int) data.Prepare {
	if r.Config.Augment.IsZero() && r.Config.Crop == 0 {
		return plainly(r.pre, r.codec)
	}
	seen := augmenter(r.pre, r.Config, epoch)
	return func(e data.Entry, px data.Pixels, image []float32, truths [][]float32) error {
		drawn, part := seen(e.ID, r.pre.Fit(px))
		r.pre.TensorOfPart(part, drawn.X, drawn.Y, image)
		see := func(classes []uint16, w, h int) []uint16 { return drawn.ClassMap(r.pre.FitMap(classes, w, h), nil) }
		return r.codec.Encode(e, px.W, px.H, see, truths)
	}
}

// plainly makes the tensors of images as they are, and their truths.
func plainly(pre *model.Preprocessor, codec *task.Codec) data.Prepare {
	return func(e data.Entry, px data.Pixels, image []float32, truths [][]float32) error {
		pre.Tensor(pre.Fit(px), image)
		return codec.Encode(e, px.W, px.H, pre.SeenMap, truths)
	}
}
