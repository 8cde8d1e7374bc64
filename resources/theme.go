package resources

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets"
)

var (
	regular = fyne.NewStaticResource("NotoSansKR-Regular.otf", font.Regular)
	bold    = fyne.NewStaticResource("NotoSansKR-Bold.otf", font.Bold)
)

// appTheme is the application's theme, light or dark whatever the system says.
type appTheme struct {
	fyne.Theme
	colours map[fyne.ThemeColorName]color.Color
	variant fyne.ThemeVariant
}

// Theme gives the light or the dark theme.
func Theme(dark bool) fyne.Theme {
	if dark {
		return &appTheme{theme.DefaultTheme(), palette(1), theme.VariantDark}
	}
	return &appTheme{theme.DefaultTheme(), palette(0), theme.VariantLight}
}

// table has the colours of the design, light and dark.
var table = map[fyne.ThemeColorName][2]uint32{
	widgets.ColourWindow:     {0xF4F5F7, 0x14171C},
	widgets.ColourPanel:      {0xFFFFFF, 0x1B1F26},
	widgets.ColourRail:       {0xECEEF2, 0x101318},
	widgets.ColourCanvas:     {0xFAFBFC, 0x171B21},
	widgets.ColourLine:       {0xDFE3E8, 0x2B313B},
	widgets.ColourField:      {0xF7F8FA, 0x222832},
	widgets.ColourText:       {0x1C2128, 0xE4E8EE},
	widgets.ColourQuiet:      {0x667085, 0x98A2B3},
	widgets.ColourFaint:      {0x98A2B3, 0x667085},
	widgets.ColourAccent:     {0x2468E5, 0x6A9BFF},
	widgets.ColourTint:       {0xE6EEFD, 0x1E2C47},
	widgets.ColourValidation: {0xE06C00, 0xFF9A3D},
	widgets.ColourGood:       {0x16865A, 0x4CC38A},
	widgets.ColourCaution:    {0xB54708, 0xF0A355},
	widgets.ColourBad:        {0xC9251B, 0xFF6B61},
}

// fromFyne tells which of the colours stands for one of Fyne's own names.
var fromFyne = map[fyne.ThemeColorName]fyne.ThemeColorName{
	theme.ColorNameBackground:        widgets.ColourWindow,
	theme.ColorNameButton:            widgets.ColourPanel,
	theme.ColorNameDisabledButton:    widgets.ColourField,
	theme.ColorNameDisabled:          widgets.ColourFaint,
	theme.ColorNameError:             widgets.ColourBad,
	theme.ColorNameFocus:             widgets.ColourTint,
	theme.ColorNameForeground:        widgets.ColourText,
	theme.ColorNameHeaderBackground:  widgets.ColourRail,
	theme.ColorNameHyperlink:         widgets.ColourAccent,
	theme.ColorNameMenuBackground:    widgets.ColourPanel,
	theme.ColorNameOverlayBackground: widgets.ColourPanel,
	theme.ColorNamePlaceHolder:       widgets.ColourFaint,
	theme.ColorNamePrimary:           widgets.ColourAccent,
	theme.ColorNameSelection:         widgets.ColourTint,
	theme.ColorNameSeparator:         widgets.ColourLine,
	theme.ColorNameSuccess:           widgets.ColourGood,
	theme.ColorNameWarning:           widgets.ColourCaution,
}

// palette has every colour for one side of the table.
func palette(side int) map[fyne.ThemeColorName]color.Color {
	all := map[fyne.ThemeColorName]color.Color{}
	for name, pair := range table {
		v := pair[side]
		all[name] = color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
	}
	for name, ours := range fromFyne {
		all[name] = all[ours]
	}
	all[theme.ColorNameHover] = widgets.Fade(all[widgets.ColourQuiet], .10)
	all[theme.ColorNamePressed] = widgets.Fade(all[widgets.ColourQuiet], .22)
	all[theme.ColorNameScrollBar] = widgets.Fade(all[widgets.ColourQuiet], .4)
	all[theme.ColorNameScrollBarBackground] = color.Transparent
	all[theme.ColorNameInputBackground], all[theme.ColorNameInputBorder] = color.Transparent, color.Transparent // our fields have frames of their own
	all[theme.ColorNameShadow] = color.NRGBA{A: [2]uint8{28, 110}[side]}
	on := color.Color(color.NRGBA{R: 255, G: 255, B: 255, A: 255})
	if side == 1 {
		on = color.NRGBA{R: 0x10, G: 0x13, B: 0x18, A: 255}
	}
	for _, name := range []fyne.ThemeColorName{
		theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnSuccess, theme.ColorNameForegroundOnWarning,
		widgets.ColourOnAccent,
	} {
		all[name] = on
	}
	return all
}

// Color returns a colour by name; names that are not ours come from Fyne.
func (t *appTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := t.colours[name]; ok {
		return c
	}
	return t.Theme.Color(name, t.variant)
}

// Font returns the bundled font, which has Hangul on machines that have none.
func (t *appTheme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol, style.Monospace:
		return t.Theme.Font(style)
	case style.Bold:
		return bold
	}
	return regular
}

// Size returns the design's sizes, which are tighter than Fyne's.
func (t *appTheme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return widgets.TextSize
	case theme.SizeNameCaptionText:
		return widgets.SmallSize
	case theme.SizeNameHeadingText:
		return 18
	case theme.SizeNameSubHeadingText:
		return 15
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameInnerPadding:
		return 6
	case theme.SizeNameInputBorder:
		return 0
	case theme.SizeNameLineSpacing:
		return 3
	case theme.SizeNameInlineIcon:
		return 16
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return widgets.FieldRadius
	case theme.SizeNameScrollBar:
		return 8
	case theme.SizeNameScrollBarSmall:
		return 4
	}
	return t.Theme.Size(name)
}
