package data

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
)

// sizesOf are the sizes of a grey image's values and of two truths: its class, and its ID twice.
func sizesOf(d *Dataset) Sizes {
	info := d.Info()
	return Sizes{Image: info.Width * info.Height * info.Channels, Truths: []int{1, 2}}
}

// widen writes them as they are.
func widen(e Entry, px Pixels, image []float32, truths [][]float32) error {
	for i, v := range px.Pix {
		image[i] = float32(v)
	}
	truths[0][0] = float32(e.Class)
	truths[1][0], truths[1][1] = float32(e.ID), float32(e.ID)
	return nil
}

func TestShuffle(t *testing.T) {
	ids := make([]uint32, 100)
	for i := range ids {
		ids[i] = uint32(i)
	}
	one := Shuffle(ids, 1, 0)
	if !slices.IsSorted(ids) {
		t.Error("Shuffle changes its argument")
	}
	if !slices.Equal(one, Shuffle(ids, 1, 0)) {
		t.Error("the same seed and epoch give another order")
	}
	if slices.Equal(one, Shuffle(ids, 1, 1)) || slices.Equal(one, Shuffle(ids, 2, 0)) || slices.Equal(one, ids) {
		t.Error("another seed or epoch gives the same order")
	}
	slices.Sort(one)
	if !slices.Equal(one, ids) {
		t.Error("images are missing")
	}
}

func TestLoaderKeepsTheOrder(t *testing.T) {
	d := pairs(t, 50)
	ids := Shuffle(append(d.IDs(Train), d.IDs(Val)...), 3, 4)
	l := NewLoader(context.Background(), d, ids, 7, sizesOf(d), widen)
	defer l.Close()
	var got []uint32
	for {
		b, ok, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if want := min(7, len(ids)-len(got)); b.N != want || len(b.Truths[0]) != want || len(b.Truths[1]) != 2*want || len(b.IDs) != want || len(b.Images) != want*16 {
			t.Fatalf("a batch of %d with %d classes, %d IDs, %d values; want %d", b.N, len(b.Truths[0]), len(b.IDs), len(b.Images), want)
		}
		for i, id := range b.IDs {
			value, class := float32(id), float32(0)
			if id >= 50 {
				value, class = float32(100+id-50), 1
			}
			if b.Truths[0][i] != class || b.Truths[1][2*i+1] != float32(id) || b.Images[16*i] != value || b.Images[16*i+15] != value {
				t.Errorf("image %d: truths %v, values %v", id, b.Truths, b.Images[16*i:16*i+16])
			}
		}
		got = append(got, b.IDs...)
	}
	if !slices.Equal(got, ids) {
		t.Error("the images come in another order")
	}
	if _, ok, err := l.Next(); ok || err != nil {
		t.Errorf("after the end %v, %v", ok, err)
	}
}

func TestLoaderIsBounded(t *testing.T) {
	d := pairs(t, 99)
	ids := d.IDs(Train)
	var prepared atomic.Int64
	l := NewLoader(context.Background(), d, ids, 1, sizesOf(d), func(Entry, Pixels, []float32, [][]float32) error {
		prepared.Add(1)
		return nil
	})
	taken := 0
	for range 20 {
		if _, ok, err := l.Next(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		taken++
		for range 100 {
			runtime.Gosched() // let it run ahead if it would
		}
	}
	if ahead := int(prepared.Load()) - taken; ahead > cap(l.free) {
		t.Errorf("%d batches ahead, with room for %d", ahead, cap(l.free))
	}
	l.Close()
	if n := prepared.Load(); n >= int64(len(ids)) {
		t.Errorf("all %d images were read though Close came before", n)
	}
}

func TestLoaderCloseWaits(t *testing.T) {
	d := pairs(t, 20)
	var running atomic.Int64
	started := make(chan struct{}, 40)
	l := NewLoader(context.Background(), d, d.IDs(Train), 2, sizesOf(d), func(Entry, Pixels, []float32, [][]float32) error {
		running.Add(1)
		started <- struct{}{}
		for range 1000 {
			runtime.Gosched()
		}
		running.Add(-1)
		return nil
	})
	<-started
	l.Close()
	if n := running.Load(); n != 0 {
		t.Errorf("%d images are still being prepared after Close", n)
	}
	l.Close() // again is harmless
}

func TestLoaderFailures(t *testing.T) {
	d := pairs(t, 20)
	l := NewLoader(context.Background(), d, []uint32{0, 1, 999, 2, 3, 4, 5, 6}, 2, sizesOf(d), widen)
	defer l.Close()
	if b, ok, err := l.Next(); !ok || err != nil || b.IDs[1] != 1 {
		t.Fatal(b, ok, err)
	}
	for range 3 { // the error stays
		_, ok, err := l.Next()
		if ok {
			t.Error("a batch after an error")
		}
		datatest.WantFault(t, err, "data.id")
	}

	broken := errors.New("cannot be prepared")
	l = NewLoader(context.Background(), d, d.IDs(Train), 2, sizesOf(d), func(Entry, Pixels, []float32, [][]float32) error { return broken })
	defer l.Close()
	if _, ok, err := l.Next(); ok || !errors.Is(err, broken) {
		t.Errorf("what cannot be prepared: %v, %v", ok, err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	l = NewLoader(ctx, d, d.IDs(Train), 2, sizesOf(d), widen)
	defer l.Close()
	cancel()
	for {
		_, ok, err := l.Next()
		if ok {
			continue // read before
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		break
	}

	l = NewLoader(context.Background(), d, nil, 0, sizesOf(d), widen)
	defer l.Close()
	if _, ok, err := l.Next(); ok || err != nil {
		t.Errorf("of no images: %v, %v", ok, err)
	}
}
