package logs

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/fuzztest"
	"muster/internal/logs/follow"
)

// seal makes the checksums of a checkpoint right, whatever else is in it.
func seal(b []byte) {
	le := binary.LittleEndian
	for at := entrySize; at+entrySize <= len(b); at += entrySize {
		e := b[at : at+entrySize]
		label := e[labelAt:journalAt]
		if n := int(le.Uint16(label[8:])) + int(le.Uint16(label[10:])); n <= maxLabel {
			le.PutUint64(label, hash(label[8:12+n]))
		}
		for i := range 2 {
			le.PutUint64(e[i*slotSize:], hash(e[i*slotSize+8:i*slotSize+noteBytes]))
			slot := e[journalAt+i*slotSize:]
			le.PutUint64(slot, hash(slot[8:journalSize]))
		}
	}
}

// FuzzCheckpoint tries that whatever lies in place of the checkpoint costs a warning, and
// that what is noted then is there again.
func FuzzCheckpoint(f *testing.F) {
	entries := make([]byte, 3*entrySize)
	copy(entries, magic)
	for i, name := range []string{"a-0", "b-0"} {
		e := entries[(i+1)*entrySize:]
		le := binary.LittleEndian
		le.PutUint16(e[labelAt+8:], uint16(len(name)))
		le.PutUint16(e[labelAt+10:], uint16(len("/x/a.log")))
		copy(e[labelAt+12:], name+"/x/a.log")
		note{seq: 4, unified: 5, size: 1000, out: 30, inode: follow.Inode{Dev: 1, Ino: 2}, off: 200, in: 20, after: lineMid, end: endMark, anchorLen: 200}.encode(e)
		journal{seq: 3, stage: stageStamped, inode: follow.Inode{Dev: 1, Ino: 2}, cut: 4096, blank: 10, off: 5000, anchorLen: 256}.encode(e[journalAt+slotSize:])
	}
	f.Add(entries, true)
	f.Add(entries[:entrySize+300], false)
	f.Add([]byte(magic), false)
	f.Add([]byte("muster logs 2\n"), false)
	f.Fuzz(func(t *testing.T, text []byte, sealed bool) {
		fuzztest.Bound(t)
		if sealed {
			text = bytes.Clone(text)
			seal(text)
		}
		path := filepath.Join(t.TempDir(), "run", "unified.offsets")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := openCheckpoint(path)
		defer c.close()
		if !c.kept() || err != nil && len(c.entries) > 0 {
			t.Fatalf("it cannot be used: %v", err)
		}
		s := Source{Name: "new-0", Path: "/x/new.log"}
		i, err := c.find(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.write(i, note{off: 7, in: 3}); err != nil {
			t.Fatal(err)
		}
		again, err := openCheckpoint(path)
		defer again.close()
		if err != nil || len(again.entries) <= i || again.entries[i].Source != s || again.entries[i].last.done() != 10 {
			t.Errorf("what was noted is not there: %v", err)
		}
	})
}

// FuzzRecover tries a unifier whose predecessor left a note and a journal that do not go
// with the files: it says so if it has to, and the lines that come are in the unified log.
func FuzzRecover(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree\n"), []byte(line("a-0", "one")), int64(4), int64(25), 25, 4, 0, 0, 0, 1, int64(4096), int64(3), int64(8))
	f.Add([]byte("one\ntwo"), []byte("a-0                >> o"), int64(0), int64(0), 24, 4, 2, 1, 1, 2, int64(0), int64(1), int64(4))
	f.Add([]byte("\x00muster cuts\x00"), []byte(""), int64(-1), int64(math.MaxInt64), math.MaxInt32, -1, 99, 99, 99, 99, int64(-1), int64(1)<<62, int64(-1))
	f.Fuzz(func(t *testing.T, source, unified []byte, off, size int64, out, in, before, after, how, stageOf int, cut, blank, joff int64) {
		if len(source)+len(unified) > 64<<10 {
			return
		}
		fuzztest.Bound(t)
		x := &fixture{T: t, dir: t.TempDir()}
		x.opts = Options{Unified: filepath.Join(x.dir, "logs", "backend-unified.log"), Checkpoint: filepath.Join(x.dir, "run", "logs.pos")}
		for _, dir := range []string{"logs", "run"} {
			if err := os.Mkdir(filepath.Join(x.dir, dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		x.write("a-0", string(source))
		appendTo(t, x.opts.Unified, string(unified))
		c, err := openCheckpoint(x.opts.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		i, err := c.find(Source{Name: "a-0", Path: x.path("a-0")})
		if err != nil {
			t.Fatal(err)
		}
		ofUnified, _, _ := follow.Stat(x.opts.Unified)
		of, _, _ := follow.Stat(x.path("a-0"))
		n := note{unified: ofUnified.Ino, size: size, out: out, inode: of, off: off, in: in, before: lineState(before), after: lineState(after), end: ending(how)}
		n.anchorLen, n.anchorSum = anchorAt(source, n.done())
		j := journal{stage: stage(stageOf), inode: of, cut: cut, blank: blank, off: joff, state: lineState(before)}
		j.anchorLen, j.anchorSum = anchorAt(source, joff)
		if err := c.write(i, n); err != nil {
			t.Fatal(err)
		}
		if err := c.writeJournal(i, j); err != nil {
			t.Fatal(err)
		}
		c.close()
		x.start()
		defer func() { x.stop() }()
		x.add("a-0")
		const last = "the last line"
		x.write("a-0", "\n"+last+"\n")
		eventually(t, func() bool { return strings.HasSuffix(x.unified(), string(Prefix("a-0"))+last+"\n") },
			func() string { return "unified log ends " + end(x.unified()) + strings.Join(x.u.Warnings(), ", ") })
	})
}

// anchorAt is what a note remembers of the bytes before a position.
func anchorAt(b []byte, at int64) (int, uint64) {
	if at < 0 || at > int64(len(b)) {
		return 0, 0
	}
	b = b[max(0, at-follow.AnchorSize):at]
	return len(b), hash(b)
}

// FuzzIndex tries that of a time index whatever is its own, in order, is taken, and that
// it is continued.
func FuzzIndex(f *testing.F) {
	at := func(moments ...int64) []byte {
		b := make([]byte, indexHead)
		for _, m := range moments {
			b = binary.LittleEndian.AppendUint64(b, uint64(m))
		}
		return b
	}
	f.Add(at(1000, 0, 2000, 10, 3000, 20), int64(100), true)
	f.Add(at(1000, 20, 2000, 10, 3000), int64(100), true)
	f.Add(at(math.MinInt64, -1), int64(-1), true)
	f.Add([]byte("x"), int64(1), false)
	f.Fuzz(func(t *testing.T, text []byte, size int64, own bool) {
		fuzztest.Bound(t)
		log := filepath.Join(t.TempDir(), "x.log")
		inode := follow.Inode{Dev: 1, Ino: 2}
		if own && len(text) >= indexHead {
			text = bytes.Clone(text)
			binary.LittleEndian.PutUint64(text, indexMagic)
			binary.LittleEndian.PutUint64(text[8:], inode.Ino)
		}
		if err := os.WriteFile(log+indexSuffix, text, 0o600); err != nil {
			t.Fatal(err)
		}
		moments := ReadIndex(log, 0, inode, size)
		last := int64(0)
		for _, m := range moments {
			if m.Offset < last || m.Offset >= size {
				t.Errorf("%d bytes have a line at %d, behind %d", size, m.Offset, last)
			}
			last = m.Offset
		}
		var x timeIndex
		if err := x.open(log, inode, size); err != nil {
			t.Fatal(err)
		}
		x.close()
		if again := ReadIndex(log, 0, inode, size); len(again) != len(moments) {
			t.Errorf("%d moments, and %d once it is opened", len(moments), len(again))
		}
	})
}
