package data

import (
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/widgets"
)

// form prepares an import: what was recognised, a live preview of each way to resize, and the settings.
type form struct {
	p       *Page
	source  string
	found   *imports.Found // nil while the source is being looked at
	images  []image.Image
	options imports.Options
	name    string
	serial  int
	started bool

	object   fyne.CanvasObject
	previews [4][4]*widgets.Picture // by way to resize, by image
	names    [4]*widgets.Button
	bar      *widgets.Progress
	told     *widgets.Text
	start    *widgets.Button
	fields   []labelled
	nameRow  *widgets.Entry
	split    *widgets.Paragraph // how many images will be where
	refusal  *widgets.Paragraph // why it cannot be imported so
}

// labelled is a number of the form with its name.
type labelled struct {
	key    string
	number *widgets.Number
}

// formFieldWidth is how wide the fields are.
const formFieldWidth = 118

// prepare looks at a source and opens the form.
func (p *Page) prepare(source string) {
	f := &form{p: p, source: source, options: imports.Default()}
	f.name = p.host.Session().NameFor(source)
	p.form = f
	f.build()
	p.arrange()
	p.host.Session().Recognize(source, func(found imports.Found, images []image.Image, err error) {
		if p.form != f {
			return
		}
		if err != nil {
			p.form = nil
			p.arrange()
			p.host.Fault(err)
			return
		}
		f.found, f.images = &found, images
		f.options.Width, f.options.Height = 256, 256
		if most := f.mostKept(); found.Alike && found.Width <= most && found.Height <= most {
			f.options.Width, f.options.Height = found.Width, found.Height
		}
		f.options.Channels = found.Channels
		f.build()
		p.arrange()
		f.preview()
	})
}

// mostSide is the longest side of an image that the form takes.
const mostSide = 2048

// mostKept is the longest side of images that keep their size unless another one is asked for: where each pixel has a class, photos stay as they are.
func (f *form) mostKept() int {
	if f.found.Task == data.Segmentation {
		return mostSide
	}
	return 256
}

// build makes the form in the present language.
func (f *form) build() {
	p := f.p
	cancel := widgets.NewButton(p.host.Text("cancel"), widgets.Plain, f.cancel)
	if f.found == nil {
		f.object = widgets.NewPanel(container.NewCenter(widgets.Column(12,
			widgets.NewText(p.text("looking", filepath.Base(f.source)), widgets.ColourText).Natural(), container.NewCenter(cancel))))
		return
	}
	middle := f.buildPreview()
	right := f.buildSettings(cancel)
	f.object = widgets.Beside(widgets.Gap, middle, middle, widgets.Sized(270, 0, right))
}

// buildSettings makes the column at the right.
func (f *form) buildSettings(cancel fyne.CanvasObject) fyne.CanvasObject {
	p, o := f.p, &f.options
	f.nameRow = widgets.NewEntry(f.name, func(text string) {
		f.name = text
		f.check()
	})
	f.fields = nil
	number := func(key string, v, low, high float64, whole bool, set func(float64), extra ...fyne.CanvasObject) (*widgets.Number, fyne.CanvasObject) {
		n := widgets.NewNumber(v, low, high, whole, func(v float64) {
			set(v)
			f.check()
		})
		n.OnWrong = f.check
		f.fields = append(f.fields, labelled{key, n})
		return n, page.NumberRow(p.host, p.text(key), formFieldWidth, n, extra...)
	}
	side := func(key string, to *int) fyne.CanvasObject {
		_, row := number(key, float64(*to), 4, mostSide, true, func(v float64) {
			*to = int(v)
			f.preview()
		})
		return row
	}
	limit := func(key string, to *int) fyne.CanvasObject {
		_, row := number(key, float64(*to), 0, 1e9, true, func(v float64) { *to = int(v) })
		return row
	}
	encodings := data.Encodings()
	encoding := widgets.NewChoice([]string{"PNG", "JPEG", p.text("encoding.raw")}, 0, func(i int) { o.Encoding = encodings[i] })
	channels := widgets.NewChoice([]string{p.text("colour"), p.text("grey")}, map[int]int{3: 0, 1: 1}[o.Channels], func(i int) {
		o.Channels = []int{3, 1}[i]
		f.preview()
	})
	percent := func(v float64) float64 {
		if v < 0 {
			return 25
		}
		return v
	}
	own := f.found.Splits != [3]int{}
	val, valRow := number("val", percent(o.ValPercent), 0, 95, false, func(v float64) { o.ValPercent = v }, p.host.Info("validation"))
	test, testRow := number("test", max(0, o.TestPercent), 0, 95, false, func(v float64) { o.TestPercent = v })
	keepSplits := func(on bool) {
		if on { // the source's own splits count, not the percentages
			o.ValPercent, o.TestPercent = -1, -1
			val.Field.Disable()
			test.Field.Disable()
			return
		}
		o.ValPercent, o.TestPercent = val.Value(), test.Value()
		val.Field.Enable()
		test.Field.Enable()
	}
	keep := widgets.NewCheck(p.text("keep-splits"), own && o.ValPercent < 0, func(on bool) {
		keepSplits(on)
		f.check()
	})
	keepSplits(keep.On())
	if !own {
		keep.Hide()
	}
	f.split = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	rows := f.buildFound()
	rows = append(rows,
		widgets.EntryRow(p.text("name"), formFieldWidth, f.nameRow),
		side("width", &o.Width),
		side("height", &o.Height),
		widgets.FormRow(p.text("channels"), formFieldWidth, channels),
		widgets.FormRow(p.text("encoding"), formFieldWidth, encoding),
		keep,
		valRow,
		testRow,
		f.split,
		f.sourceRow("val-source", &o.ValSource),
		f.sourceRow("test-source", &o.TestSource))
	if f.found.Task == data.Classification { // an image with masks is not of one class
		rows = append(rows,
			limit("min-per-class", &o.MinPerClass),
			limit("max-per-class", &o.MaxPerClass),
			widgets.NewParagraph(p.text("max-per-class.hint"), widgets.ColourFaint).Small())
	}
	f.bar, f.told = widgets.NewProgress(), widgets.NewText("", widgets.ColourQuiet)
	f.bar.Hide()
	f.refusal = widgets.NewParagraph("", widgets.ColourBad).Small()
	f.start = widgets.NewButton(p.text("import.start"), widgets.Primary, f.begin)
	panel := widgets.NewPanel(widgets.NewScroll(widgets.Column(6, rows...)))
	foot := widgets.Column(8, f.refusal, f.bar, f.told, widgets.Shares(8, []float32{1, 2}, cancel, f.start))
	f.choose(o.Resize)
	f.check()
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, foot)
}

// check says beside the fields and above the button what cannot be imported so, and how many images will be where. While something cannot be, nothing
// is imported.
func (f *form) check() {
	if f.refusal == nil { // the form is being built
		return
	}
	f.nameRow.SetWrong(f.nameFault())
	why := f.splitFault()
	if wrong := f.wrong(); len(wrong) > 0 {
		why = f.p.text("refuse.fields", strings.Join(wrong, ", "))
	}
	f.refusal.Set(why)
	show(f.refusal, why != "")
	f.start.Enable(why == "" && !f.started)
}

func show(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// wrong lists the names of the fields with something that cannot be.
func (f *form) wrong() []string {
	var names []string
	if f.nameRow.Wrong() {
		names = append(names, f.p.text("name"))
	}
	for _, x := range f.fields {
		if x.number.Wrong() && !x.number.Field.Disabled() {
			names = append(names, f.p.text(x.key))
		}
	}
	return names
}

// nameFault says why a data set cannot be called so; "" if it can.
func (f *form) nameFault() string {
	if strings.TrimSpace(f.name) == "" {
		return f.p.host.Text("name.missing")
	}
	name, err := disk.SafeName(f.name)
	if err != nil {
		return f.p.host.FaultText(err)
	}
	if slices.ContainsFunc(f.p.state.Datasets, func(d session.Dataset) bool { return d.Name == name }) {
		return f.p.text("name.taken")
	}
	return ""
}

// splitFault tells how the images will be split, and says why that cannot be; "" if it can.
func (f *form) splitFault() string {
	p, o := f.p, f.options
	f.split.SetColour(widgets.ColourQuiet)
	if o.ValPercent+max(0, o.TestPercent) > 100 {
		f.split.Set("")
		return p.text("refuse.sum", widgets.FormatNumber(o.ValPercent+o.TestPercent))
	}
	shares, known := foresee(f.found, o)
	if !known {
		n := f.found.Splits
		f.split.Set(p.text("splits.own", widgets.Thousands(n[data.Train]), widgets.Thousands(n[data.Val]), widgets.Thousands(n[data.Test])))
		if n[data.Train] == 0 && n[data.Val]+n[data.Test] == f.found.Images {
			return p.text("refuse.train")
		}
		return ""
	}
	var sum share
	var empty, unwatched []string
	for _, s := range shares {
		sum.train, sum.val, sum.test = sum.train+s.train, sum.val+s.val, sum.test+s.test
		switch {
		case s.class == "" || s.train+s.val+s.test == 0:
		case s.train == 0:
			empty = append(empty, s.class)
		case s.val == 0 && o.ValPercent > 0 && o.ValSource == "":
			unwatched = append(unwatched, s.class)
		}
	}
	text := p.text("splits", widgets.Thousands(sum.train), widgets.Thousands(sum.val), widgets.Thousands(sum.test))
	if len(unwatched) > 0 {
		f.split.SetColour(widgets.ColourCaution)
		text += "\n" + p.text("splits.unwatched", few(unwatched))
	}
	f.split.Set(text)
	if len(empty) > 0 {
		return p.text("refuse.class", few(empty))
	}
	return ""
}

// few lists the first names, and how many more there are.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s … (+%d)", strings.Join(names[:most], ", "), len(names)-most)
}

// sourceRow lets a part of the images come from a folder of its own.
func (f *form) sourceRow(key string, to *string) fyne.CanvasObject {
	p := f.p
	b := widgets.NewButton("", widgets.Plain, nil).Low()
	name := func() {
		if *to == "" {
			b.SetText(p.text("source.choose"))
		} else {
			b.SetText(filepath.Base(*to))
		}
	}
	b.OnTapped = func() {
		if *to != "" { // a second press takes it back
			*to = ""
			name()
			f.check()
			return
		}
		p.host.PickFolder(func(path string) {
			*to = path
			name()
			f.check()
		})
	}
	name()
	return widgets.FormRow(p.text(key), formFieldWidth, b)
}

// someClasses are the first names.
func someClasses(all []string) []string {
	const most = 12
	if len(all) <= most {
		return all
	}
	return append(all[:most:most], "…")
}

// begin starts the import.
func (f *form) begin() {
	if f.check(); !f.start.Enabled() {
		return
	}
	f.started = true
	f.start.Enable(false)
	f.p.host.Session().Import(f.source, f.name, f.options)
}

// cancel cancels the import that goes on, or closes the form.
func (f *form) cancel() {
	if f.started && f.p.state.Import != nil {
		f.p.host.Session().CancelImport()
		return
	}
	f.p.form = nil
	f.p.arrange()
	f.p.Update(f.p.state)
}

// update shows how far the import is, and closes the form when it is done.
func (f *form) update(s *session.State) {
	if !f.started || f.found == nil {
		return
	}
	i := s.Import
	if i == nil {
		f.started = false
		f.bar.Hide()
		f.told.Set("")
		if name, err := disk.SafeName(f.name); err == nil && s.Dataset == name {
			f.p.form = nil
			return
		}
		f.check()
		return
	}
	f.bar.Show()
	if i.Total > 0 {
		f.bar.Set(float64(i.Done) / float64(i.Total))
	}
	f.told.Set(fmt.Sprintf("%s / %s · %s", widgets.Thousands(i.Done), widgets.Thousands(i.Total), f.p.text("skipped.count", i.Skipped)))
}
