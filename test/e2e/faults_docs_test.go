package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of docs/faults.md names tests that are there.
func TestFaultsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", "../../internal/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	test, rows := regexp.MustCompile("`(Test[A-Za-z]+)(?:/([^`]+))?`"), 0
	for line := range strings.Lines(string(page)) {
		named := test.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") == 5 && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| fault |") {
			if rows++; len(named) == 0 {
				t.Errorf("no test is named: %s", line)
			}
		}
		for _, n := range named {
			if !strings.Contains(source.String(), "func "+n[1]+"(t *testing.T)") || !strings.Contains(source.String(), fmt.Sprintf("%q", n[2])) && n[2] != "" {
				t.Errorf("there is no test %s", n[0])
			}
		}
	}
	if rows < 30 {
		t.Errorf("the page has %d rows", rows)
	}
}
