//go:build !amd64 || noasm

package kernel

func bestTile() tile { return plainTile }

// tiles lists the kernels that this machine can run, for tests.
func tiles() []tile { return []tile{plainTile} }
