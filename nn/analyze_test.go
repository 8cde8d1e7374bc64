package nn

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/fault"
)

// standardSpec returns a standard network for the data that it was made for.
func standardSpec(t *testing.T, name string) Spec {
	t.Helper()
	s, err := Standard(name, StandardInput(name), StandardClasses(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// change is a mistake that a person makes with LeNet.
type change func(*Spec)

func set(layer, key string, v float64) change {
	return func(s *Spec) { i := s.Layer(layer); s.Layers[i] = s.Layers[i].With(key, Num(v)) }
}

func inputs(layer string, names ...string) change {
	return func(s *Spec) { s.Layers[s.Layer(layer)].Inputs = names }
}

func join(typ string, from ...string) change {
	return func(s *Spec) {
		i := s.Layer("ip1")
		s.Layers = append(s.Layers[:i:i], append([]Layer{{Name: "join", Type: typ, Inputs: from}}, s.Layers[i:]...)...)
		s.Layers[i+1].Inputs = []string{"join"}
	}
}

func all(changes ...change) change {
	return func(s *Spec) {
		for _, c := range changes {
			c(s)
		}
	}
}

var mistakes = []struct {
	name   string
	change change
	code   string
	layer  string // that the problem names
	fix    string // code of the repair, "" where a person must decide
}{
	{"cut", inputs("conv2"), "nn.input.missing", "conv2", "connect"},
	{"the first is cut", inputs("conv1"), "nn.input.missing", "conv1", "connect"},
	{"a join with one input", all(join("concat", "pool2"), func(s *Spec) {
		i := s.Layer("join")
		s.Layers = slices.Insert(s.Layers, i, Layer{Name: "relu0", Type: "relu", Inputs: []string{"pool2"}})
	}), "nn.input.missing", "join", "connect"},
	{"a join with nothing of its size", join("concat", "pool1"), "nn.input.missing", "join", ""},
	{"a join with nothing else to join", join("concat", "pool2"), "nn.input.missing", "join", ""},
	{"two inputs", inputs("conv2", "pool1", "conv1"), "nn.input.many", "conv2", ""},
	{"unknown input", inputs("conv2", "nowhere"), "nn.input.unknown", "conv2", ""},
	{"circle", inputs("conv1", "relu1"), "nn.circle", "conv1", ""},
	{"its own input", inputs("relu1", "relu1"), "nn.circle", "relu1", ""},
	{"listed before a circle that it follows", all(inputs("conv1", "pool2"), inputs("conv2", "conv2")), "nn.circle", "conv2", ""},
	{"after the loss", func(s *Spec) {
		s.Layers = append(s.Layers, Layer{Name: "late", Type: "relu", Inputs: []string{"loss"}})
	}, "nn.loss.middle", "late", ""},
	{"large kernel", set("conv1", "kernel", 29), "nn.kernel.large", "conv1", "set-kernel"},
	{"large dilated kernel", all(set("conv2", "dilation", 4), set("conv2", "kernel", 5)), "nn.kernel.large", "conv2", "set-kernel"},
	{"large window", set("pool2", "kernel", 9), "nn.kernel.large", "pool2", "set-kernel"},
	{"large padded window", all(set("pool2", "kernel", 40), set("pool2", "pad", 10)), "nn.kernel.large", "pool2", "set-kernel-pad"},
	{"a window that leaves no room for the next", set("conv1", "kernel", 50), "nn.kernel.large", "conv1", "set-kernel"},
	{"groups of channels", set("conv2", "groups", 25), "nn.groups.divide", "conv2", "set-groups"},
	{"groups of filters", set("conv2", "groups", 4), "nn.groups.divide", "conv2", "set-groups"},
	{"padding of pooling", set("pool1", "pad", 2), "nn.pool.pad", "pool1", "set-pad"},
	{"outputs", set("ip2", "outputs", 7), "nn.outputs.classes", "ip2", "set-outputs"},
	{"loss of something else", inputs("loss", "relu1"), "nn.outputs.classes", "relu1", "insert-dense"},
	{"no loss after an image", func(s *Spec) { s.Layers = s.Layers[:4] }, "nn.loss.none", "pool2", "add-loss"},
	{"no loss", func(s *Spec) { s.Layers = s.Layers[:7] }, "nn.loss.none", "ip2", "add-loss"},
	{"empty", func(s *Spec) { s.Layers = nil }, "nn.empty", "", ""},
	{"no weights", func(s *Spec) {
		s.Input = Shape{10, 1, 1}
		s.Layers = []Layer{{Name: "loss", Type: "softmax-loss", Inputs: []string{Data}}}
	}, "nn.weights.none", "", ""},
	{"loss of an image", inputs("loss", "pool2"), "nn.loss.image", "loss", "insert-dense"},
	{"loss of an image of the input's size", func(s *Spec) {
		set("conv1", "pad", 2)(s)
		s.Layers = append(s.Layers, Layer{Name: "tanh", Type: "tanh", Inputs: []string{"conv1"}}, Layer{Name: "places", Type: "softmax-loss", Inputs: []string{"tanh"}})
	}, "nn.outputs.classes", "tanh", "insert-convolution"},
	{"loss of a convolution of the input's size", func(s *Spec) {
		set("conv1", "pad", 2)(s)
		s.Layers = append(s.Layers, Layer{Name: "places", Type: "softmax-loss", Inputs: []string{"conv1"}})
	}, "nn.outputs.classes", "conv1", "set-filters"},
	{"another loss of an image", func(s *Spec) { s.Layers[7].Type = "hinge-loss"; inputs("loss", "pool2")(s) }, "nn.loss.image", "loss", "insert-dense"},
	{"padding that cuts everything off", func(s *Spec) {
		s.Layers = slices.Insert(s.Layers, 4, Layer{Name: "up", Type: "deconvolution", Inputs: []string{"pool2"}, Settings: map[string]Value{"filters": Num(3), "pad": Num(5)}})
		s.Layers[5].Inputs = []string{"up"}
	}, "nn.deconvolution.pad", "up", "set-pad"},
	{"crop to something larger", join("crop", "pool2", "pool1"), "nn.crop.small", "join", "exchange-inputs"},
	{"crop beyond the edge", func(s *Spec) {
		join("crop", "pool1", "pool2")(s)
		s.Layers[s.Layer("join")].Settings = map[string]Value{"align": Word("offset"), "offset-h": Num(9)}
	}, "nn.crop.offset", "join", "set-align-centre"},
	{"maps that are not there", func(s *Spec) {
		s.Layers = slices.Insert(s.Layers, 4, Layer{Name: "some", Type: "slice", Inputs: []string{"pool2"}, Settings: map[string]Value{"to": Num(51)}})
		s.Layers[5].Inputs = []string{"some"}
	}, "nn.slice.range", "some", "set-all-channels"},
	{"maps that end before they begin", func(s *Spec) {
		s.Layers = slices.Insert(s.Layers, 4, Layer{Name: "some", Type: "slice", Inputs: []string{"pool2"}, Settings: map[string]Value{"from": Num(7), "to": Num(7)}})
		s.Layers[5].Inputs = []string{"some"}
	}, "nn.slice.range", "some", "set-all-channels"},
	{"large rectangular kernel", set("conv1", "kernel-w", 29), "nn.kernel.large", "conv1", "set-kernel"},
	{"padding of pooling on one side", set("pool1", "pad-right", 2), "nn.pool.pad", "pool1", "set-pad"},
	{"joined maps of different sizes", join("concat", "pool1", "pool2"), "nn.concat.size", "join", ""},
	{"sum of different shapes", join("add", "pool1", "pool2"), "nn.add.shape", "join", ""},
	{"unknown type", func(s *Spec) { s.Layers[1].Type = "pond" }, "nn.type.unknown", "pool1", ""},
	{"twice", func(s *Spec) { s.Layers[2].Name = "conv1" }, "nn.name.twice", "conv1", ""},
	{"called as the input", func(s *Spec) { s.Layers[2].Name = Data }, "nn.name.twice", Data, ""},
	{"range", set("conv1", "stride", 0), "nn.setting.range", "conv1", ""},
	{"unknown setting", set("conv1", "sides", 6), "nn.setting.unknown", "conv1", ""},
	{"no input size", func(s *Spec) { s.Input.H = 0 }, "nn.input.bounds", "", ""},
	{"huge input", func(s *Spec) { s.Input = Shape{16384, 16384, 16384} }, "nn.input.bounds", "", ""},
	{"huge output", func(s *Spec) {
		s.Input = Shape{1, 4000, 4000}
		set("conv1", "filters", 65536)(s)
	}, "nn.layer.huge", "conv1", ""},
	{"huge weights", func(s *Spec) {
		s.Input = Shape{1, 4000, 4000}
		set("ip1", "outputs", 1<<20)(s)
	}, "nn.weights.huge", "ip1", ""},
}

func TestProblems(t *testing.T) {
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			s := standardSpec(t, "lenet")
			c.change(&s)
			r := Analyze(s, 8)
			if len(r.Problems) == 0 {
				t.Fatal("no problem is told")
			}
			p := r.Problems[0]
			if p.Fault.Code != c.code || p.Layer != c.layer {
				t.Errorf("told of %q as %s: %v", p.Layer, p.Fault.Code, p.Fault)
			}
			if c.layer != "" && !strings.Contains(p.Fault.Sentence(), c.layer) && c.code != "nn.type.unknown" {
				t.Errorf("the sentence does not name %s: %s", c.layer, p.Fault.Sentence())
			}
			if _, err := Compile(s, Options{Batch: 2, Training: true}); err == nil {
				t.Error("the network is compiled all the same")
			}
			if (p.Fix != nil) != (c.fix != "") {
				t.Fatalf("there is a repair: %v", p.Fix != nil)
			}
			if p.Fix != nil {
				if p.Fix.Code != c.fix {
					t.Errorf("the repair is %s", p.Fix.Code)
				}
				cures(t, s, p)
			}
		})
	}
}

// cures tests that the repair of the only mistake leaves a network that works, in one click, and the spec that it was given as it was.
func cures(t *testing.T, s Spec, p Problem) {
	t.Helper()
	before := string(s.JSON())
	mended := p.Fix.Apply(s)
	if string(s.JSON()) != before {
		t.Error("the repair changes the spec that it was given")
	}
	if problems := Analyze(mended, 8).Problems; len(problems) > 0 {
		t.Fatalf("%v leaves a problem: %v", p.Fix.Args, problems[0].Fault)
	}
	if _, err := Compile(mended, Options{Batch: 2, Training: true}); err != nil {
		t.Error(err)
	}
}

// The largest window that fits conv1 leaves one place, and pool1 finds no room: that only moves the error.
func TestRepairsDoNotMoveTheError(t *testing.T) {
	s := standardSpec(t, "lenet")
	set("conv1", "kernel", 50)(&s)
	if got := fmt.Sprint(Analyze(s, 1).Problems[0].Fix.Args); got != "[conv1 5]" {
		t.Errorf("the repair sets %s", got)
	}
	// Of two mistakes the first hides the second: the repair of the first is offered, and then that of the second.
	set("ip2", "outputs", 7)(&s)
	for _, layer := range []string{"conv1", "ip2"} {
		p := Analyze(s, 1).Problems[0]
		if p.Layer != layer || p.Fix == nil {
			t.Fatalf("%s: a repair of %s is awaited: %v", layer, p.Layer, p.Fault)
		}
		s = p.Fix.Apply(s)
	}
	if problems := Analyze(s, 1).Problems; len(problems) > 0 {
		t.Error(problems[0].Fault)
	}
}

// A window of 5 with dilation 4 covers 17 places: the sentence must tell that, not 5.
func TestLargeDilatedKernelTellsWhatItCovers(t *testing.T) {
	s := standardSpec(t, "lenet")
	set("conv2", "dilation", 4)(&s)
	p := Analyze(s, 1).Problems[0]
	if text := p.Fault.Sentence(); !strings.Contains(text, "17×17") || !strings.Contains(text, "12×12") {
		t.Error(text)
	}
	if got := fmt.Sprint(p.Fix.Args); got != "[conv2 3]" { // 3 places, 4 apart, cover 9 of 12; 4 would cover 13
		t.Errorf("the repair sets %s", got)
	}
}

func TestBothLanguagesKnowEveryRepair(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		b, err := os.ReadFile("../resources/translations/network." + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		for _, c := range mistakes {
			if c.fix == "" {
				continue
			}
			s := standardSpec(t, "lenet")
			c.change(&s)
			fix := Analyze(s, 8).Problems[0].Fix
			text, ok := texts["fix."+fix.Code]
			if !ok {
				t.Errorf("%s: there is no text for fix.%s", language, fix.Code)
			} else if said := fmt.Sprintf(text, fix.Args...); strings.Contains(said, "%!") {
				t.Errorf("%s: %s", language, said)
			}
		}
	}
}

// Several losses are allowed: GoogLeNet has three. All layers count, also those that only one of them needs.
func TestTwoLosses(t *testing.T) {
	s := standardSpec(t, "lenet")
	s.Layers = append(
		s.Layers,
		Layer{Name: "aux", Type: "fully-connected", Inputs: []string{"pool1"}},
		Layer{Name: "auxloss", Type: "softmax-loss", Inputs: []string{"aux"}, Settings: map[string]Value{"weight": Num(.3)}},
	)
	r := Analyze(s, 4)
	if len(r.Problems) > 0 {
		t.Fatal(r.Problems[0].Fault)
	}
	if want := int64(431_080 + 20*12*12*10 + 10); r.Parameters != want {
		t.Errorf("%d parameters, not %d", r.Parameters, want)
	}
}

// LeNet's costs, reckoned by hand.
func TestCosts(t *testing.T) {
	s := standardSpec(t, "lenet")
	r := Analyze(s, 64)
	for name, want := range map[string]int64{"conv1": 20 * 24 * 24 * 25, "conv2": 50 * 8 * 8 * 20 * 25, "ip1": 800 * 500, "ip2": 500 * 10} {
		if got := r.Layers[s.Layer(name)].MultiplyAdds; got != want {
			t.Errorf("%s: %d multiply-adds, not %d", name, got, want)
		}
	}
	var memory, parameters int64
	for _, l := range r.Layers {
		memory += l.MemoryBytes
		parameters += l.Parameters
		var sum int64
		for _, n := range l.Weights {
			sum += n
		}
		if sum != l.Parameters {
			t.Errorf("%s: its blobs have %d numbers, not %d", l.Name, sum, l.Parameters)
		}
	}
	if parameters != r.Parameters || memory+64*28*28*4 != r.MemoryBytes {
		t.Errorf("the whole is not the sum of the layers: %d of %d parameters, %d of %d bytes", parameters, r.Parameters, memory, r.MemoryBytes)
	}
	if one := Analyze(s, 1).MemoryBytes; one >= r.MemoryBytes || one < 12*r.Parameters {
		t.Errorf("%d bytes with one sample, %d with 64", one, r.MemoryBytes)
	}
}

// Layers may be listed in any order; Order says which comes first.
func TestOrderFollowsTheWires(t *testing.T) {
	s := standardSpec(t, "lenet")
	for i, j := 0, len(s.Layers)-1; i < j; i, j = i+1, j-1 {
		s.Layers[i], s.Layers[j] = s.Layers[j], s.Layers[i]
	}
	r := Analyze(s, 1)
	if len(r.Problems) > 0 {
		t.Fatal(r.Problems[0].Fault)
	}
	done := map[string]bool{Data: true}
	for _, i := range r.Order {
		for _, from := range s.Layers[i].Inputs {
			if !done[from] {
				t.Errorf("%s comes before %s", s.Layers[i].Name, from)
			}
		}
		done[s.Layers[i].Name] = true
	}
	if len(r.Order) != len(s.Layers) || r.Parameters != 431_080 {
		t.Errorf("%d of %d layers, %d parameters", len(r.Order), len(s.Layers), r.Parameters)
	}
}

func TestNoLossIsNeededForUse(t *testing.T) {
	s := standardSpec(t, "lenet")
	s.Layers = s.Layers[:7]
	if _, err := Compile(s, Options{Batch: 1}); err != nil {
		t.Error(err)
	}
	if _, err := Compile(s, Options{Batch: 1, Training: true}); fault.Code(err) != "nn.loss.none" {
		t.Errorf("for training: %v", err)
	}
}
