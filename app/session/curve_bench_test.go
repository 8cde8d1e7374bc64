package session

import (
	"math"
	"testing"

	"github.com/convscope/convscope/nn/train"
)

// A curve of a million steps is gathered and handed out in time for each frame.
func BenchmarkCurveOfAMillionSteps(b *testing.B) {
	for b.Loop() {
		g := gathering{}
		g.add(train.Started{Iterations: 1e6, IterationsPerEpoch: 1000})
		for i := range 1_000_000 {
			g.add(train.Step{Iteration: i + 1, Epoch: float64(i+1) / 1000, Loss: 2 + math.Sin(float64(i)), Rate: .1, ImagesPerSecond: 1000})
		}
		if c := g.curve(); len(c.Loss) > 2*maxPoints {
			b.Fatal(len(c.Loss))
		}
	}
}
