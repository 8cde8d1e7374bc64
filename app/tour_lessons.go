package app

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// The lessons of the course that are told by curves: why gradients vanish, why the loss differs from run to run, what it is to learn by heart.

// comparer is a page that lays runs over each other: the name of a run, or "*" for all seeds of the chosen one. It shows many in a table too.
type comparer interface {
	Compare(versus string)
	ShowComparison(on bool)
}

// run trains the chosen network with each configuration and waits for the end of all.
func (t *tour) run(configs ...train.Config) error {
	var err error
	runs := 0
	t.on(func() { runs, err = len(t.w.state.Runs)+len(configs), t.w.session.Enqueue(configs) })
	if err != nil {
		return err
	}
	return t.until("the end of the runs", func(s *session.State) (bool, error) {
		return len(s.Runs) == runs && s.Training == nil && len(s.Waiting) == 0 && s.ChosenRun() != nil && s.ChosenRun().Info.State == train.Finished, failed(s)
	})
}

// comparing does something with the page that compares runs.
func (t *tour) comparing(do func(comparer)) {
	t.on(func() {
		if p, ok := t.w.pages[t.w.current].(comparer); ok {
			do(p)
		}
	})
}

// over lays a run over the chosen one.
func (t *tour) over(versus string) { t.comparing(func(p comparer) { p.Compare(versus) }) }

// compare shows the runs so far in a table, and those with the seeds as a band.
func (t *tour) compare() error {
	t.comparing(func(p comparer) { p.ShowComparison(true) })
	return t.until("the curves of all runs", func(s *session.State) (bool, error) { return len(s.Curves) == len(s.Runs), failed(s) })
}

// found asks that what the chosen run told says something, or, with wanted false, that it does not.
func (t *tour) found(code string, wanted bool) error {
	var folder string
	t.on(func() { folder = t.w.state.ChosenRun().Folder })
	info, err := train.ReadRun(folder)
	if err != nil {
		return err
	}
	events, err := train.ReadEvents(folder)
	if err != nil {
		return err
	}
	for _, f := range train.Diagnose(train.HistoryOf(info, events)) {
		if f.Code == code {
			if wanted {
				return nil
			}
			return fmt.Errorf("of %s it says %+v", info.Spec.Name, f)
		}
	}
	if wanted {
		return fmt.Errorf("of %s it does not say %q", info.Spec.Name, code)
	}
	return nil
}

// deep is a network of ten fully connected layers with a kind of activation between them.
func deep(activation string, in nn.Shape, classes int) nn.Spec {
	s := nn.Spec{Format: nn.Format, Name: "10 × " + activation, Input: in, Classes: classes}
	from := nn.Data
	add := func(name, typ string, settings map[string]nn.Value) {
		s.Layers = append(s.Layers, nn.Layer{Name: name, Type: typ, Inputs: []string{from}, Settings: settings})
		from = name
	}
	for i := 1; i < 10; i++ {
		add(fmt.Sprintf("ip%d", i), "fully-connected", map[string]nn.Value{"outputs": nn.Num(64), "filler": nn.Word("msra")})
		add(fmt.Sprintf("%s%d", activation, i), activation, nil)
	}
	add("ip10", "fully-connected", nil)
	add("loss", "softmax-loss", nil)
	return s
}

// vanishing trains ten layers with sigmoids and the same with ReLUs, and lays one over the other.
func (t *tour) vanishing() error {
	t.tab("train")
	var sigmoids string
	for _, activation := range []string{"sigmoid", "relu"} {
		var c train.Config
		t.on(func() {
			d := t.w.state.ChosenDataset().Info
			spec := deep(activation, nn.Shape{C: d.Channels, H: d.Height, W: d.Width}, len(d.Classes))
			t.w.session.ChooseNetwork(t.w.session.SaveNetwork(spec.Name, spec))
			c = train.DefaultsFor(spec)
			c.Epochs, c.Policy, c.Rate = 6, "fixed", .02
		})
		if err := t.until("the network", func(s *session.State) (bool, error) {
			n := s.ChosenNetwork()
			return n != nil && n.Spec.Layer(activation+"1") >= 0, failed(s)
		}); err != nil {
			return err
		}
		if err := t.run(c); err != nil {
			return err
		}
		if err := t.found(train.FindVanishing, activation == "sigmoid"); err != nil {
			return err
		}
		if activation == "sigmoid" {
			t.on(func() { sigmoids = t.w.state.Run })
			if err := t.save("vanishing"); err != nil {
				return err
			}
		}
	}
	t.over(sigmoids)
	return nil
}

// seeds trains LeNet with several seeds and lays them over each other as a band.
func (t *tour) seeds() error {
	var configs []train.Config
	t.on(func() {
		t.w.session.ChooseNetwork("lenet")
		c := train.Defaults()
		c.Epochs = 4
		for seed := range 4 {
			c.Seed = uint64(seed + 1)
			configs = append(configs, c)
		}
	})
	if err := t.until("LeNet", func(s *session.State) (bool, error) { return s.Network == "lenet", failed(s) }); err != nil {
		return err
	}
	if err := t.run(configs...); err != nil {
		return err
	}
	t.over("*")
	return nil
}

// memorise trains on sixteen images until they are known by heart: two epochs are chance, a hundred are not, and new images show the difference.
func (t *tour) memorise() error {
	folder, err := t.sixteen()
	if err != nil {
		return err
	}
	t.on(func() {
		o := imports.Default()
		t.w.session.Import(folder, t.w.session.NameFor(folder), o)
	})
	err = t.until("sixteen images", func(s *session.State) (bool, error) {
		d := s.ChosenDataset()
		return s.Import == nil && d != nil && d.Info.Counts[data.Train] == 16, failed(s)
	})
	if err != nil {
		return err
	}
	t.comparing(func(p comparer) {
		p.ShowComparison(false)
		p.Compare("")
	})
	c := train.Defaults()
	c.Epochs, c.Batch, c.Policy, c.WeightDecay, c.Rate = 100, 8, "fixed", 0, .001
	if err := t.run(c); err != nil {
		return err
	}
	t.on(func() {
		e := t.w.state.ChosenRun().Info.Epochs
		switch second, last := e[1], e[len(e)-1]; {
		case len(e) != 100:
			err = fmt.Errorf("%d epochs", len(e))
		case known(last.Train) < 1:
			err = fmt.Errorf("after 100 epochs it knows %.0f %% of 16 images", 100*known(last.Train))
		case known(second.Train) > .7:
			err = fmt.Errorf("after two epochs it knows %.0f %% already", 100*known(second.Train))
		case known(last.Val) > .95:
			err = fmt.Errorf("it knows %.0f %% of the images that it never saw", 100*known(last.Val))
		}
	})
	return err
}

// known returns the share of images that were recognised, which decides what is best in classification.
func known(v metric.Values) float64 { return v.Get(metric.Deciding(data.Classification).Key) }

// sixteen writes sixteen images of four classes of the chosen data set for training, and a hundred others for validation, as folders.
func (t *tour) sixteen() (string, error) {
	const trained, validated = 4, 25 // of each class
	d, err := t.w.session.Data(t.w.session.State().Dataset)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(t.w.session.Home(), "sixteen")
	classes := d.Info().Classes
	chosen := []int{0, 1, 2, 3}
	if len(classes) > 9 { // of the digits those that are alike
		chosen = []int{3, 5, 8, 9}
	}
	count := map[int]int{}
	for _, e := range d.Index() {
		class := int(e.Class)
		if !slices.Contains(chosen, class) || count[class] == trained+validated {
			continue
		}
		split := "train"
		if count[class] >= trained {
			split = "val"
		}
		px, err := d.Pixels(e.ID)
		if err != nil {
			return "", err
		}
		to := filepath.Join(folder, split, classes[class])
		if err := os.MkdirAll(to, 0o777); err != nil {
			return "", err
		}
		path := filepath.Join(to, fmt.Sprintf("%d.png", count[class]))
		if err := disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, px.Image()) }); err != nil {
			return "", err
		}
		count[class]++
	}
	for _, class := range chosen {
		if class >= len(classes) || count[class] != trained+validated {
			return "", errors.New("the data set has too few images of four classes")
		}
	}
	return folder, nil
}
