package train

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
)

// leaves are the fields of a configuration that are no structs themselves.
func leaves(v reflect.Value, name string, each func(name string, field reflect.Value)) {
	for i := range v.NumField() {
		if f, name := v.Field(i), name+v.Type().Field(i).Name; f.Kind() == reflect.Struct {
			leaves(f, name+".", each)
		} else {
			each(name, f)
		}
	}
}

func TestEveryFieldOfAConfigurationIsASetting(t *testing.T) {
	whole := Defaults()
	texts := func(c Config) (list []string) {
		for _, s := range Settings() {
			list = append(list, s.Text(c))
		}
		return list
	}
	before := texts(whole)
	leaves(reflect.ValueOf(&whole).Elem(), "", func(name string, f reflect.Value) {
		was := reflect.New(f.Type()).Elem()
		was.Set(f)
		switch f.Kind() {
		case reflect.Int:
			f.SetInt(77)
		case reflect.Uint64:
			f.SetUint(math.MaxUint64)
		case reflect.Float64:
			f.SetFloat(.77)
		case reflect.String:
			f.SetString("other")
		case reflect.Bool:
			f.SetBool(!f.Bool())
		default:
			switch v := f.Addr().Interface().(type) {
			case *[]float64:
				*v = []float64{77}
			case *[]string:
				*v = []string{"other"}
			case *map[string]float64:
				*v = map[string]float64{"other": 1}
			default:
				t.Fatalf("%s has the type %s, which this test does not know", name, f.Type())
			}
		}
		if slices.Equal(texts(whole), before) {
			t.Errorf("no setting is the field %s", name)
		}
		f.Set(was)
	})
}

func TestSettingsHaveWhatTheyNeed(t *testing.T) {
	keys, flags := map[string]bool{}, map[string]bool{}
	together := map[string]bool{}
	for _, s := range Settings() {
		if v, ok := s.Values.(Together); ok {
			for _, key := range v.Keys {
				together[key] = true
			}
		}
	}
	for _, s := range Settings() {
		if s.Key == "" || s.Name == "" || keys[s.Key] || s.Flag != "" && flags[s.Flag] {
			t.Errorf("%q (%q, --%s) has no name, or one that another has", s.Key, s.Name, s.Flag)
		}
		keys[s.Key], flags[s.Flag] = true, true
		if (s.Flag == "") != together[s.Key] || s.Flag != "" && s.Help == "" {
			t.Errorf("%s has the flag %q with the help %q", s.Key, s.Flag, s.Help)
		}
	}
}

// beyond returns numbers just outside the limits.
func beyond(n Number) []float64 {
	low, high := math.Nextafter(n.Low, math.Inf(-1)), math.Nextafter(n.High, math.Inf(1))
	if n.Whole {
		low, high = n.Low-1, n.High+1
	}
	list := []float64{low, high, math.NaN(), math.Inf(1), math.Inf(-1)}
	if n.Over {
		list = append(list, n.Low)
	}
	if n.Whole {
		list = append(list, n.Low+.5)
	}
	return list
}

// What can be typed is what the check of a configuration lets pass.
func TestLimitsOfNumbers(t *testing.T) {
	for _, s := range Settings() {
		n, ok := s.Values.(Number)
		if !ok {
			continue
		}
		within := []float64{n.High, n.Low}
		if n.Over {
			within[1] = math.Nextafter(n.Low, n.High)
		}
		for _, v := range within {
			c := Defaults()
			if !s.Parse(&c, fmt.Sprint(v)) || n.Get(c) != v || c.Check() != nil {
				t.Errorf("%s at %g: it is %g, %v", s.Key, v, n.Get(c), c.Check())
			}
		}
		for _, v := range beyond(n) {
			c := Defaults()
			if was := n.Get(c); s.Parse(&c, fmt.Sprint(v)) || n.Get(c) != was {
				t.Errorf("%s takes %g", s.Key, v)
			}
			if n.Whole && v != math.Trunc(v) || n.Own && v == 0 { // no whole number holds a fraction; 0 stands for the policy's own
				continue
			}
			if n.Set(&c, v); n.Whole && (math.IsNaN(v) || math.IsInf(v, 0)) {
				continue
			}
			if code := fault.Code(c.Check()); code != "train.setting.range" {
				t.Errorf("%s at %g: %v", s.Key, v, c.Check())
			}
		}
	}
}

// Every value that a recipe has is one that can be typed, and is read as what it is.
func TestRecipesCanBeTyped(t *testing.T) {
	configs := []Config{{
		Epochs: 1, Batch: 1, Accumulate: 1, Solver: "adamw", Rate: 1e-12, Policy: "exp", Gamma: 1e-300, Step: []float64{85, 50, 1e-9}, Power: 99, Momentum: .99999,
		WeightDecay: 100, Mean: "pixel", Scale: 1e-9, Seed: math.MaxUint64, SnapshotEvery: .01, ValidateEvery: 1e6, Crop: 7, Loss: "hinge-loss",
		Weights: "/a/b c.safetensors", Freeze: []string{"a", "b"}, LayerRates: map[string]float64{"with blank": 1e-9, "b": 100}, MaxSeconds: 1e9,
	}}
	configs[0].Augment.Hue, configs[0].Augment.Saturation, configs[0].Augment.Value, configs[0].Augment.Mirror = .5, 1, 1e-7, true
	for _, name := range nn.StandardNames() {
		configs = append(configs, DefaultsFor(nn.Spec{Name: name}))
	}
	for _, c := range configs {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		c = c.WithPolicyDefaults()
		typed := Config{}
		for _, s := range Settings() {
			text := s.Text(c)
			if v, ok := s.Values.(Choice); ok && text == "" && v.Own || text == "" && s.Key == "step" {
				continue
			}
			if n, ok := s.Values.(Number); ok && n.Own && n.Get(c) == 0 {
				continue // of a policy without it
			}
			if !s.Parse(&typed, text) || s.Text(typed) != text {
				t.Errorf("%s: %q is read as %q", s.Key, text, s.Text(typed))
			}
		}
		if !reflect.DeepEqual(typed, c) {
			t.Errorf("typed it is\n%+v, not\n%+v", typed, c)
		}
	}
}

func TestListsThatAreRefused(t *testing.T) {
	for key, texts := range map[string][]string{
		"step":        {"", "0", "101", "nan", "50,", "a"},
		"layer-rates": {"conv1", "conv1=fast", "conv1=101", "conv1=nan", "a=1,a=2", "=1", "a=1,"},
		"hsv":         {"", "1,2", "0,0,0,0", ".6,0,0", "0,a,0"},
		"seed":        {"", "-1", "1.5", "18446744073709551616"},
		"mirror":      {"", "perhaps"},
		"solver":      {"", "lion"},
		"loss":        {"", "own"},
		"batch":       {"", "1,2", "1.5", "0x", "1e400"},
	} {
		for _, text := range texts {
			c := Defaults()
			if s := SettingOf(key); s.Parse(&c, text) || !reflect.DeepEqual(c, Defaults()) {
				t.Errorf("%s takes %q: %+v", key, text, c)
			}
		}
	}
}
