package widgets

import (
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// testTheme has all colours of the window: each its own, none of them the application's.
type testTheme struct{ fyne.Theme }

func (t testTheme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	name, ours := strings.CutPrefix(string(n), "convscope.")
	if !ours {
		return t.Theme.Color(n, v)
	}
	c := color.NRGBA{A: 255}
	for i, letter := range name {
		c.R, c.G, c.B = c.R+uint8(letter)*uint8(7*i+3), c.G+uint8(letter), c.B^uint8(letter)
	}
	return c
}

// themed makes an application with the window's colours.
func themed(t testing.TB) {
	test.NewTempApp(t).Settings().SetTheme(testTheme{test.Theme()})
}
