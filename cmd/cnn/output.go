package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// output is where results and progress go: results to standard output as text or as JSON lines, progress to standard error
// where that is a terminal.
type output struct {
	stdout, stderr io.Writer
	json           bool
}

func newOutput(stdout, stderr io.Writer, asJSON bool) *output {
	return &output{stdout: stdout, stderr: stderr, json: asJSON}
}

// emit writes one result: as a JSON object, or as text lines made by text.
func (o *output) emit(result any, text func(w io.Writer)) error {
	if !o.json {
		text(o.stdout)
		return nil
	}
	line, err := json.Marshal(result)
	if err != nil {
		return err
	}
	_, err = o.stdout.Write(append(line, '\n'))
	return err
}

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct{ bar *progressbar.ProgressBar }

// progress starts a bar of total things called unit ("images"), with rate and time left.
func (o *output) progress(total int, what, unit string) *progress {
	f, ok := o.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(o.stderr), progressbar.OptionSetDescription(what), progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(unit), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())}
}

func (p *progress) set(done, total int) {
	if p.bar == nil {
		return
	}
	if total > 0 && p.bar.GetMax() != total {
		p.bar.ChangeMax(total)
	}
	_ = p.bar.Set(done) // a bar that cannot be drawn must not stop the work
}

func (p *progress) close() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// number is a JSON number; what is not one (nothing was measured) becomes null.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// plain writes a number without an exponent, which few people read.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// percent writes a share as people read it, "–" where nothing was measured.
func percent(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*share)
}

// lossText writes a loss; – where nothing was measured.
func lossText(loss float64) string {
	if math.IsNaN(loss) {
		return "–"
	}
	return fmt.Sprintf("%.4f", loss)
}
