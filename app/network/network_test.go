package network

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/widgets"
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

// numbers returns the fields of the form that are seen, from top to bottom.
func numbers(p *Page) []*widgets.Number {
	var all []*widgets.Number
	for _, o := range test.LaidOutObjects(p.settings) {
		if n, ok := o.(*widgets.Number); ok {
			all = append(all, n)
		}
	}
	return all
}

// said returns all that the form says.
func said(p *Page) string {
	var lines []string
	for _, o := range test.LaidOutObjects(p.settings) {
		switch t := o.(type) {
		case *widgets.Text:
			lines = append(lines, t.Text())
		case *widgets.Paragraph:
			lines = append(lines, t.Text())
		}
	}
	return strings.Join(lines, "\n")
}

// press types a shortcut as the window's driver does: to what has the focus, else to the window.
func press(h *pagetest.Host, s fyne.Shortcut) {
	c := h.Window().Canvas()
	if f, ok := c.Focused().(fyne.Shortcutable); ok {
		f.TypedShortcut(s)
		return
	}
	c.(fyne.Shortcutable).TypedShortcut(s)
}

// retype puts another text into a field as a user does, key by key.
func retype(h *pagetest.Host, n *widgets.Number, text string) {
	test.LaidOutObjects(h.Window().Content()) // only what was drawn can get the focus
	h.Window().Canvas().Focus(n.Field)
	n.Field.TypedShortcut(&fyne.ShortcutSelectAll{})
	test.Type(n.Field, text)
}

func TestFormIsLive(t *testing.T) {
	h, p := open(t, "en", false)
	p.canvas.Select("conv1")
	p.showSettings()
	fields := numbers(p)
	retype(h, fields[0], "50")
	if text := said(p); !strings.Contains(text, "24×24×50") || !strings.Contains(text, "50·5·5·1 = 1,250") || !strings.Contains(text, "720,000") {
		t.Errorf("after 50 filters the form says:\n%s", text)
	}
	retype(h, fields[1], "50")
	if p.form.kernel.kernel != 50 {
		t.Errorf("a kernel of %d is drawn", p.form.kernel.kernel)
	}
	if text := said(p); strings.Contains(text, "1,250") || !strings.Contains(text, "50×50 window of conv1") {
		t.Errorf("after a kernel of 50 the form says:\n%s", text)
	}
	if numbers(p)[1] != fields[1] || h.Window().Canvas().Focused() != fyne.Focusable(fields[1].Field) {
		t.Error("the field that is typed into is taken away")
	}
	retype(h, fields[2], "0abc")
	if text := said(p); !fields[2].Wrong() || !strings.Contains(text, "whole number from 1 to 512") {
		t.Errorf("why a stride of 0abc cannot be is not said:\n%s", text)
	}
}

func TestAVisitOfAFieldIsOneStepOfUndo(t *testing.T) {
	h, p := open(t, "en", false)
	filters := func() int { return p.spec.Layers[p.spec.Layer("conv1")].Int("filters") }
	p.canvas.Select("conv1")
	p.showSettings()
	retype(h, numbers(p)[0], "57")
	retype(h, numbers(p)[1], "3")
	h.Window().Canvas().Unfocus()
	if filters() != 57 {
		t.Fatalf("%d filters", filters())
	}
	press(h, &fyne.ShortcutUndo{})
	if k := p.spec.Layers[p.spec.Layer("conv1")].Int("kernel"); filters() != 57 || k != 5 {
		t.Errorf("one undo gives %d filters and a kernel of %d", filters(), k)
	}
	press(h, &fyne.ShortcutUndo{})
	if filters() != 20 || len(p.past) != 0 {
		t.Errorf("two undos give %d filters; %d steps are left", filters(), len(p.past))
	}
	press(h, &fyne.ShortcutRedo{})
	if filters() != 57 {
		t.Errorf("redo gives %d filters", filters())
	}
	// In the field, what was typed there is undone first; it is no step then.
	retype(h, numbers(p)[0], "8")
	press(h, &fyne.ShortcutUndo{})
	press(h, &fyne.ShortcutUndo{})
	for range 3 {
		press(h, &fyne.ShortcutUndo{})
	}
	if filters() != 20 {
		t.Errorf("undo in a field and then of the network ends at %d filters", filters())
	}
}

func TestUndoWorksAtOnce(t *testing.T) {
	h, p := open(t, "ko", false)
	p.canvas.Select("conv1")
	p.add("relu", nil) // a click on the palette
	press(h, &fyne.ShortcutUndo{})
	if p.spec.Layer("relu2") >= 0 {
		t.Error("Ctrl+Z after a click on the palette does nothing")
	}
	p.add("relu", nil)
	test.LaidOutObjects(h.Window().Content())
	h.Window().Canvas().Focus(p.canvas)
	press(h, &fyne.ShortcutUndo{})
	if p.spec.Layer("relu2") >= 0 {
		t.Error("Ctrl+Z on the canvas does nothing")
	}
	h.Window().Canvas().Unfocus()
	p.add("relu", nil)
	p.Hide()
	press(h, &fyne.ShortcutUndo{})
	if p.spec.Layer("relu2") < 0 {
		t.Error("Ctrl+Z changes the network from another tab")
	}
	p.Show()
	p.canvas.Select("relu2")
	p.Key(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if p.spec.Layer("relu2") >= 0 {
		t.Error("Delete does nothing where nothing has the focus")
	}
}

func TestNamesThatCannotBe(t *testing.T) {
	_, p := open(t, "ko", false)
	for _, name := range []string{"pool1", nn.Data, "", " / "} {
		if p.nameFault("conv1", name) == "" {
			t.Errorf("nothing is said against the name %q", name)
		}
	}
	if s := p.nameFault("conv1", "conv1"); s != "" {
		t.Errorf("its own name: %s", s)
	}
}

// The names of all settings are seen in full beside their fields.
func TestNamesOfSettingsFit(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		h, _ := open(t, language, false)
		for _, k := range nn.Catalog() {
			for _, f := range k.Fields {
				room := float32(settingsWidth - 2*widgets.Gap - 9 - fieldWidth - 6)
				if h.Has("concept." + f.Key + ".title") {
					room -= 20 + 6
				}
				name := h.Text("field." + f.Key)
				if w := fyne.MeasureText(name, widgets.TextSize, fyne.TextStyle{}).Width; w > room {
					t.Errorf("%s: %q takes %g of %g", language, name, w, room)
				}
			}
		}
	}
}

// What a global pooling takes has no window, so none is told or drawn.
func TestGlobalPoolingHasNoWindow(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	h.Pump()
	if got := p.detail(nn.Layer{Name: "pool", Type: "global-pool"}); got != "global pool" {
		t.Errorf("it is told as %q", got)
	}
	p.spec.Layers[p.spec.Layer("pool2")] = nn.Layer{Name: "pool2", Type: "global-pool", Inputs: []string{"conv2"}}
	p.report = nn.Analyze(p.spec, 1)
	p.layerForm(p.spec.Layer("pool2"))
	if p.form == nil || p.form.kernel != nil {
		t.Error("it has a picture of a window")
	}
}
