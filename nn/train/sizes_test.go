package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// sizes is a data set of two classes, striped across and along, in images of many sizes that are kept.
func sizes(t *testing.T) *data.Dataset {
	t.Helper()
	source := t.TempDir()
	for i := range 60 {
		w, h := 20+i%7, 18+i%5
		img := image.NewGray(image.Rect(0, 0, w, h))
		for at := range img.Pix {
			if stripe := []int{at % w * 4 / w, at / w * 4 / h}[i%2]; stripe%2 == i/2%2 {
				img.Pix[at] = 200
			}
		}
		var b bytes.Buffer
		folder := filepath.Join(source, []string{"across", "along"}[i%2])
		err := errors.Join(png.Encode(&b, img), os.MkdirAll(folder, 0o777))
		if err := errors.Join(err, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d.png", i)), b.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	o := imports.Default()
	o.Max, o.Resize = imports.KeepSize, data.Fill
	folder := filepath.Join(t.TempDir(), "sizes")
	if _, err := imports.Import(context.Background(), source, folder, o, nil); err != nil {
		t.Fatal(err)
	}
	return set(t, folder)
}

// Images of different sizes are fitted to the network, in training, evaluation and use in the same way.
func TestTrainingOnImagesOfDifferentSizes(t *testing.T) {
	d := sizes(t)
	j := job(t, d, quick(12))
	j.Spec.Input, j.Spec.Classes = nn.Shape{C: 1, H: 20, W: 24}, 2
	j.Config.Augment = data.Augmentation{Shift: 1}
	must(context.Background(), t, j, nil)
	m, err := model.Load(j.Folder, "")
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Pre; p.Width != 24 || p.Height != 20 || p.Resize != data.Fill || p.Mean != model.MeanPixel || len(p.MeanPixel) != 1 {
		t.Errorf("preprocessing %+v", p.Preprocess)
	}
	e, err := Evaluate(context.Background(), m, d, data.Val, cpu(t, 1), nil)
	if err != nil || e.Images != 15 || len(e.Wrong()) > 1 {
		t.Errorf("%+v, %v", e, err)
	}
	px, err := d.Pixels(3)
	if err != nil {
		t.Fatal(err)
	}
	trained := make([]float32, m.Pre.Len())
	m.Pre.Tensor(m.Pre.Fit(px), trained)
	if _, used := m.Pre.Image(px.Image()); !slices.Equal(trained, used) {
		t.Error("an image is fitted in another way in training than in use")
	}
	j.Config.Crop, j.Force = 8, true
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "train.crop.sizes" {
		t.Errorf("with a crop: %v", err)
	}
	if list, err := Augmented(d, j.Config, 0); err != nil || len(list) != 1 {
		t.Errorf("%d images, %v", len(list), err)
	}
}
