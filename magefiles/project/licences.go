package project

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// module is one that a binary has linked.
type module struct{ Path, Version string }

// standardLibrary stands for Go itself, which every binary has.
const standardLibrary = "std"

// linkedModules reads from a binary of whichever platform what is in it.
func linkedModules(ctx context.Context, binary string) ([]module, error) {
	out, err := output(ctx, filepath.Dir(binary), nil, "go", "version", "-m", "-json", binary)
	if err != nil {
		return nil, err
	}
	var info debug.BuildInfo
	if err := json.Unmarshal(out, &info); err != nil {
		return nil, err
	}
	all := []module{{standardLibrary, strings.TrimPrefix(info.GoVersion, "go")}}
	for _, d := range info.Deps { // sorted by the linker
		if d.Replace != nil {
			d = d.Replace
		}
		if d.Path != "muster" {
			all = append(all, module{d.Path, d.Version})
		}
	}
	return all, nil
}

// moduleFolders are where the sources of the modules lie, by path.
func moduleFolders(ctx context.Context, src string) (map[string]string, error) {
	out, err := output(ctx, src, nil, "go", "list", "-m", "-json", "all")
	if err != nil {
		return nil, err
	}
	root, err := output(ctx, src, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{standardLibrary: strings.TrimSpace(string(root))}
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := in.Decode(&m); errors.Is(err, io.EOF) {
			return folders, nil
		} else if err != nil {
			return nil, err
		}
		folders[m.Path] = m.Dir
	}
}

// licence is what a module may be used under.
type licence struct {
	id   string // of SPDX; "" if it is none of those that are known here
	text string // all of its files
}

var licenceFile = pattern(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// readLicences reads each module's. One without a licence may not be given away.
func readLicences(modules []module, folders map[string]string) (map[module]licence, error) {
	all := map[module]licence{}
	for _, m := range modules {
		list, err := os.ReadDir(folders[m.Path])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
		}
		var l licence
		for _, f := range list {
			if f.IsDir() || !licenceFile().MatchString(f.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folders[m.Path], f.Name()))
			if err != nil {
				return nil, err
			}
			l.text += strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")) + "\n"
		}
		if l.text == "" {
			return nil, fmt.Errorf("%s %s has no licence in %s", m.Path, m.Version, folders[m.Path])
		}
		l.id = licenceID(l.text)
		all[m] = l
	}
	return all, nil
}

// licenceID tells a licence by sentences that only it has; "" for another, or for
// several in one.
func licenceID(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	var ids []string
	for _, known := range []struct{ id, has, hasNot string }{
		{"MIT", "Permission is hereby granted, free of charge", ""},
		{"Apache-2.0", "Apache License Version 2.0", ""},
		{"BSD-3-Clause", "endorse or promote products derived from this software", ""},
		{"BSD-2-Clause", "Redistributions in binary form must reproduce", "endorse or promote"},
	} {
		if strings.Contains(text, known.has) && (known.hasNot == "" || !strings.Contains(text, known.hasNot)) {
			ids = append(ids, known.id)
		}
	}
	if len(ids) != 1 {
		return ""
	}
	return ids[0]
}

// licenceText is what others' licences ask to be handed on.
func licenceText(modules []module, licences map[module]licence) []byte {
	var b bytes.Buffer
	b.WriteString("muster consists of its own sources (see LICENSE) and of these modules.\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "\n%s\n%s %s\n\n%s", strings.Repeat("=", 72), m.Path, m.Version, licences[m].text)
	}
	return b.Bytes()
}

// bom is the bill of materials of a binary, in CycloneDX's JSON.
func bom(r release, platform string, modules []module, licences map[module]licence) ([]byte, error) {
	type object = map[string]any
	components := []object{}
	for _, m := range modules {
		of := object{"license": object{"name": "see THIRD_PARTY_LICENSES"}}
		if id := licences[m].id; id != "" {
			of = object{"license": object{"id": id}}
		}
		url := "pkg:golang/" + m.Path + "@" + m.Version
		components = append(components, object{"type": "library", "bom-ref": url, "purl": url,
			"name": m.Path, "version": m.Version, "licenses": []object{of}})
	}
	// A serial number that is the same whenever it is made: of what it tells of.
	serial := sha256.Sum256([]byte(r.stamp + platform))
	serial[6], serial[8] = serial[6]&0x0f|0x80, serial[8]&0x3f|0x80 // RFC 9562, version 8
	text, err := json.MarshalIndent(object{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"serialNumber": fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", serial[:4], serial[4:6], serial[6:8], serial[8:10], serial[10:16]),
		"metadata": object{
			"timestamp": r.date.UTC().Format("2006-01-02T15:04:05Z"),
			"component": object{"type": "application", "bom-ref": "muster", "name": "muster", "version": r.version,
				"description": "for " + platform, "licenses": []object{{"license": object{"id": "MIT"}}}},
		},
		"components": components,
	}, "", "  ")
	return append(text, '\n'), err
}
