// Package data makes, keeps and reads data sets: folders with a dataset.json that tells what is in them and a data.db with
// the images and what is true of each.
//
// An import reads a source (class folders, folders of masks, IDX files, an archive of them, a built-in sample), brings every image to one
// size and writes it, encoded, into the database. A format of sources is a file and a row in the table of formats. Whatever
// comes from outside — images, archives, headers, the database itself — is checked before memory is taken for it, and what is wrong
// with it is told by a fault.Fault that names the file.
package data
