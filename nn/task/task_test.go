package task

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
)

// A network fits a task where it has one output that answers for the places of the task; what does not fit says why.
func TestNetworksFitTasks(t *testing.T) {
	score := nn.Layer{Name: "score", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(1)}}
	half := nn.Layer{Name: "half", Type: "max-pool", Inputs: []string{"score"}}
	whole := nn.Layer{Name: "whole", Type: "global-pool", Inputs: []string{"score"}}
	loss := func(name, of string) nn.Layer {
		return nn.Layer{Name: name, Type: "softmax-loss", Inputs: []string{of}}
	}
	for _, c := range []struct {
		what    string
		task    data.Task
		layers  []nn.Layer
		outputs []string
		code    string
	}{
		{"a class for the image", data.Classification, []nn.Layer{score, whole, loss("loss", "whole")}, nil, ""},
		{"a class for each pixel", data.Segmentation, []nn.Layer{score, loss("loss", "score")}, nil, ""},
		{"pixels for the image", data.Classification, []nn.Layer{score, loss("loss", "score")}, nil, "task.fit.image"},
		{"the image for pixels", data.Segmentation, []nn.Layer{score, whole, loss("loss", "whole")}, nil, "task.fit.vector"},
		{"half the pixels", data.Segmentation, []nn.Layer{score, half, loss("loss", "half")}, nil, "task.fit.size"},
		{"another loss at half the pixels", data.Segmentation, []nn.Layer{score, half, loss("other", "half"), loss("loss", "score")}, []string{"loss"}, "task.fit.size"},
		{"one output of two losses", data.Segmentation, []nn.Layer{score, loss("other", "score"), loss("loss", "score")}, []string{"other"}, ""},
		{"two outputs", data.Segmentation, []nn.Layer{score, loss("other", "score"), loss("loss", "score")}, []string{"other", "loss"}, "task.fit.outputs"},
		{"an output that is no loss", data.Segmentation, []nn.Layer{score, loss("loss", "score")}, []string{"score"}, "task.fit.loss"},
		{"an unknown task", "counting", []nn.Layer{score, loss("loss", "score")}, nil, "task.unknown"},
	} {
		s := nn.Spec{Format: nn.Format, Name: "net", Input: nn.Shape{C: 1, H: 4, W: 6}, Classes: 2, Layers: c.layers, Outputs: c.outputs}
		n, err := nn.Compile(s, nn.Options{Batch: 1, Training: true})
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if err := Fits(c.task, n); fault.Code(err) != c.code || c.code == "" && err != nil {
			t.Errorf("%s: %v, want %q", c.what, err, c.code)
		}
	}
}

// Classes are counted by image or by pixel; void nowhere, and records that were not asked for neither.
func TestClassesAreCounted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for _, task := range []data.Task{data.Classification, data.Segmentation} {
		folder := filepath.Join(t.TempDir(), "shapes")
		if _, err := samples.Import(ctx, "shapes", folder, samples.Options{Task: task, Count: 12, Seed: 1}, nil); err != nil {
			t.Fatal(err)
		}
		d, err := data.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		ids, info := d.Usable(data.Train), d.Info()
		want, void := make([]int64, len(info.Classes)), 0
		for _, id := range ids {
			if task == data.Classification {
				want[d.Index()[id].Class]++
				continue
			}
			truth, err := d.Truth(id)
			if err != nil {
				t.Fatal(err)
			}
			classes, err := truth.ClassMap(info.Width, info.Height, info.Background, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range classes {
				if c == data.Void {
					void++
				} else {
					want[c]++
				}
			}
		}
		last := 0
		got, err := Count(ctx, d, ids, func(done int) { last = done })
		if err != nil || !slices.Equal(got, want) || last != len(ids) || (void > 0) != (task == data.Segmentation) {
			t.Errorf("%s: %v of %d records, want %v; %v", task, got, last, want, err)
		}
		if task == data.Segmentation {
			if _, err := Count(ctx, d, ids, func(int) { stop() }); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		}
	}
}
