//go:build !(linux || freebsd || openbsd || netbsd)

package app

// screenSize is not known: Fyne does not tell it.
func screenSize() (width, height int) { return 0, 0 }
