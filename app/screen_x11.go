//go:build linux || freebsd || openbsd || netbsd

package app

import (
	"io"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xinerama"
	"github.com/jezek/xgb/xproto"
)

// screenSize asks the X server for the size of the first screen, in pixels; 0 where there is no such server.
func screenSize() (width, height int) {
	xgb.Logger.SetOutput(io.Discard) // see windowPicture
	conn, err := xgb.NewConn()
	if err != nil {
		return 0, 0
	}
	defer conn.Close()
	if xinerama.Init(conn) == nil { // several screens are one large one for the server
		if s, err := xinerama.QueryScreens(conn).Reply(); err == nil && len(s.ScreenInfo) > 0 {
			return int(s.ScreenInfo[0].Width), int(s.ScreenInfo[0].Height)
		}
	}
	root := xproto.Setup(conn).DefaultScreen(conn)
	return int(root.WidthInPixels), int(root.HeightInPixels)
}
