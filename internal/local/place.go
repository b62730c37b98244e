package local

// Place is a folder, by its path and by what tells it from another one there.
type Place struct {
	Path   string `json:"path"`
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

// Copied tells whether the folder dir is but a copy of this one, which is still
// where it was. A folder that was moved is the same one.
func (p Place) Copied(dir string) bool {
	here := PlaceAt(dir)
	here.Path = p.Path
	return p.Inode != 0 && PlaceAt(p.Path) == p && here != p
}
