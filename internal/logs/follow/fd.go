package follow

// FD is an open file by its descriptor. Its methods call the kernel directly:
// os.File would read twice to see the end, and its finalizer and poller are of
// no use for regular files.
type FD int

// Size returns the size of the file.
func (fd FD) Size() (int64, error) {
	_, size, err := fd.Stat()
	return size, err
}

// Inode is what tells one file from another, whatever their names.
type Inode struct{ Dev, Ino uint64 }
