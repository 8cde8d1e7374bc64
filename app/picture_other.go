//go:build !(linux || freebsd || openbsd || netbsd)

package app

import (
	"image"

	"fyne.io/fyne/v2"
)

// windowPicture returns what the window shows.
func windowPicture(w fyne.Window) (image.Image, error) { return w.Canvas().Capture(), nil }
