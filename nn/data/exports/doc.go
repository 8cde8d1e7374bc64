// Package exports writes data sets for other programs: a folder in one of the formats of package formats, with truth in the coordinates of the original files. The folder
// appears under its name when it is complete.
package exports
