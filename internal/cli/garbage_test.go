package cli

import "testing"

func TestShare(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, usual}, {1 << 20, usual}, {50 << 20, usual}, {60 << 20, 65}, {80 << 20, 50}, {100 << 20, 40}, {128 << 20, 30}, {200 << 20, 20}, {300 << 20, least}, {8 << 30, least}} {
		if got := share(c.live); got != c.want {
			t.Errorf("of %d bytes %d %% may be new, want %d", c.live, got, c.want)
		}
	}
}
