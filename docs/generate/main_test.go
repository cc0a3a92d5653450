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
	all, err := pages(t.Context(), root)
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
	if len(files) != len(all) {
		t.Errorf("docs/checks has %d pages, and there should be %d; run make generate", len(files), len(all))
	}
}
