package snapshot

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// What decoding takes is known before, typed and untyped.
func TestWeightOfJSON(t *testing.T) {
	const n = 20_000
	for name, tt := range map[string]struct {
		text    string
		into    any
		element int64
	}{
		"small maps":     {`{"a":[0` + strings.Repeat(`,{"b":{"c":{"d":1}}}`, n) + `]}`, new(map[string]any), UntypedWeight},
		"nested maps":    {`{"a":` + strings.Repeat(`{"b":{},"c":`, 4000) + `1` + strings.Repeat(`}`, 4000) + `}`, new(map[string]any), UntypedWeight},
		"small lists":    {`{"a":[[1]` + strings.Repeat(`,[[],[1]]`, n) + `]}`, new(map[string]any), UntypedWeight},
		"texts":          {`{"a":["x"` + strings.Repeat(`,"x"`, n) + `]}`, new(map[string]any), UntypedWeight},
		"containers":     {`{"spec":{"containers":[{}` + strings.Repeat(`,{}`, n) + `]}}`, new(corev1.Pod), TypedWeight},
		"limits of each": {`{"spec":{"containers":[{}` + strings.Repeat(`,{"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}}`, n) + `]}}`, new(corev1.Pod), TypedWeight},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := json.Unmarshal([]byte(tt.text), tt.into); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if took, told := int64(after.TotalAlloc-before.TotalAlloc), WeightOfJSON([]byte(tt.text), tt.element); told < took/3 || told > 8*took {
			t.Errorf("%s: decoding %d bytes takes %d, and %d were told", name, len(tt.text), took, told)
		} else {
			t.Logf("%s: %d bytes take %d, and %d were told", name, len(tt.text), took, told)
		}
	}
}
