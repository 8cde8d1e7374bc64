package data

import (
	"context"
	"testing"
)

func FuzzArchive(f *testing.F) {
	source := twoClasses(f, 2)
	f.Add(source.zip(f))
	f.Add(source.tar(f))
	f.Add(gz(f, source.tar(f)))
	f.Add(source.zip(f)[:200])
	f.Add(source.tar(f)[:700])
	f.Add(bomb(f, 2, 1<<60))
	f.Fuzz(func(t *testing.T, b []byte) {
		t.Setenv("TMPDIR", t.TempDir())
		source, err := archiveTree(context.Background(), saved(t, "x", b), int64(len(b)))
		wantWords(t, err)
		if source == nil {
			return
		}
		for _, file := range source.files[:min(len(source.files), 8)] {
			if _, clean := cleanName(file.path); !clean {
				t.Errorf("the name %q leads out of the archive", file.path)
			}
			_, err := file.read(1 << 20)
			wantWords(t, err)
		}
		if err := source.close(); err != nil {
			t.Error(err)
		}
	})
}
