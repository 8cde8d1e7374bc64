package data

// Kinds says which kinds of truth there are about an image: a set of bits, as the index of a data set has them. A newer version may have
// more of them: those are kept.
type Kinds uint16

// The kinds of truth.
const (
	KindClass     Kinds = 1 << iota // of the whole image
	KindBoxes                       // boxes, or that there is none
	KindPolygons                    // polygons, or that there is none
	KindMasks                       // masks, or that there is none
	KindInstances                   // polygons or masks tell things apart
	kindsEnd

	knownKinds = kindsEnd - 1
)

// Kinds returns what kinds of truth there are.
func (t Truth) Kinds() Kinds {
	var k Kinds
	if t.Class >= 0 {
		k |= KindClass
	}
	if t.Boxes != nil {
		k |= KindBoxes
	}
	if t.Polygons != nil {
		k |= KindPolygons
	}
	if t.Masks != nil {
		k |= KindMasks
	}
	for _, p := range t.Polygons {
		if p.Instance > 0 {
			k |= KindInstances
		}
	}
	for _, m := range t.Masks {
		if m.Instance > 0 {
			k |= KindInstances
		}
	}
	return k
}
