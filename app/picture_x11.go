//go:build linux || freebsd || openbsd || netbsd

package app

import (
	"errors"
	"fmt"
	"image"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// windowPicture asks the X server for what the window shows: reading OpenGL's front buffer, as Fyne's Capture does, gives black with Mesa's
// software renderer, which is what a virtual display has.
func windowPicture(w fyne.Window) (image.Image, error) {
	native, ok := w.(driver.NativeWindow)
	if !ok {
		return nil, errors.New("the window has no native handle")
	}
	handle := uintptr(0)
	native.RunNative(func(context any) {
		if x, ok := context.(driver.X11WindowContext); ok {
			handle = x.WindowHandle
		}
	})
	if handle == 0 { // Wayland
		return w.Canvas().Capture(), nil
	}
	xgb.Logger.SetOutput(io.Discard) // it tells of a missing authority file, which a virtual display does not need
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, fmt.Errorf("connecting to the X server: %w", err)
	}
	defer conn.Close()
	drawable := xproto.Drawable(handle)
	g, err := xproto.GetGeometry(conn, drawable).Reply()
	if err != nil {
		return nil, fmt.Errorf("asking for the window's size: %w", err)
	}
	p, err := xproto.GetImage(conn, xproto.ImageFormatZPixmap, drawable, 0, 0, g.Width, g.Height, 0xffffffff).Reply()
	if err != nil {
		return nil, fmt.Errorf("asking for the window's picture: %w", err)
	}
	img := image.NewRGBA(image.Rect(0, 0, int(g.Width), int(g.Height)))
	if len(p.Data) < len(img.Pix) {
		return nil, fmt.Errorf("the display has %d bits a pixel; pictures need 24 or 32", p.Depth)
	}
	for i := 0; i < len(img.Pix); i += 4 { // blue, green, red
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = p.Data[i+2], p.Data[i+1], p.Data[i], 255
	}
	return img, nil
}
