// Package widgets has the drawn things of the window that know nothing of networks: panels and form rows, plots, contact sheets,
// thumbnail grids, the canvas of blocks. A widget gets numbers, images and texts and reports what the user did with them.
//
// Widgets are used on the window's goroutine only, like all of Fyne, except where a method says otherwise.
package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/convscope/convscope/widgets/raster"
)

// Names of the colours that the application's theme adds to Fyne's. A theme that does not know them answers with Fyne's own, so
// widgets ask through Colour.
const (
	ColourWindow     fyne.ThemeColorName = "convscope.window"     // behind the panels
	ColourPanel      fyne.ThemeColorName = "convscope.panel"      // cards
	ColourRail       fyne.ThemeColorName = "convscope.rail"       // the tabs' strip
	ColourCanvas     fyne.ThemeColorName = "convscope.canvas"     // behind drawings
	ColourLine       fyne.ThemeColorName = "convscope.line"       // borders, grids
	ColourField      fyne.ThemeColorName = "convscope.field"      // entries
	ColourText       fyne.ThemeColorName = "convscope.text"       //
	ColourQuiet      fyne.ThemeColorName = "convscope.quiet"      // labels
	ColourFaint      fyne.ThemeColorName = "convscope.faint"      // ticks, hints
	ColourAccent     fyne.ThemeColorName = "convscope.accent"     // what is chosen; training
	ColourTint       fyne.ThemeColorName = "convscope.tint"       // behind what is chosen
	ColourOnAccent   fyne.ThemeColorName = "convscope.onaccent"   // text on the accent
	ColourValidation fyne.ThemeColorName = "convscope.validation" // validation
	ColourGood       fyne.ThemeColorName = "convscope.good"       //
	ColourCaution    fyne.ThemeColorName = "convscope.caution"    //
	ColourBad        fyne.ThemeColorName = "convscope.bad"        //
)

// Sizes in Fyne's units (ui.md's pixels at scale 1).
const (
	TextSize     float32 = 13
	SmallSize    float32 = 11
	HeadingSize  float32 = 12
	Gap          float32 = 12 // between panels, and inside them
	Radius       float32 = 8
	FieldRadius  float32 = 5
	FieldHeight  float32 = 26
	RowHeight    float32 = 26
	ButtonHeight float32 = 32
)

// Colour of the current theme.
func Colour(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

// nrgba of a 24-bit number, opaque.
func nrgba(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 255}
}

// ClassColour returns the colour of class i, the same everywhere.
func ClassColour(i int) color.NRGBA { return raster.ClassColour(i) }

// GroupColour returns the colour of a layer's group, as the catalog of layers names it.
func GroupColour(group string) color.NRGBA {
	switch group {
	case "filters":
		return nrgba(0x2468E5)
	case "pooling":
		return nrgba(0x7A5AF8)
	case "dense":
		return nrgba(0x0E9384)
	case "activation":
		return nrgba(0xDD2590)
	case "loss":
		return nrgba(0xE06C00)
	case "normalise":
		return nrgba(0x6172F3)
	case "join":
		return nrgba(0x4E5BA6)
	default:
		return nrgba(0x8A94A6)
	}
}

// Fade is c with opacity 0…1.
func Fade(c color.Color, opacity float32) color.NRGBA {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = uint8(float32(n.A) * opacity)
	return n
}
