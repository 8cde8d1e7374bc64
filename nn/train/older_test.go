package train

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

// older copies a run that the last version before format 2 of data sets left, stopped in its second epoch on the reference device, and the data set that it was trained on.
func older(t *testing.T) Job {
	t.Helper()
	folder := t.TempDir()
	for name, from := range map[string]string{"run": "testdata/v1/run", "shapes": "../data/testdata/v1/shapes"} {
		if err := os.CopyFS(filepath.Join(folder, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := data.Open(filepath.Join(folder, "shapes"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return Job{Folder: filepath.Join(folder, "run"), Data: d, Device: kernel.NewReference(), Resume: true}
}

// wholeOlder returns the weights at the end of the same run when that version did not stop it.
func wholeOlder(t *testing.T) map[string]nn.Tensor {
	t.Helper()
	want, _, err := model.LoadWeights("testdata/v1/whole.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// alike reports whether tensors are equal: bit for bit where the compiler does not join products and sums, as on this architecture alone.
func alike(a, b map[string]nn.Tensor) bool {
	if runtime.GOARCH == "amd64" {
		return same(a, b)
	}
	for key, x := range a {
		for i, v := range b[key].Data() {
			if !(math.Abs(float64(x.Data()[i]-v)) < 1e-4) {
				return false
			}
		}
	}
	return len(a) == len(b)
}

func TestRunOfAnOlderVersion(t *testing.T) {
	j := older(t)
	info, err := ReadRun(j.Folder)
	if err != nil {
		t.Fatal(err)
	}
	if info.State != Stopped || info.Iteration != 4 || info.Iterations != 12 || info.PerEpoch != 3 || len(info.Epochs) != 1 || len(info.Labels) != 5 ||
		len(info.Snapshots) != 2 || info.BestEpoch != 1 || info.Config.Epochs != 4 || info.Config.Augment.Shift != 2 {
		t.Errorf("%+v", info)
	}
	result, events := must(context.Background(), t, j, nil)
	if result.Reason != Finished || len(of[Step](events)) != 8 {
		t.Errorf("%+v after %d steps", result, len(of[Step](events)))
	}
	if !alike(wholeOlder(t), weights(t, j.Folder, "last")) {
		t.Error("other weights than of the run that never stopped")
	}
	j.Epochs = 5
	if result, events := must(context.Background(), t, j, nil); result.Reason != Finished || len(of[Step](events)) != 3 {
		t.Errorf("made longer: %+v after %d steps", result, len(of[Step](events)))
	}
}
