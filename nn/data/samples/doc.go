// Package samples makes data sets that need no download: MNIST's test digits, which are built in, and shapes that are drawn, with every kind of truth.
package samples
