// Package font has the application's fonts: Noto Sans KR, Latin and all Hangul syllables, made by make.py. They come under the SIL Open
// Font License 1.1 (OFL.txt).
package font

import _ "embed"

// Regular is the OpenType font of all text.
//
//go:embed NotoSansKR-Regular.otf
var Regular []byte

// Bold is the OpenType font of headings.
//
//go:embed NotoSansKR-Bold.otf
var Bold []byte
