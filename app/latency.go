package app

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
)

// latency measures how soon the window answers while LeNet trains on all cores with its curves in sight: events come at moments of chance, as
// from a user, and the time runs from there until the window's goroutine has done what the event asks for: reading the curves under the
// pointer mostly, now and then another tab. What is drawn then is on the screen with the next frame.
func (t *tour) latency(long time.Duration) error {
	for _, step := range []func() error{t.start, t.data, t.network} {
		if err := step(); err != nil {
			return err
		}
	}
	t.tab("train")
	var err error
	t.on(func() {
		c := train.DefaultsFor(t.w.state.ChosenNetwork().Spec)
		c.Epochs = 1000
		_, err = t.w.session.Train(c)
	})
	if err != nil {
		return err
	}
	if err := t.until("the first steps", func(s *session.State) (bool, error) {
		return s.Training != nil && s.Training.Iteration > 20, failed(s)
	}); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 1))
	var took []time.Duration
	tabs := []string{"inspect", "train", "data", "train", "network", "train"}
	for end := time.Now().Add(long); time.Now().Before(end); {
		time.Sleep(time.Duration(10+r.IntN(60)) * time.Millisecond)
		n := len(took)
		sent := time.Now()
		fyne.DoAndWait(func() {
			if n%40 == 39 {
				t.w.Go(tabs[n/40%len(tabs)])
			} else if p, ok := t.w.pages[t.w.current].(interface{ Point(float32) }); ok {
				p.Point(r.Float32())
			}
		})
		took = append(took, time.Since(sent))
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1000
	}
	fmt.Printf("the window's answer to %d events while it trains: median %.1f ms, 95th percentile %.1f ms, 99th %.1f ms, slowest %.1f ms\n",
		len(took), at(.5), at(.95), at(.99), at(1))
	return nil
}
