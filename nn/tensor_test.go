package nn

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

func counting(shape ...int) Tensor {
	t := NewTensor(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i)
	}
	return t
}

// A part is where its numbers are, whatever the lengths of the axes, and has the axes that are left, also those of length 1.
func TestPartsShareTheirNumbers(t *testing.T) {
	x := counting(2, 3, 4, 5)
	p := x.At(1, 2)
	if !slices.Equal(p.Shape(), []int{4, 5}) || p.Data()[0] != 100 || len(p.Data()) != 20 {
		t.Fatalf("the last map is %v %v", p.Shape(), p.Data())
	}
	if p.Data()[3] = -1; x.Data()[103] != -1 {
		t.Error("a part does not share its numbers")
	}
	for _, shape := range [][]int{{2, 1, 1, 1}, {1, 2, 1, 1}, {2, 2, 1, 3}, {1, 1, 1, 1}} {
		x := counting(shape...)
		p := x.At(shape[0]-1, shape[1]-1)
		if want := x.Data()[len(x.Data())-shape[2]*shape[3]:]; !slices.Equal(p.Shape(), shape[2:]) || !slices.Equal(p.Data(), want) {
			t.Errorf("the last map of %v is %v %v", shape, p.Shape(), p.Data())
		}
	}
	c := x.Clone()
	if c.Data()[0] = 7; x.Data()[0] == 7 || c.Equal(x) || !x.Equal(x.Clone()) || x.Equal(x.Reshape(6, 20)) {
		t.Error("a clone shares its numbers, or equality is not one of shape and numbers")
	}
}

func TestReductions(t *testing.T) {
	x := TensorOf([]float32{1, 5, -3, 2, -8, -7, -9, -6, 0, 0, 0, .5}, 3, 2, 2)
	if got := x.Max(1, 2); !slices.Equal(got.Data(), []float32{5, -6, .5}) || !slices.Equal(got.Shape(), []int{3}) {
		t.Errorf("greatest of each map: %v %v", got.Shape(), got.Data())
	}
	if got := x.Sum(0); !slices.Equal(got.Data(), []float32{-7, -2, -12, -3.5}) || !slices.Equal(got.Shape(), []int{2, 2}) {
		t.Errorf("sum of the maps: %v %v", got.Shape(), got.Data())
	}
	for _, one := range []Tensor{counting(1, 3, 1).Max(1, 2), counting(1, 1, 3).Max(0, 1, 2)} {
		if !slices.Equal(one.Data(), []float32{2}) {
			t.Errorf("greatest of one map: %v", one.Data())
		}
	}
}

func TestTensorsOfNothing(t *testing.T) {
	var none Tensor
	if none.Data() != nil || none.Shape() != nil || !none.Equal(Tensor{}) {
		t.Error("the zero tensor has numbers")
	}
	if empty := NewTensor(0, 3); len(empty.Data()) != 0 || !slices.Equal(empty.Shape(), []int{0, 3}) {
		t.Errorf("no rows: %v %v", empty.Shape(), empty.Data())
	}
	if one := TensorOf([]float32{4}); !slices.Equal(one.Data(), []float32{4}) || len(one.Shape()) != 0 {
		t.Errorf("a number: %v %v", one.Shape(), one.Data())
	}
	for name, wrong := range map[string]func(){
		"too few numbers": func() { TensorOf([]float32{1}, 2) },
		"no such part":    func() { counting(2, 3).At(2) },
		"no such axis":    func() { counting(2, 3).Max(2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			wrong()
		}()
	}
}

// The bytes are those of numpy.save(numpy.array(…, '<f4')), apart from the spaces that pad the header.
func TestNPY(t *testing.T) {
	var b bytes.Buffer
	if err := TensorOf([]float32{1, -2, float32(math.Inf(1)), 0, .5, 3}, 2, 3).WriteNPY(&b); err != nil {
		t.Fatal(err)
	}
	head, numbers, ok := bytes.Cut(b.Bytes(), []byte("\n"))
	if !ok || (len(head)+1)%16 != 0 || !bytes.HasPrefix(head, []byte("\x93NUMPY\x01\x00")) || int(head[8])|int(head[9])<<8 != len(head)+1-10 {
		t.Errorf("the header is %q", head)
	}
	if !bytes.Contains(head, []byte("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)")) {
		t.Errorf("the header is %q", head)
	}
	if want := []byte("\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x80\x7f\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x40\x40"); !bytes.Equal(numbers, want) {
		t.Errorf("the numbers are %x", numbers)
	}
}
