package app

import (
	"slices"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets"
)

// banners tell what happened. What went well is a line in the free middle of the top bar. Errors are cards over the lower part of the tab, where
// neither the tools at its top nor the buttons at its bottom are.
type banners struct {
	w     *shell
	all   []*banner // oldest first
	open  bool      // all are shown, not only the newest
	timer *time.Timer

	shielded fyne.Size // of what went a moment ago

	object *fyne.Container // over the window's content
	list   *fyne.Container

	news      func() string // nil: none
	newsShown int           // counts, so that an older one's end does not take a newer one away
	newsText  *widgets.Paragraph
	newsLine  *fyne.Container // of the top bar
}

// banner is an error that is told.
type banner struct {
	say     func() string // in the window's language
	details string        // for copying; banners with the same are one
	stays   bool          // until it is closed
	way     *way          // out of it; nil: none
	times   int
	held    bool      // the mouse is over it
	until   time.Time // zero while it is not in sight
}

// way is a way out of an error, that one click takes.
type way struct {
	key  string // of the words on the button
	take func() error
}

const (
	newsTime     = 6 * time.Second // how long good news stays
	bannersShown = 2               // at once; older ones are behind a button
	bannersKept  = 40
	shieldTime   = 700 * time.Millisecond
	bannerWidth  = 460
)

// readingTime returns how long a text stays: as long as slow readers take, who have first to notice it.
func readingTime(text string) time.Duration {
	return 8*time.Second + time.Duration(utf8.RuneCountInString(text))*50*time.Millisecond
}

func newBanners(w *shell) *banners { return &banners{w: w} }

// build makes the objects again, in the current language; messages stay.
func (b *banners) build() {
	b.list = widgets.Column(8)
	b.object = container.New(low{}, widgets.Loose(container.NewVScroll(b.list)))
	b.newsText = widgets.NewParagraph("", widgets.ColourText).Small()
	b.newsLine = container.New(middle{}, b.newsText)
	b.showNews()
	b.refresh()
}

// low puts a thing over the lower part of the tabs' middle: above the row of their buttons, left of their settings.
type low struct{}

func (low) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (low) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const rail, right, bottom, top = 76 + 12, 246 + 24, 28 + 12 + 32 + 8, 44 + 48
	scroll := objects[0].(*fyne.Container).Objects[0].(*container.Scroll)
	width := min(bannerWidth, size.Width-rail-right)
	scroll.Content.Resize(fyne.NewSize(width, 10)) // lines break at this width, on which the height depends
	height := min(scroll.Content.MinSize().Height, size.Height-bottom-top)
	objects[0].Resize(fyne.NewSize(width, height))
	objects[0].Move(fyne.NewPos(rail+(size.Width-rail-right-width)/2, size.Height-bottom-height))
}

// middle centres a paragraph in height.
type middle struct{}

func (middle) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(8, 40) }

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const left = 10
	p := objects[0].(*widgets.Paragraph)
	height := p.HeightFor(size.Width - left)
	p.Resize(fyne.NewSize(size.Width-left, height))
	p.Move(fyne.NewPos(left, (size.Height-height)/2))
}

// tell shows a sentence for a while.
func (b *banners) tell(say func() string) {
	b.news = say
	b.newsShown++
	mine := b.newsShown
	b.showNews()
	time.AfterFunc(newsTime, func() {
		fyne.Do(func() {
			if b.newsShown == mine {
				b.news = nil
				b.showNews()
			}
		})
	})
}

func (b *banners) showNews() {
	text := ""
	if b.news != nil {
		text = b.news()
	}
	b.newsText.Set(text)
	if b.w.bar != nil { // Fyne would lay out the line alone, though the choices before it may have changed too
		b.w.bar.Refresh()
	}
}

// fail shows an error, with a way to copy its details. One that is shown already is counted instead.
func (b *banners) fail(one *banner) {
	one.times = 1
	if i := slices.IndexFunc(b.all, func(o *banner) bool { return o.details == one.details }); i >= 0 {
		one.stays = one.stays || b.all[i].stays
		one.times += b.all[i].times
		one.held = b.all[i].held
		if one.way == nil {
			one.way = b.all[i].way
		}
		b.all = slices.Delete(b.all, i, i+1)
	}
	b.all = append(b.all, one)
	if n := len(b.all); n > bannersKept {
		b.all = slices.Delete(b.all, 0, n-bannersKept)
	}
	b.refresh()
}

// close takes an error away.
func (b *banners) close(one *banner) {
	b.all = slices.DeleteFunc(b.all, func(o *banner) bool { return o == one })
	b.refresh()
}

// inSight returns the errors that are shown.
func (b *banners) inSight() []*banner {
	if b.open {
		return b.all
	}
	return b.all[max(0, len(b.all)-bannersShown):]
}

// expire takes away what was long enough in sight. What the mouse is over stays, and so does what was not yet seen.
func (b *banners) expire(now time.Time) {
	sight := b.inSight()
	n := len(b.all)
	b.all = slices.DeleteFunc(b.all, func(o *banner) bool {
		return !o.stays && !o.held && !o.until.IsZero() && now.After(o.until) && slices.Contains(sight, o)
	})
	if len(b.all) == n {
		b.wait()
		return
	}
	b.shielded = b.list.MinSize()
	b.refresh()
	time.AfterFunc(shieldTime, func() {
		fyne.Do(func() {
			b.shielded = fyne.Size{}
			b.refresh()
		})
	})
}

// shield lies for a moment where cards went by themselves, so that a click that was meant for one of them does not do what lies beneath.
type shield struct {
	widget.BaseWidget
	size fyne.Size
}

func newShield(size fyne.Size) *shield {
	s := &shield{size: size}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget: there is nothing to see.
func (s *shield) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// MinSize implements fyne.Widget.
func (s *shield) MinSize() fyne.Size { return s.size }

// Tapped implements fyne.Tappable.
func (s *shield) Tapped(*fyne.PointEvent) {}

// wait sees to it that what is in sight ends in time.
func (b *banners) wait() {
	if b.timer != nil {
		b.timer.Stop()
	}
	var next time.Time
	for _, o := range b.inSight() {
		if !o.stays && !o.held && (next.IsZero() || o.until.Before(next)) {
			next = o.until
		}
	}
	if !next.IsZero() {
		b.timer = time.AfterFunc(time.Until(next)+10*time.Millisecond, func() { fyne.Do(func() { b.expire(time.Now()) }) })
	}
}

// refresh shows the cards.
func (b *banners) refresh() {
	if len(b.all) <= bannersShown {
		b.open = false
	}
	b.list.Objects = nil
	if hidden := len(b.all) - bannersShown; hidden > 0 {
		b.list.Objects = append(b.list.Objects, b.header(hidden))
	}
	sight := b.inSight()
	for _, o := range b.all {
		if !slices.Contains(sight, o) {
			o.until, o.held = time.Time{}, false
			continue
		}
		if o.until.IsZero() {
			o.until = time.Now().Add(readingTime(o.say()))
		}
		b.list.Objects = append(b.list.Objects, newBannerCard(b, o))
	}
	if left := b.shielded.Height - b.list.MinSize().Height; left > 0 { // what is left moves down, so what went was above it
		b.list.Objects = append([]fyne.CanvasObject{newShield(fyne.NewSize(b.shielded.Width, left))}, b.list.Objects...)
	}
	b.list.Refresh()
	b.object.Refresh()
	b.object.Layout.Layout(b.object.Objects, b.object.Size())
	b.wait()
}

// header stands above the cards where there are more of them than are shown.
func (b *banners) header(hidden int) fyne.CanvasObject {
	text := b.w.Text("banner.more", hidden)
	if b.open {
		text = b.w.Text("banner.fewer")
	}
	toggle := widgets.NewButton(text, widgets.Linked, func() {
		b.open = !b.open
		b.refresh()
	})
	all := widgets.NewButton(b.w.Text("banner.close-all"), widgets.Quiet, func() {
		b.all = nil
		b.refresh()
	})
	space := widgets.NewText("", widgets.ColourText)
	return widgets.NewPanel(widgets.LineGrowing(12, space, toggle, space, all)).Padded(6)
}

var (
	_ desktop.Hoverable = (*bannerCard)(nil)
	_ fyne.Tappable     = (*bannerCard)(nil)
)

// bannerCard is the card of an error. It stays while the mouse is over it, and takes the clicks that would else go to what lies beneath.
type bannerCard struct {
	widget.BaseWidget
	b     *banners
	one   *banner
	panel *widgets.Panel
	way   *widgets.Button // nil: none
}

func newBannerCard(b *banners, one *banner) *bannerCard {
	text := one.say()
	p := widgets.NewParagraph(text, widgets.ColourBad)
	p.Resize(fyne.NewSize(bannerWidth-24, 10))
	times := widgets.NewText("", widgets.ColourQuiet)
	if one.times > 1 {
		times.Set(b.w.Text("banner.times", one.times))
	}
	copyButton := widgets.NewButton(b.w.Text("details.copy"), widgets.Quiet, func() { b.w.app.Clipboard().SetContent(text + "\n" + one.details) })
	closeButton := widgets.NewButton(b.w.Text("close"), widgets.Linked, func() { b.close(one) })
	c := &bannerCard{b: b, one: one}
	line := []fyne.CanvasObject{times, copyButton, closeButton}
	if one.way != nil {
		c.way = widgets.NewButton(b.w.Text(one.way.key), widgets.Plain, func() {
			if err := one.way.take(); err != nil {
				b.w.Fault(err)
				return
			}
			b.close(one)
		})
		line = append(line, c.way)
	}
	c.panel = widgets.NewPanel(widgets.Column(8, p, widgets.LineGrowing(12, times, line...)))
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *bannerCard) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.panel) }

// HeightFor returns the height that it takes at a width.
func (c *bannerCard) HeightFor(width float32) float32 { return c.panel.HeightFor(width) }

// Tapped implements fyne.Tappable.
func (c *bannerCard) Tapped(*fyne.PointEvent) {}

// MouseIn implements desktop.Hoverable.
func (c *bannerCard) MouseIn(*desktop.MouseEvent) {
	c.one.held = true
	c.b.wait()
}

// MouseMoved implements desktop.Hoverable.
func (c *bannerCard) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable: its time begins again.
func (c *bannerCard) MouseOut() {
	c.one.held, c.one.until = false, time.Now().Add(readingTime(c.one.say()))
	c.b.wait()
}
