package project

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name string // with slashes, below the archive's one folder
	data []byte
	mode fs.FileMode
}

// sorted are the entries by name: an archive says nothing of how it was made.
func sorted(entries []entry) []entry {
	return slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return cmp.Compare(a.name, b.name) })
}

// writeTar packs files of nobody in particular, all of one time, into a .tar.gz.
func writeTar(file, folder string, date time.Time, entries []entry) error {
	var out bytes.Buffer
	pack := gzip.NewWriter(&out) // its header has no time and no name
	t := tar.NewWriter(pack)
	for _, e := range sorted(entries) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + e.name, Size: int64(len(e.data)), Mode: int64(e.mode),
			ModTime: date.UTC().Truncate(time.Second), Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.data); err != nil {
			return err
		}
	}
	if err := errors.Join(t.Close(), pack.Close()); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// writeZip is writeTar for a .zip.
func writeZip(file, folder string, date time.Time, entries []entry) error {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range sorted(entries) {
		h := &zip.FileHeader{Name: folder + "/" + e.name, Method: zip.Deflate, Modified: date.UTC()}
		h.SetMode(e.mode)
		var w io.Writer
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := w.Write(e.data); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}
