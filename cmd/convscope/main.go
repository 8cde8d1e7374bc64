// Command convscope is the desktop application.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"github.com/convscope/convscope/app"
	"github.com/convscope/convscope/nn/device"
)

// flags of the application. Everything else is done in the window.
type flags struct {
	Tour     string        `placeholder:"FOLDER" help:"Run through the main job without a user, save a picture of each step there, and exit with 0 only if every step worked."`
	Dataset  string        `placeholder:"SOURCE" help:"With --tour: a folder, archive or IDX file to work on instead of the built-in digits."`
	Latency  time.Duration `placeholder:"TIME" help:"Measure for this long, e.g. 20s, how quickly the window responds while all cores train, and print it."`
	Home     string        `placeholder:"FOLDER" help:"Folder of the workspace (default: CONVSCOPE_HOME or ~/Convscope)."`
	Language string        `enum:",en,ko" default:"" help:"en or ko (default: as last time)."`
	Theme    string        `enum:",light,dark" default:"" help:"light or dark (default: as last time)."`
	Threads  int           `default:"0" help:"Threads to use; 0: all cores."`
	Width    float32       `default:"0" help:"Width of the window."`
	Height   float32       `default:"0" help:"Height of the window."`
}

func main() {
	device.Isolate()
	var f flags
	kong.Parse(&f, kong.Name("convscope"), kong.Description("Learn and do computer vision with convolutional networks."))
	if f.Dataset != "" && f.Tour == "" {
		fmt.Fprintln(os.Stderr, "convscope: --dataset goes with --tour=FOLDER")
		os.Exit(2)
	}
	// Most of what the window holds are fonts and the engine's buffers, which stay: half of it in garbage is enough before it is collected.
	debug.SetGCPercent(50)
	err := app.Run(app.Options{
		Home: f.Home, Language: f.Language, Theme: f.Theme, Threads: f.Threads, Tour: f.Tour, Latency: f.Latency, Dataset: f.Dataset, Width: f.Width, Height: f.Height,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "convscope:", err)
		os.Exit(1)
	}
}
