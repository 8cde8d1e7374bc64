package session

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/vision"
	"github.com/convscope/convscope/nn/workspace"
)

// withRun1 returns a workspace with a trained run, "run 1", of six classes of shapes.
func withRun1(t *testing.T) workspace.Workspace {
	t.Helper()
	w := space(t)
	if err := os.CopyFS(w.RunPath("run 1"), os.DirFS("../../nn/train/testdata/v1/run")); err != nil {
		t.Fatal(err)
	}
	return w
}

// Predictions need a workspace, a cache of models and the background alone. A run without weights is a fault, of whatever is asked.
func TestPredictions(t *testing.T) {
	w := withRun1(t)
	if err := os.CopyFS(w.RunPath("young"), os.DirFS(w.RunPath("run 1"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.RunPath("young"), model.WeightsFile)); err != nil {
		t.Fatal(err)
	}
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	window := &later{}
	work := newBackground(window.post)
	p := newPredictions(w, work, model.NewCache(cpu, readyModels))
	photo := image.NewRGBA(image.Rect(0, 0, 80, 60))
	for run, code := range map[string]string{"run 1": "", "young": "session.weights.none"} {
		answers := map[string]error{}
		p.Inspect(run, "", photo, func(v *inspect.View, err error) {
			answers["inspect"] = err
			if err == nil && len(v.Layers) == 0 {
				t.Error("no layers are seen")
			}
		})
		p.Filters(run, "conv1", func(f *nn.Tensor, err error) {
			answers["filters"] = err
		})
		p.Detect(run, photo, vision.WindowOptions{Stride: 16}, func(int, int) {}, func(found *vision.Windows, err error) {
			answers["detect"] = err
			if err == nil && found.Count() == 0 {
				t.Error("no windows are seen")
			}
		})
		work.work.Wait()
		window.run()
		if len(answers) != 3 {
			t.Errorf("%s: there are answers to %v", run, answers)
		}
		for what, err := range answers {
			if fault.Code(err) != code {
				t.Errorf("%s: %s: %v", run, what, err)
			}
		}
	}
	snapshot, best := 0, 0
	p.Inspect("young", "1", photo, func(_ *inspect.View, err error) {
		if snapshot++; err != nil { // a snapshot has weights of its own
			t.Error(err)
		}
	})
	p.Detect("run 1", photo, vision.WindowOptions{Stride: 16}, func(int, int) {}, func(*vision.Windows, error) { best++ })
	p.CancelDetect()
	work.work.Wait()
	window.run()
	if snapshot != 1 || best != 0 {
		t.Errorf("a snapshot is answered %d times, what was cancelled %d", snapshot, best)
	}
	work.close()
	if err := p.models.Close(); err != nil {
		t.Error(err)
	}
}
