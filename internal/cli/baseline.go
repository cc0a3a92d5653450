package cli

import (
	"fmt"
	"os"

	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
)

// readBaseline reads an earlier report of ours; nil for no path.
func readBaseline(path string) (*report.Report, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	defer func() { _ = file.Close() }()
	r, err := jsonreport.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be the baseline: %w; name an earlier report of kubemuster", path, err)
	}
	return r, nil
}
