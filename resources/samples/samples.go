// Package samples embeds data that Convscope brings along, so that it can be tried without a download. See README.md for the
// licence.
package samples

import _ "embed"

// DigitsImages is MNIST's t10k-images-idx3-ubyte.gz: 10,000 handwritten digits of 28×28 pixels, grey.
//
//go:embed t10k-images-idx3-ubyte.gz
var DigitsImages []byte

// DigitsLabels is MNIST's t10k-labels-idx1-ubyte.gz: what the digits are.
//
//go:embed t10k-labels-idx1-ubyte.gz
var DigitsLabels []byte
