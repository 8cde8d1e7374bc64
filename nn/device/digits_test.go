package device

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
)

// digits makes a small data set, which is closed at the end of the test.
func digits(t *testing.T, images int) *data.Dataset {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "digits")
	if _, err := samples.Import(context.Background(), "digits", folder, samples.Options{Count: images, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}
