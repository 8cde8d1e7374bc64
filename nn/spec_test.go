package nn

import (
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/fault"
)

func TestParseRefuses(t *testing.T) {
	good := string(goldenNetworks()["chain"].spec.JSON())
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, code string }{
		{"nothing", "", "nn.file.damaged"},
		{"cut off", good[:len(good)/2], "nn.file.damaged"},
		{"newer", strings.Replace(good, `"format": 1`, `"format": 99`, 1), "nn.file.newer"},
		{"no format", strings.Replace(good, `"format": 1`, `"format": 0`, 1), "nn.file.format"},
		{"huge input", strings.Replace(good, "9", "999999999", 1), ""},
		{"two of a name", strings.Replace(good, `"name": "tanh"`, `"name": "conv1"`, 1), "nn.name.twice"},
		{"unknown type", strings.Replace(good, `"type": "tanh"`, `"type": "cosh"`, 1), ""},
		{"setting out of range", strings.Replace(good, `"filters": 6`, `"filters": -6`, 1), ""},
	} {
		if c.text == good {
			t.Errorf("%s: the test changes nothing", c.name)
			continue
		}
		s, err := Parse([]byte(c.text))
		if err == nil { // what is no matter of the file is the analysis' to tell
			if len(Analyze(s, 1).Problems) == 0 {
				t.Errorf("%s: taken without a word", c.name)
			}
			continue
		}
		if code := fault.Code(err); code == "" || c.code != "" && code != c.code {
			t.Errorf("%s: %v (%s)", c.name, err, code)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	s := goldenNetworks()["branches"].spec
	before := string(s.JSON())
	c := s.Clone()
	c.Layers[0].Settings["filters"] = Num(99)
	c.Layers[2].Inputs[0] = "elsewhere"
	if string(s.JSON()) != before {
		t.Error("a change of the clone changes the spec")
	}
	if name := s.FreeName("a"); s.Layer(name) >= 0 {
		t.Errorf("the free name %q is taken", name)
	}
}

func FuzzParse(f *testing.F) {
	for _, n := range goldenNetworks() {
		f.Add(n.spec.JSON())
	}
	f.Add([]byte(`{"format":1,"name":"x","input":{"C":1,"H":1,"W":1},"classes":2,"layers":[{"name":"a","type":"add","inputs":["a","a"]}]}`))
	f.Add([]byte(`{"format":1,"layers":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		Analyze(s, 3) // must neither panic nor hang
		if _, err := Parse(s.JSON()); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
