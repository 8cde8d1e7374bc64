package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// stack is a column of things, each as high as it asks for; the ones marked as growing share what is left.
type stack struct {
	gap  float32
	grow map[fyne.CanvasObject]bool
}

// heighted is a thing whose height follows its width.
type heighted interface{ HeightFor(width float32) float32 }

// heightedLayout is a layout that passes the width on to such things, before they have it.
type heightedLayout interface {
	heightFor(objects []fyne.CanvasObject, width float32) float32
}

func heightOf(o fyne.CanvasObject, width float32) float32 {
	if width <= 0 {
		return o.MinSize().Height
	}
	if h, ok := o.(heighted); ok {
		return h.HeightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(heightedLayout); ok {
			return l.heightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

// Column puts things below each other with a gap.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&stack{gap: gap}, objects...)
}

// ColumnGrowing returns a column in which one thing takes the height that the others leave.
func ColumnGrowing(gap float32, grows fyne.CanvasObject, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&stack{gap: gap, grow: map[fyne.CanvasObject]bool{grows: true}}, objects...)
}

func (s *stack) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, growing := size.Height, 0
	shown := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if shown > 0 {
			left -= s.gap
		}
		shown++
		if s.grow[o] {
			growing++
		} else {
			left -= heightOf(o, size.Width)
		}
	}
	y := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := heightOf(o, size.Width)
		if s.grow[o] {
			h = max(0, left/float32(growing))
		}
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h + s.gap
	}
}

func (s *stack) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	n := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		one := o.MinSize()
		m.Width = max(m.Width, one.Width)
		if width := o.Size().Width; width > 0 {
			one.Height = heightOf(o, width)
		}
		m.Height += one.Height
		n++
	}
	m.Height += s.gap * float32(max(0, n-1))
	return m
}

func (s *stack) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	height, n := float32(0), 0
	for _, o := range objects {
		if o.Visible() {
			height += heightOf(o, width)
			n++
		}
	}
	return height + s.gap*float32(max(0, n-1))
}

// sides puts things beside each other: each as wide as it asks for or as fixed; the growing one takes the rest.
type sides struct {
	gap   float32
	grows fyne.CanvasObject // may be nil
	fill  bool              // things take the whole height, else they are centred
}

// Line puts things beside each other, centred in height, with a gap.
func Line(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&sides{gap: gap}, objects...)
}

// LineGrowing returns a line in which one thing takes the width that the others leave.
func LineGrowing(gap float32, grows fyne.CanvasObject, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&sides{gap: gap, grows: grows}, objects...)
}

// Beside puts things beside each other over the whole height; one takes the width that the others leave.
func Beside(gap float32, grows fyne.CanvasObject, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&sides{gap: gap, grows: grows, fill: true}, objects...)
}

func (s *sides) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := size.Width
	n := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if n > 0 {
			left -= s.gap
		}
		n++
		if o != s.grows {
			left -= o.MinSize().Width
		}
	}
	x := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		w, h, y := m.Width, size.Height, float32(0)
		if o == s.grows {
			w = max(0, left)
		}
		if !s.fill {
			h = min(m.Height, size.Height)
			y = (size.Height - h) / 2
		}
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
		x += w + s.gap
	}
}

func (s *sides) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	n := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		one := o.MinSize()
		m.Width += one.Width
		m.Height = max(m.Height, one.Height)
		n++
	}
	m.Width += s.gap * float32(max(0, n-1))
	return m
}

// shares divides the room among its things: beside each other, or one below the other.
type shares struct {
	gap   float32
	parts []float32
	below bool
}

// Shares puts things beside each other in shares of the width.
func Shares(gap float32, parts []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&shares{gap, parts, false}, objects...)
}

// RowShares puts things one below the other in shares of the height.
func RowShares(gap float32, parts []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&shares{gap, parts, true}, objects...)
}

// along returns a size with its width along the way the things follow each other; it is its own inverse.
func (s *shares) along(size fyne.Size) fyne.Size {
	if s.below {
		return fyne.NewSize(size.Height, size.Width)
	}
	return size
}

func (s *shares) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	total := float32(0)
	for _, p := range s.parts {
		total += p
	}
	all := s.along(size)
	room := all.Width - s.gap*float32(len(objects)-1)
	at := float32(0)
	for i, o := range objects {
		w := room * s.parts[i] / total
		place := s.along(fyne.NewSize(at, 0))
		o.Move(fyne.NewPos(place.Width, place.Height))
		o.Resize(s.along(fyne.NewSize(w, all.Height)))
		at += w + s.gap
	}
}

func (s *shares) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		one := s.along(o.MinSize())
		m.Width += one.Width
		m.Height = max(m.Height, one.Height)
	}
	m.Width += s.gap * float32(max(0, len(objects)-1))
	return s.along(m)
}

// inset keeps a distance to what is around.
type inset struct{ top, right, bottom, left float32 }

// Inset puts a margin around a thing.
func Inset(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&inset{top, right, bottom, left}, o)
}

func (i *inset) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(i.left, i.top))
		o.Resize(fyne.NewSize(max(0, size.Width-i.left-i.right), max(0, size.Height-i.top-i.bottom)))
	}
}

func (i *inset) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	return m.AddWidthHeight(i.left+i.right, i.top+i.bottom)
}

func (i *inset) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	height := float32(0)
	for _, o := range objects {
		height = max(height, heightOf(o, width-i.left-i.right))
	}
	return height + i.top + i.bottom
}

// sized asks for a given size; 0 leaves a side to the content.
type sized struct{ width, height float32 }

// Sized gives a thing a width or a height (0: its own).
func Sized(width, height float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&sized{width, height}, o)
}

func (s *sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func (s *sized) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := fyne.NewSize(s.width, s.height)
	if m.Width > 0 && m.Height > 0 {
		return m // what is inside need not be asked
	}
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	if s.width > 0 {
		m.Width = s.width
	}
	if s.height > 0 {
		m.Height = s.height
	}
	return m
}

func (s *sized) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	height := s.height
	if height == 0 {
		for _, o := range objects {
			height = max(height, heightOf(o, width))
		}
	}
	return height
}

// Loose lets a thing be smaller than it asks for: for what scrolls or is drawn at any size.
func Loose(o fyne.CanvasObject) *fyne.Container { return Sized(1, 1, o) }

// NewScroll lets a column of things scroll, with room for the bar beside it.
func NewScroll(o fyne.CanvasObject) *fyne.Container {
	return Loose(container.NewVScroll(Inset(0, 9, 0, 0, o)))
}
