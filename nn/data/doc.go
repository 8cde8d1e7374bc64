// Package data keeps and reads data sets: folders with a dataset.json that tells what is in them and a data.db with
// the images and what is true of each. It also has what they are made with: a Draft, its Writer and Encoders.
//
// Where they come from is not its matter: package source has what lies in a folder or an archive, formats how that is laid out, imports makes a data set of it, samples of
// built-in ones, and exports writes one for other programs. Whatever
// comes from outside — images, archives, headers, the database itself — is checked before memory is taken for it, and what is wrong
// with it is told by a fault.Fault that names the file.
package data
