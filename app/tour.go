package app

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/train"
)

// shower is a page that reports how much it shows: images, layers, boxes.
type shower interface{ Shown() int }

// tour does the main job in the real window: a sample or a source of images, a network, training, a look inside, detection. It saves a picture of each
// step and returns an error if a step did not do what it should. It runs on a goroutine of its own.
type tour struct {
	w       *shell
	o       Options
	picture int
}

// patience is how long a step may take.
const patience = 4 * time.Minute

// tour performs the tour and closes the window.
func (w *shell) tour(o Options) error {
	t := &tour{w: w, o: o}
	var err error
	if o.Tour != "" {
		if err = os.MkdirAll(o.Tour, 0o777); err == nil {
			err = t.all()
		}
	}
	if o.Latency > 0 && err == nil {
		err = t.latency(o.Latency)
	}
	fyne.Do(w.quit)
	return err
}

// all goes through the steps.
func (t *tour) all() error {
	time.Sleep(time.Second) // the first frames
	steps := []struct {
		name string
		do   func() error
	}{
		{"start", t.start},
		{"data", t.data},
		{"network", t.network},
		{"training", t.training},
		{"trained", t.trained},
		{"inspect", t.inspect},
		{"filters", t.filters},
		{"detect", t.detect},
		{"sigmoid-relu", t.vanishing},
		{"seeds", t.seeds},
		{"compared", t.compare},
		{"memorised", t.memorise},
		{"scenes", t.scenes},
		{"u-net", t.unet},
		{"learned-pixels", t.learnPixels},
		{"evaluated", t.evaluated},
		{"segmented", t.segmented},
		{"dark-korean", t.darkKorean},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return errors.Join(fmt.Errorf("the tour failed at %q: %w", s.name, err), t.save("failed-"+s.name))
		}
		if err := t.save(s.name); err != nil {
			return err
		}
		fmt.Printf("tour: %s\n", s.name)
	}
	return nil
}

// on does something on the window's goroutine and waits for it.
func (t *tour) on(do func()) { fyne.DoAndWait(do) }

// until waits for something to be so, as the window's goroutine sees it.
func (t *tour) until(what string, is func(*session.State) (bool, error)) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var done bool
		var err error
		t.on(func() { done, err = is(t.w.state) })
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%s did not come within %s", what, patience)
}

// tab shows a tab.
func (t *tour) tab(key string) {
	t.on(func() { t.w.Go(key) })
}

// shownBy waits until the tab in sight shows at least n things.
func (t *tour) shownBy(what string, n int) error {
	return t.until(what, func(s *session.State) (bool, error) {
		p, ok := t.w.pages[t.w.current].(shower)
		return ok && p.Shown() >= n, failed(s)
	})
}

// failed returns the first error that the session reported.
func failed(s *session.State) error {
	for _, n := range s.Notices {
		if n.Err != nil {
			return n.Err
		}
	}
	return nil
}

// save writes what the window shows.
func (t *tour) save(name string) error {
	time.Sleep(400 * time.Millisecond) // thumbnails arrive, the frame is drawn
	var img image.Image
	var err error
	t.on(func() { img, err = windowPicture(t.w.win) })
	if err != nil {
		return err
	}
	if blank(img) {
		return fmt.Errorf("the picture of %q has one colour only: the window was not drawn", name)
	}
	t.picture++
	path := filepath.Join(t.o.Tour, fmt.Sprintf("%d-%s.png", t.picture, name))
	return disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}

// blank reports whether a picture has one colour only.
func blank(img image.Image) bool {
	b := img.Bounds()
	first := img.At(b.Min.X, b.Min.Y)
	for y := b.Min.Y; y < b.Max.Y; y += 7 {
		for x := b.Min.X; x < b.Max.X; x += 7 {
			if img.At(x, y) != first {
				return false
			}
		}
	}
	return true
}

func (t *tour) start() error {
	return t.until("the empty workspace", func(s *session.State) (bool, error) { return !s.Loading, failed(s) })
}

// data takes the sample, or imports the source.
func (t *tour) data() error {
	if t.o.Dataset == "" {
		t.on(func() { t.w.session.ImportSample("digits", data.Classification) })
	} else {
		found, err := imports.Recognize(context.Background(), t.o.Dataset)
		if err != nil {
			return err
		}
		o := imports.Default()
		if !found.Alike || max(found.Width, found.Height) > 64 { // a tour is not a long training
			o.Width, o.Height = 32, 32
		}
		t.on(func() { t.w.session.Import(t.o.Dataset, t.w.session.NameFor(t.o.Dataset), o) })
	}
	err := t.until("the data set", func(s *session.State) (bool, error) { return s.ChosenDataset() != nil && s.Import == nil, failed(s) })
	if err != nil {
		return err
	}
	return t.shownBy("the grid", 2)
}

// network chooses LeNet and checks that it fits the data.
func (t *tour) network() error {
	t.on(func() { t.w.session.ChooseNetwork("lenet") })
	t.tab("network")
	return t.until("the network", func(s *session.State) (bool, error) {
		n := s.ChosenNetwork()
		return n != nil && n.Name == "lenet" && n.Spec.Classes == len(s.ChosenDataset().Info.Classes), failed(s)
	})
}

// training starts a short run and waits until it is seen to learn.
func (t *tour) training() error {
	t.tab("train")
	var err error
	t.on(func() {
		c := train.DefaultsFor(t.w.state.ChosenNetwork().Spec)
		c.Epochs = 10
		_, err = t.w.session.Train(c)
	})
	if err != nil {
		return err
	}
	return t.until("the third epoch", func(s *session.State) (bool, error) {
		c := s.Curves[s.Run]
		if s.Training == nil && c != nil && len(c.Epochs) > 0 {
			return true, failed(s)
		}
		return c != nil && len(c.Epochs) >= 3 && s.Training.Probe != nil, failed(s)
	})
}

// trained waits for the end of the run and checks that it learned.
func (t *tour) trained() error {
	err := t.until("the end of the run", func(s *session.State) (bool, error) { return s.Training == nil && s.ChosenRun() != nil, failed(s) })
	if err != nil {
		return err
	}
	t.on(func() {
		r := t.w.state.ChosenRun()
		e := r.Info.Epochs
		switch {
		case r.Info.State != train.Finished:
			err = fmt.Errorf("the run ended as %q", r.Info.State)
		case len(e) < 2 || !(e[len(e)-1].TrainLoss < e[0].TrainLoss):
			err = errors.New("the loss did not fall")
		case t.o.Dataset == "" && !(r.Info.Best > .9):
			err = fmt.Errorf("the run tells only %.1f %% of the digits", 100*r.Info.Best)
		}
	})
	return err
}

func (t *tour) inspect() error {
	t.tab("inspect")
	return t.shownBy("the layers", 3)
}

// filters shows the filters of the first convolution.
func (t *tour) filters() error {
	t.on(func() {
		if p, ok := t.w.pages[t.w.current].(interface{ ShowFilters() }); ok {
			p.ShowFilters()
		}
	})
	return nil
}

// detect drops a photo on the window and waits for boxes.
func (t *tour) detect() error {
	t.tab("detect")
	photo, err := t.photo()
	if err != nil {
		return err
	}
	t.on(func() { t.w.dropped([]string{photo}) })
	return t.shownBy("boxes", 1)
}

// photo writes a photo of the sample's things, or one with images of the source in it.
func (t *tour) photo() (string, error) {
	path := filepath.Join(t.w.session.Home(), "photo.png")
	img, err := samples.Photo("digits", 480, 360, 3)
	if t.o.Dataset != "" {
		img, err = t.collage()
	}
	if err != nil {
		return "", err
	}
	return path, disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}

// collage puts six images of the data set on grey.
func (t *tour) collage() (image.Image, error) {
	d, err := t.w.session.Data(t.w.session.State().Dataset)
	if err != nil {
		return nil, err
	}
	info, index := d.Info(), d.Index()
	w, h := info.Width, info.Height
	out := image.NewRGBA(image.Rect(0, 0, 5*w, 4*h))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
	for i := range 6 {
		px, err := d.Pixels(index[i*len(index)/6].ID)
		if err != nil {
			return nil, err
		}
		x, y := w/2+i%3*(w+w/2), h/2+i/3*(h+h/2)
		draw.Draw(out, image.Rect(x, y, x+w, y+h), px.Image(), image.Point{}, draw.Src)
	}
	return out, nil
}

// darkKorean shows the curves in the dark theme and in Korean.
func (t *tour) darkKorean() error {
	t.on(func() {
		if !t.w.dark {
			t.w.switchTheme()
		}
		t.w.setLanguage("ko")
		t.w.Go("train")
	})
	return t.until("Korean", func(s *session.State) (bool, error) {
		return t.w.text.Language == "ko" && t.w.text.Has("tab.train"), failed(s)
	})
}
