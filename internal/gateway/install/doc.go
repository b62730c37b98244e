// Package install finds an nginx on this machine (Find) or gets one without
// root (Nginx): the standalone build of a mirror, or the distribution's package
// unpacked below .local. Nothing is used before its checksum and its first run
// say what it is, and nothing half written is ever found: the lock file
// nginx.lock, which belongs in version control, holds what
// is installed from then on.
package install
