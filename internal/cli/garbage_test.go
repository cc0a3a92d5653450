package cli

import "testing"

func TestShare(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, usual}, {1 << 20, usual}, {45 << 20, usual}, {60 << 20, 60}, {80 << 20, 45}, {100 << 20, 35}, {128 << 20, 25}, {200 << 20, least}, {300 << 20, least}, {8 << 30, least}} {
		if got := share(c.live); got != c.want {
			t.Errorf("of %d bytes %d %% may be new, want %d", c.live, got, c.want)
		}
	}
}
