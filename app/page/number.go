package page

import (
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/widgets"
)

// NumberRow returns a form's row of a number. Below it stands within which bounds it must lie, while what was typed does not.
func NumberRow(h Host, name string, width float32, n *widgets.Number, extra ...fyne.CanvasObject) fyne.CanvasObject {
	low, high, whole := n.Bounds()
	key := "number.range"
	if whole {
		key = "number.whole"
	}
	n.Explained(h.Text(key, bound(low), bound(high)))
	return widgets.EntryRow(name, width, n, extra...)
}

// bound writes a bound as people read it.
func bound(v float64) string {
	if v == float64(int(v)) {
		return widgets.Thousands(int(v))
	}
	return strings.Replace(widgets.FormatNumber(v), "e-0", "e-", 1)
}
