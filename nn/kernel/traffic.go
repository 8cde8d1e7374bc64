package kernel

import "reflect"

// Traffic returns how many bytes the operations of a step read and write, each buffer that one names counted once: what must at least be moved where no cache holds it from one
// operation to the next, as on a graphics processor. Divided by the memory's speed it is a lower bound of a step's time.
func (p *Program) Traffic() int64 {
	var bytes int64
	for _, list := range [][]Op{p.Forward, p.Backward, p.Update} {
		for _, op := range list {
			v := reflect.ValueOf(op)
			for i := range v.NumField() {
				switch f := v.Field(i).Interface().(type) {
				case ID:
					bytes += p.bytes(f)
				case []ID:
					for _, id := range f {
						bytes += p.bytes(id)
					}
				}
			}
		}
	}
	return bytes
}

func (p *Program) bytes(id ID) int64 {
	if id == None {
		return 0
	}
	return 4 * int64(p.Buffers[id].Shape.Len())
}
