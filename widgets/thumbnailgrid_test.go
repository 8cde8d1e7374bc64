package widgets

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// posted is the window's goroutine of a test: what is posted runs when the test says so.
type posted chan func()

func (p posted) post(f func()) { p <- f }

// until runs what is posted until something holds.
func (p posted) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !holds() {
		select {
		case f := <-p:
			f()
		case <-limit:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// gridOf shows n items ten to a row, in cells of 50.
func gridOf(t testing.TB, n int, load func(context.Context, int) (image.Image, error)) (*ThumbnailGrid, posted) {
	themed(t)
	p := make(posted, 1000)
	g := NewThumbnailGrid(load, p.post)
	g.SetCellSize(50)
	w := test.NewTempWindow(t, g)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(10*51+barRoom, 400))
	g.SetItems(n, func(i int) string { return fmt.Sprint(i) })
	return g, p
}

func grey(_ context.Context, i int) (image.Image, error) {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	img.Pix[0] = uint8(i)
	return img, nil
}

func (g *ThumbnailGrid) click(item int, mods fyne.KeyModifier) {
	p := fyne.NewPos(float32(item%10)*51+5, float32(item/10)*51+5)
	g.content.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: p}, Button: desktop.MouseButtonPrimary, Modifier: mods})
	g.content.MouseUp(&desktop.MouseEvent{})
}

func TestThumbnailGridChoosesWithTheMouse(t *testing.T) {
	g, _ := gridOf(t, 95, grey)
	defer g.Close()
	var told []int
	g.OnSelected = func(i int) { told = append(told, i) }
	for _, step := range []struct {
		item    int
		mods    fyne.KeyModifier
		chosen  []int
		primary int
	}{
		{12, 0, []int{12}, 12},
		{14, fyne.KeyModifierShift, []int{12, 13, 14}, 14},
		{11, fyne.KeyModifierShift, []int{11, 12}, 11},
		{20, fyne.KeyModifierControl, []int{11, 12, 20}, 20},
		{20, fyne.KeyModifierControl, []int{11, 12}, 12},
		{97, fyne.KeyModifierControl, []int{11, 12}, 12}, // beside the items
		{3, 0, []int{3}, 3},
		{3, fyne.KeyModifierControl, nil, -1},
		{4, 0, []int{4}, 4},
		{97, 0, nil, -1},
	} {
		before := len(told)
		g.click(step.item, step.mods)
		if got := g.Selected(); !slices.Equal(got, step.chosen) || g.primary != step.primary {
			t.Fatalf("%+v: chosen %v, primary %d", step, got, g.primary)
		}
		if len(told) > before && told[before] != step.primary {
			t.Fatalf("%+v: told %v", step, told[before:])
		}
	}
	g.TypedShortcut(&fyne.ShortcutSelectAll{})
	if len(g.Selected()) != 95 {
		t.Fatalf("%d of 95 chosen", len(g.Selected()))
	}
	if g.Select(7, 200, -3, 5); !slices.Equal(g.Selected(), []int{5, 7}) {
		t.Fatalf("chosen %v", g.Selected())
	}
}

func TestThumbnailGridOpensWhatIsClickedTwice(t *testing.T) {
	g, _ := gridOf(t, 95, grey)
	defer g.Close()
	var opened []int
	g.OnOpened = func(i int) { opened = append(opened, i) }
	at := func(item int) *fyne.PointEvent {
		return &fyne.PointEvent{Position: fyne.NewPos(float32(item)*51+5, 5)}
	}
	g.click(2, 0)
	g.click(2, 0)
	g.content.DoubleTapped(at(2))
	g.click(2, 0)
	g.click(3, 0)
	g.content.DoubleTapped(at(3)) // two cells, clicked quickly
	g.content.DoubleTapped(at(4)) // a finger
	g.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !slices.Equal(opened, []int{2, 4, 4}) {
		t.Fatalf("opened %v", opened)
	}
}

func TestThumbnailGridGoesWithKeys(t *testing.T) {
	g, _ := gridOf(t, 1005, grey)
	defer g.Close()
	for _, step := range []struct {
		key  fyne.KeyName
		item int
	}{
		{fyne.KeyRight, 0},
		{fyne.KeyRight, 1},
		{fyne.KeyDown, 11},
		{fyne.KeyPageDown, 81},
		{fyne.KeyEnd, 1004},
		{fyne.KeyDown, 1004},
		{fyne.KeyUp, 994},
		{fyne.KeyHome, 0},
		{fyne.KeyLeft, 0},
		{fyne.KeyDown, 10},
		{fyne.KeyRight, 11},
		{fyne.KeyPageUp, 1},
	} {
		g.TypedKey(&fyne.KeyEvent{Name: step.key})
		if g.primary != step.item {
			t.Fatalf("%s went to %d, not %d", step.key, g.primary, step.item)
		}
		if first, last := g.visible(); step.item < first || step.item >= last {
			t.Fatalf("%d is out of sight: %d to %d", step.item, first, last)
		}
	}
}

func TestThumbnailGridHoldsOnlyWhatIsSeen(t *testing.T) {
	g, p := gridOf(t, 100_000, grey)
	defer g.Close()
	if n := len(g.content.cells); n < 80 || n > 130 {
		t.Fatalf("%d cells", n)
	}
	g.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	c := g.content.cells[99_999%len(g.content.cells)]
	if c.item != 99_999 || c.text.Text != "99999" || c.frame[0].Hidden {
		t.Fatalf("the last cell shows %d, %q", c.item, c.text.Text)
	}
	p.until(t, "the last picture", func() bool { return c.picture.Image != nil && !c.picture.Hidden })
	if got := c.picture.Image.At(0, 0); fmt.Sprint(got) != "{159 159 159 255}" {
		t.Fatalf("another picture: %v", got)
	}
	g.SetItems(50, nil)
	if g.scroll.Offset.Y != 0 || g.Selected() != nil {
		t.Fatalf("still at %v with %v", g.scroll.Offset.Y, g.Selected())
	}
}

func TestThumbnailGridKeepsThePlace(t *testing.T) {
	g, _ := gridOf(t, 10_000, grey)
	defer g.Close()
	g.scroll.ScrollToOffset(fyne.NewPos(0, 200*51))
	g.SetItems(9000, nil)
	if first, _ := g.visible(); first != 2000 {
		t.Fatalf("at %d after other items", first)
	}
	g.SetCellSize(101)
	if first, last := g.visible(); first > 2000 || last <= 2000 {
		t.Fatalf("%d to %d in larger cells", first, last)
	}
	g.Resize(fyne.NewSize(300, 400))
	if first, last := g.visible(); first > 2000 || last <= 2000 {
		t.Fatalf("%d to %d in a narrow window", first, last)
	}
}

func TestThumbnailGridShowsWhatCannotBeRead(t *testing.T) {
	g, p := gridOf(t, 3, func(ctx context.Context, i int) (image.Image, error) {
		if i == 1 {
			return nil, errors.New("unreadable")
		}
		return grey(ctx, i)
	})
	defer g.Close()
	p.until(t, "the cross", func() bool { return g.loader.get(1).failed && g.loader.get(2).img != nil && len(p) == 0 })
	for i, c := range g.content.cells[:3] {
		if c.cross[0].Hidden == (i == 1) || c.picture.Hidden != (i == 1) {
			t.Fatalf("cell %d: cross hidden %v, picture hidden %v", i, c.cross[0].Hidden, c.picture.Hidden)
		}
	}
}

func TestThumbnailGridLoadsTheNewestFirstAndCancels(t *testing.T) {
	var mu sync.Mutex
	var begun, cancelled []int
	gate := make(chan struct{})
	g, p := gridOf(t, 100_000, func(ctx context.Context, i int) (image.Image, error) {
		mu.Lock()
		begun = append(begun, i)
		mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
			mu.Lock()
			cancelled = append(cancelled, i)
			mu.Unlock()
			return nil, ctx.Err()
		}
		return grey(ctx, i)
	})
	state := func() (b, c []int) {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(begun), slices.Clone(cancelled)
	}
	wait := func(what string, holds func(b, c []int) bool) {
		p.until(t, what, func() bool { time.Sleep(time.Millisecond); go p.post(func() {}); return holds(state()) })
	}
	wait("two at a time", func(b, _ []int) bool { return len(b) == 2 })
	g.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -500*51)})
	wait("cancelling what scrolled away", func(b, c []int) bool { return len(c) == 2 && len(b) >= 4 })
	b, c := state()
	slices.Sort(c)
	if first, last := g.visible(); !slices.Equal(c, []int{0, 1}) || b[2] < first || b[2] >= last || b[3] < first || b[3] >= last {
		t.Fatalf("begun %v, cancelled %v", b, c)
	}
	g.Close() // cancels and waits for the two that hang
	if b, c := state(); len(b) != len(c) {
		t.Fatalf("begun %v, cancelled %v", b, c)
	}
}

func TestThumbnailLoaderKeepsNoMoreThanItMay(t *testing.T) {
	l := newThumbnailLoader(grey, func(func()) {}, nil)
	defer l.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first, l.last = 3, 5
	for i := range 100 { // a megabyte each
		l.keep(i, thumbnail{img: image.NewRGBA(image.Rect(0, 0, 512, 512))})
	}
	if l.bytes > cacheBytes || l.bytes < cacheBytes/2 || l.used.Len() != len(l.ready) {
		t.Fatalf("%d bytes in %d pictures", l.bytes, l.used.Len())
	}
	if l.ready[99] == nil || l.ready[3] == nil || l.ready[10] != nil {
		t.Fatal("kept others than the newest and those that are seen")
	}
}

func TestShrink(t *testing.T) {
	for _, c := range []struct {
		w, h, side   int
		wantW, wantH int
		whole        bool
	}{{28, 28, 24, 28, 28, true}, {640, 480, 100, 100, 75, false}, {64, 10, 64, 64, 10, true}, {5000, 2, 50, 50, 1, false}} {
		got := shrink(image.NewYCbCr(image.Rect(0, 0, c.w, c.h), image.YCbCrSubsampleRatio420), c.side)
		if s := got.img.Rect.Size(); s != image.Pt(c.wantW, c.wantH) || (got.side == 0) != c.whole {
			t.Errorf("%+v became %v, side %d", c, s, got.side)
		}
	}
	if !shrink(image.NewRGBA(image.Rectangle{}), 50).failed {
		t.Error("an empty picture is shown")
	}
}

// One step of the wheel over 100,000 items.
func BenchmarkThumbnailGridScroll(b *testing.B) {
	g, p := gridOf(b, 100_000, grey)
	defer g.Close()
	g.SetItems(100_000, func(i int) string { return [...]string{"cat", "dog", "horse"}[i%3] })
	go func() {
		for range p {
		}
	}()
	step := float32(-25)
	for b.Loop() {
		if g.scroll.Offset.Y > 9000*51 || g.scroll.Offset.Y == 0 {
			step = -25
		}
		g.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, step)})
		if g.scroll.Offset.Y > 9000*51 {
			g.scroll.ScrollToOffset(fyne.Position{})
		}
	}
}
