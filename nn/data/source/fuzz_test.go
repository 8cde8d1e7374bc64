package source

import (
	"context"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
)

func FuzzArchive(f *testing.F) {
	source := datatest.TwoClasses(f, 2)
	f.Add(source.Zip(f))
	f.Add(source.Tar(f))
	f.Add(datatest.Gzip(f, source.Tar(f)))
	f.Add(source.Zip(f)[:200])
	f.Add(source.Tar(f)[:700])
	f.Add(datatest.Bomb(f, 2, 1<<60))
	f.Fuzz(func(t *testing.T, b []byte) {
		t.Setenv("TMPDIR", t.TempDir())
		source, err := archiveTree(context.Background(), datatest.Saved(t, "x", b), int64(len(b)))
		datatest.WantWords(t, err)
		if source == nil {
			return
		}
		for _, file := range source.Files[:min(len(source.Files), 8)] {
			if _, clean := cleanName(file.Path); !clean {
				t.Errorf("the name %q leads out of the archive", file.Path)
			}
			_, err := file.Read(1 << 20)
			datatest.WantWords(t, err)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
}
