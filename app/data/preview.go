package data

import (
	"context"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
)

// buildPreview makes the same four images under each way to resize.
func (f *form) buildPreview() fyne.CanvasObject {
	p := f.p
	rows := []fyne.CanvasObject{
		widgets.NewText(p.text("preview.title"), widgets.ColourText).Sized(15).Bold(),
		widgets.NewParagraph(p.text("preview.text"), widgets.ColourQuiet),
	}
	for k, how := range data.Resizes() {
		f.names[k] = widgets.NewButton(p.text("resize."+string(how)), widgets.Plain, func() { f.choose(how) })
		var pictures []fyne.CanvasObject
		for i := range f.previews[k] {
			f.previews[k][i] = widgets.NewPicture()
			pictures = append(pictures, f.previews[k][i])
		}
		about := widgets.NewParagraph(p.text("resize."+string(how)+".about"), widgets.ColourQuiet).Small()
		side := widgets.Sized(150, 0, widgets.Column(6, f.names[k], about))
		strip := widgets.Shares(8, []float32{1, 1, 1, 1}, pictures...)
		rows = append(rows, widgets.Beside(12, strip, side, strip))
	}
	return widgets.NewPanel(container.New(&evenRows{first: 2, gap: 12}, rows...))
}

// evenRows gives the first things their own height and the rest equal shares.
type evenRows struct {
	first int
	gap   float32
}

func (e *evenRows) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(400, 60*float32(len(objects)))
}

func (e *evenRows) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for i, o := range objects {
		h := o.MinSize().Height
		if pg, ok := o.(*widgets.Paragraph); ok {
			h = pg.HeightFor(size.Width)
		}
		if i >= e.first {
			n := float32(len(objects) - e.first)
			h = (size.Height - y - e.gap*(float32(len(objects)-i)-1)) / (n - float32(i-e.first))
		}
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h + e.gap
	}
}

// choose chooses a way to resize.
func (f *form) choose(how data.Resize) {
	f.options.Resize = how
	for k, r := range data.Resizes() {
		look := widgets.Plain
		if r == how {
			look = widgets.Primary
		}
		f.names[k].SetLook(look, r == how)
	}
}

// preview draws the images under each way to resize, in the background.
func (f *form) preview() {
	f.serial++
	serial, o, images := f.serial, f.options, f.images
	f.p.host.Session().Do(func(ctx context.Context) func() {
		var drawn [4][4]image.Image
		for k, how := range data.Resizes() {
			for i, img := range images {
				if ctx.Err() != nil {
					return nil
				}
				if i < 4 {
					drawn[k][i] = data.Fit(img, o.Width, o.Height, o.Channels, how).Image()
				}
			}
		}
		return func() {
			if serial != f.serial {
				return
			}
			for k := range drawn {
				for i := range drawn[k] {
					f.previews[k][i].Set(drawn[k][i])
				}
			}
		}
	})
}
