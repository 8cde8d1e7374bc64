// Command cnn is Convscope's engine without a window: it imports data sets, trains networks and uses them. Scripts, servers and
// acceptance checks stand on its verbs, flags and JSON keys.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
)

// Exit statuses.
const (
	done   = 0 // all that was asked was done
	failed = 1 // it failed: one line on standard error says what, on which file, and what to do
	misuse = 2 // the call was wrong: the line names the flag and the values it takes
)

// cli is the command line: a field a verb.
type cli struct {
	JSON bool `name:"json" help:"Print results as JSON, one object per line."`

	Import   importVerb   `cmd:"" help:"Make a data set from a folder, an archive or IDX files."`
	Export   exportVerb   `cmd:"" help:"Write a data set for other programs."`
	Sample   sampleVerb   `cmd:"" help:"Make a data set from a built-in sample; 'sample list' names them."`
	Show     showVerb     `cmd:"" help:"Describe a network, a model or a data set."`
	Train    trainVerb    `cmd:"" help:"Train a network on a data set."`
	Eval     evalVerb     `cmd:"" help:"Evaluate a model on a data set."`
	Classify classifyVerb `cmd:"" help:"Classify images."`
	Detect   detectVerb   `cmd:"" help:"Find things in photos."`
	Segment  segmentVerb  `cmd:"" help:"Classify each pixel of photos."`
	Inspect  inspectVerb  `cmd:"" help:"Draw the filters and feature maps of every layer."`
	Bench    benchVerb    `cmd:"" help:"Measure the speed of the engine on this machine."`
	Help     helpVerb     `cmd:"" help:"Explain a verb."`
}

// helpVerb is `cnn help VERB`.
type helpVerb struct {
	Verb string `arg:"" optional:"" help:"The verb to explain."`
}

func main() {
	device.Isolate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run performs one call and gives its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := cli{Train: trainVerb{settings: settingFlags{}}}
	exit := -1 // what kong asks for after it printed help
	parser, err := kong.New(&c,
		kong.Name("cnn"),
		kong.Description("Convolutional networks on your own images, from the command line."),
		kong.PostBuild(c.Train.settings.addFlags),
		kong.Vars{
			"readers": strings.Join(formats.Names(), ","), "readersOr": either(formats.Names()),
			"writers": strings.Join(formats.WriterNames(), ","), "writersOr": either(formats.WriterNames()),
		},
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { exit = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return complain(stderr, err, misuse)
	}
	if len(args) == 0 {
		args = []string{"help"}
	}
	call, err := parser.Parse(negative(args))
	if exit >= 0 { // help was asked for and printed
		return exit
	}
	var wrong usageError
	if errors.As(err, &wrong) { // without the parser's own words about which verb it is
		return complain(stderr, wrong, misuse)
	}
	if err != nil {
		return complain(stderr, fmt.Errorf("%w (see 'cnn help')", err), misuse)
	}
	out := newOutput(stdout, stderr, c.JSON)
	call.BindTo(ctx, (*context.Context)(nil))
	err = call.Run(out)
	switch {
	case err == nil:
		return done
	case errors.As(err, &wrong):
		return complain(stderr, wrong, misuse)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return complain(stderr, fault.New("cnn.stopped", "Stopped before the end."), failed)
	}
	return complain(stderr, err, failed)
}

// either lists names for a sentence: a, b or c.
func either(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// negative joins a flag and the negative number after it, which the parser would take for a flag of one letter.
func negative(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		flag := strings.HasPrefix(args[i], "--") && !strings.Contains(args[i], "=")
		if flag && i+1 < len(args) && isNegative(args[i+1]) {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func isNegative(text string) bool {
	return len(text) > 1 && text[0] == '-' && strings.ContainsRune(".0123456789", rune(text[1]))
}

// usageError is a call that is wrong in a way that only the verb can see.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// misused makes a usageError.
func misused(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// complain writes the one line of an error.
func complain(w io.Writer, err error, status int) int {
	fmt.Fprintln(w, "cnn: "+strings.Join(strings.Fields(err.Error()), " "))
	return status
}

// Run prints the help of the verb, or of all.
func (h helpVerb) Run(ctx context.Context, o *output) error {
	args := []string{"--help"}
	if h.Verb != "" {
		args = []string{h.Verb, "--help"}
	}
	if run(ctx, args, o.stdout, o.stderr) != done {
		return misused("there is no verb %q; 'cnn help' lists them", h.Verb)
	}
	return nil
}
