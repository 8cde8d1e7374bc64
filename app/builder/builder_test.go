package builder

import (
	"testing"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
)

// open makes the tab with the digits' shapes and LeNet.
func open(t *testing.T, language string, dark bool) (*pagetest.Host, *Page) {
	h := pagetest.New(t, language, dark, New)
	p := h.Page().(*Page)
	h.Until("a network", func(s *session.State) bool { return s.Network == "lenet" && len(p.spec.Layers) > 0 })
	return h, p
}

func TestLeNet(t *testing.T) {
	h, p := open(t, "en", false)
	if p.report.Parameters != 431_080 {
		t.Errorf("LeNet has %d parameters", p.report.Parameters)
	}
	if len(p.report.Problems) > 0 || !p.next.Enabled() {
		t.Errorf("LeNet has problems: %v", p.report.Problems)
	}
	h.Golden("lenet")
}

func TestEditMakesACopyAndCanBeUndone(t *testing.T) {
	h, p := open(t, "ko", true)
	p.canvas.Select("conv1")
	p.add("relu", nil)
	if p.name != "lenet 2" {
		t.Fatalf("the edit went into %q", p.name)
	}
	i := p.spec.Layer("relu2")
	if i < 0 || p.spec.Layers[i].Inputs[0] != "conv1" || p.spec.Layers[p.spec.Layer("pool1")].Inputs[0] != "relu2" {
		t.Fatalf("the new layer is not between conv1 and pool1: %+v", p.spec.Layers)
	}
	p.deleteLayers([]string{"relu2"})
	if p.spec.Layers[p.spec.Layer("pool1")].Inputs[0] != "conv1" {
		t.Error("deleting a layer cuts the chain")
	}
	p.Undo()
	if p.spec.Layer("relu2") < 0 {
		t.Error("undo does not bring the layer back")
	}
	p.Undo()
	p.Redo()
	if p.spec.Layer("relu2") < 0 {
		t.Error("redo does not add the layer again")
	}
	h.Until("the saved network", func(s *session.State) bool { return s.Network == "lenet 2" })
	if n := h.State().ChosenNetwork(); n.Spec.Layer("relu2") < 0 {
		t.Error("the edit is not saved")
	}
}

func TestProblemsAreToldAndMended(t *testing.T) {
	_, p := open(t, "ko", false)
	p.disconnect("pool1", "conv2")
	if len(p.report.Problems) == 0 || p.next.Enabled() {
		t.Fatal("a network that is cut can be trained")
	}
	for range 5 {
		if len(p.report.Problems) == 0 {
			break
		}
		x := p.report.Problems[0]
		if x.Fix == nil {
			t.Fatalf("no repair for: %v", x.Fault)
		}
		p.host.Text("fix."+x.Fix.Code, x.Fix.Args...)
		p.change(x.Fix.Apply(p.spec))
	}
	if len(p.report.Problems) > 0 {
		t.Errorf("after the repairs: %v", p.report.Problems[0].Fault)
	}
	p.deleteLayers([]string{"loss"})
	if len(p.report.Problems) == 0 {
		t.Error("a network without loss has no problem")
	}
}

func TestEveryLayerCanBeAddedAndShown(t *testing.T) {
	h, p := open(t, "ko", false)
	for _, k := range nn.Catalog() {
		p.startNew()
		p.canvas.Select(nn.Data)
		p.add(k.Type, nil)
		if len(p.canvas.Selected()) != 1 {
			t.Errorf("%s is not selected after it was added", k.Type)
		}
	}
	p.startNew()
	p.canvas.Select(p.spec.Layers[0].Name)
	p.shortcut("copy")
	p.shortcut("paste")
	if len(p.spec.Layers) != 3 {
		t.Errorf("copy and paste give %d layers", len(p.spec.Layers))
	}
	at := fyne.NewPos(200, 200)
	x, y := p.canvas.At(at)
	p.add("relu", &at)
	if l := p.spec.Layers[p.spec.Layer("relu1")]; l.X != x || l.Y != y {
		t.Errorf("a dropped layer lies at %g, %g, not at %g, %g", l.X, l.Y, x, y)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestMoveArrangeRename(t *testing.T) {
	_, p := open(t, "en", false)
	p.canvas.Select("conv1")
	p.moved([]string{"conv1"}, 10, 20)
	if !p.arranged() {
		t.Error("a moved block has no place of its own")
	}
	p.arrange()
	if p.arranged() {
		t.Error("arranged blocks keep places of their own")
	}
	p.rename("conv1", "합성곱")
	if p.spec.Layer("합성곱") < 0 || p.spec.Layers[p.spec.Layer("pool1")].Inputs[0] != "합성곱" {
		t.Error("renaming a layer does not rename it where it is used")
	}
	name := p.name
	p.deleteNetwork()
	if n := p.host.Session().State().Network; n == name {
		t.Errorf("%s is still chosen after it was deleted", n)
	}
}
