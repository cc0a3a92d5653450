package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A cluster that the cloud no longer gives access to is the same one still: the baseline's findings of it are not fixed, and it
// goes by the same alias.
func TestUnreachableIsTheSame(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			first := scan(t, c.env(reader), c.target("prod", reader))
			first.checkComplete(t)
			before := first.only(t)
			baseline := filepath.Join(t.TempDir(), "baseline.sarif")
			if err := os.WriteFile(baseline, first.sarif, 0o600); err != nil {
				t.Fatal(err)
			}
			second := scan(t, c.env(impostor), "--baseline", baseline, c.target("prod", impostor))
			after := second.only(t)
			if second.code != exitIncomplete || after.Properties.Status != "not scanned" {
				t.Fatalf("the exit code is %d, and the cluster is %s", second.code, after.Properties.Status)
			}
			if after.AutomationDetails.ID != before.AutomationDetails.ID {
				t.Errorf("%s became %s", before.AutomationDetails.ID, after.AutomationDetails.ID)
			}
			if got, want := after.findings(t), before.findings(t); !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("%d findings of %d are carried over", len(got), len(want))
			}
		})
	}
}
