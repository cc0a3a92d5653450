package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The pages in docs/ are those that the code makes today.
func TestPagesAreFresh(t *testing.T) {
	const root = "../.."
	all, err := pages(root)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range all {
		have, err := os.ReadFile(filepath.Join(root, file))
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is stale (%v); run make generate", file, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "docs/checks/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name, err := filepath.Rel(root, file); err != nil || all[filepath.ToSlash(name)] == nil {
			t.Errorf("%s is of no check; run make generate", file)
		}
	}
}
