// Command prepare writes a dev-config.yaml for the children that a comparison
// of process managers wants run. Its argument is the folder that holds
// children.json: [{"name": "s00", "argv": ["...", "-port", "21000"]}, ...].
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: prepare DIR")
	}
	if err := prepare(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func prepare(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "children.json"))
	if err != nil {
		return err
	}
	var children []struct {
		Name string   `json:"name"`
		Argv []string `json:"argv"`
	}
	if err := json.Unmarshal(data, &children); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("servers:\n")
	for _, c := range children {
		argv, err := json.Marshal(c.Argv) // a JSON list is a YAML list
		if err != nil {
			return err
		}
		port := "0"
		if i := slices.Index(c.Argv, "-port"); i >= 0 && i+1 < len(c.Argv) {
			port = c.Argv[i+1]
		}
		fmt.Fprintf(&b, "  %s:\n    port: %s\n    command: %s\n    health: {path: /health}\n", c.Name, port, argv)
	}
	// What is compared is how fast a log is written, not how soon it is rotated.
	b.WriteString("logs:\n  max_size: 0\n")
	return os.WriteFile(filepath.Join(dir, "dev-config.yaml"), []byte(b.String()), 0o600)
}
