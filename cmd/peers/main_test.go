package main

import (
	"strings"
	"testing"
)

func TestGraphics(t *testing.T) {
	lines := []line{{Net: "lenet", Batch: 64, Train: 300, Infer: 50, CPUTrain: 100, CPUInfer: 100, Work: 4.4e8, Traffic: 37e6}}
	for device, want := range map[string]string{"": "| lenet | 64 | 0.44 G | 37 MB |", "GPU · X": "| lenet | 64 | 300 | 100 | **3.00 ×** | 50.0 | 100 | **0.50 ×** |"} {
		if text := graphicsTable(device, lines); !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestTable(t *testing.T) {
	results := make([]measured, len(nets))
	results[0] = measured{
		train: series{300, 100, 200}, torchTrain: series{100, 90, 110}, infer: series{50}, single: series{20}, ortSingle: series{10}, rss: series{80}, torchRSS: series{100},
	}
	text := flags{Rounds: 3}.table("CPU", results)
	for _, want := range []string{"| lenet | 64 | 200 | 100 | **2.00 ×** | 80 MB | 100 MB | 0.80 × |", "| lenet | 64 | 50.0 | – | **–** | 20.0 | 10.0 | **2.00 ×** |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
