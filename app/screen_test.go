package app

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestTheWindowFitsTheScreen(t *testing.T) {
	w := test.NewTempWindow(t, nil)
	const scale = 2
	w.Canvas().(test.WindowlessCanvas).SetScale(scale)
	for _, c := range []struct {
		width, height int // of the screen, in pixels; 0: not known
		want          fyne.Size
	}{
		{0, 0, fyne.NewSize(1280, 800)},
		{1024 * scale, 640 * scale, fyne.NewSize(1024, 640)},
		{3840 * scale, 700 * scale, fyne.NewSize(1280, 700)},
	} {
		if got := fit(w.Canvas().Scale(), fyne.NewSize(1280, 800), c.width, c.height); got != c.want {
			t.Errorf("on a screen of %d×%d it is %v", c.width, c.height, got)
		}
	}
}
