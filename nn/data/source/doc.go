// Package source reads what a data set is imported from before anything is known of its format: the Tree of files of a folder or an archive, and, when a format was found, the
// Collection of images in it, which are read when they are asked for.
//
// Nothing that an archive says leads outside of it: no file is made under a name in it, and it unpacks to no more than a bound that depends on its size.
package source
