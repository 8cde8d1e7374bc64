// Package resources has what the window is dressed in: theme, font, icons, and all texts in English and Korean.
package resources

import (
	"embed"
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
)

//go:embed icons/*.svg
var icons embed.FS

// Icon is a picture of one colour that takes the colour it is given.
type Icon string

// Icons of the window, one family: 24×24, lines of 1.8, no fill.
const (
	IconData     Icon = "data"
	IconNetwork  Icon = "network"
	IconTrain    Icon = "train"
	IconInspect  Icon = "inspect"
	IconDetect   Icon = "detect"
	IconInfo     Icon = "info"
	IconContrast Icon = "contrast"
	IconUndo     Icon = "undo"
	IconRedo     Icon = "redo"
)

// In gives the icon in a colour.
func (i Icon) In(c color.Color) fyne.Resource {
	b, err := icons.ReadFile("icons/" + string(i) + ".svg")
	if err != nil {
		panic("resources: there is no icon " + string(i)) // a programmer's error: names are the constants above
	}
	r, g, b8, _ := c.RGBA()
	hex := fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b8>>8)
	return fyne.NewStaticResource(string(i)+hex[1:]+".svg", []byte(strings.ReplaceAll(string(b), "currentColor", hex)))
}

// AppIcon returns the application's own icon.
func AppIcon() fyne.Resource {
	b, err := icons.ReadFile("icons/convscope.svg")
	if err != nil {
		panic("resources: the application's icon is missing")
	}
	return fyne.NewStaticResource("convscope.svg", b)
}
