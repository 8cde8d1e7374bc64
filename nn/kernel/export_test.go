package kernel

// Units are the vector units that this machine can run the CPU device on.
func Units() []string {
	var names []string
	for _, t := range tiles() {
		names = append(names, t.unit)
	}
	return names
}

// NewCPUOf is NewCPU on a certain vector unit.
func NewCPUOf(unit string, threads int) Device {
	for _, t := range tiles() {
		if t.unit == unit {
			return newCPU(threads, t)
		}
	}
	panic("no vector unit " + unit)
}
