package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// Audit returns the requests that the server has answered so far, in the order of its audit log.
func (c *Cluster) Audit() ([]auditv1.Event, error) {
	data, err := os.ReadFile(c.file("audit.log"))
	if err != nil {
		return nil, err
	}
	var events []auditv1.Event
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var e auditv1.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		events = append(events, e)
	}
	return events, nil
}
