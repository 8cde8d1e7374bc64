// Package imports makes data sets: it brings the images of a source to one size, splits them into training, validation and test, and writes them on all cores. The same source, options and
// seed give the same data set.
package imports
