package snapshot

import (
	"strings"
	"testing"
)

var patterns = []*pattern{opaque, reference, variables, flagAlone, userinfo, parameter}

// To look for some texts first changes nothing of what matches.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{
		"", keyID, awsKey, jwt, github, privateKey, "DB_PASSWORD", "db-Pa\u017f\u017fword", "api\u212aey=x", "to\u212aen: x", "AUTH", "x.credentials", "$(VAR)", "--flag", "--flag=value", "NAME=",
		"postgres://app:" + "x@db", `curl -H "Authorization: Bearer x"`, "curl\t-u me:you", "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFiQ2RFZg", "/etc/app/config.yaml",
		"glpat-" + strings.Repeat("a", 20), "xoxb-" + strings.Repeat("1", 12), "k8s-aws-v1." + "abc",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range patterns {
			if p.Regexp.MatchString(text) && !p.mayMatch(text) {
				t.Errorf("%v matches %q, and holds none of %q", p, text, p.needs)
			}
		}
	})
}

// What each pattern looks for first, so that none falls back to the whole expression unseen.
func TestPatternNeeds(t *testing.T) {
	for _, p := range patterns {
		if len(p.needs) == 0 && p.shortest < 20 && p != flagAlone {
			t.Errorf("nothing is known of %v", p)
		}
		t.Logf("%v: %q in any case: %v, %d bytes or more", p, p.needs, p.anyCase, p.shortest)
	}
}
