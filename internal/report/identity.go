package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Same finds the clusters of one report in another: for each of now its index in earlier, or -1. Clusters are the same where
// their IDs are. Of one that nobody could ask only the target is known: it is the cluster of that target, where just one is
// left of it on both sides and neither was given another alias.
func Same(now, earlier []Cluster) []int {
	pairs := make([]int, len(now))
	taken := make([]bool, len(earlier))
	for i, c := range now {
		pairs[i] = -1
		for j, o := range earlier {
			if o.ID == c.ID && (pairs[i] < 0 || o.Target == c.Target) {
				pairs[i] = j
			}
		}
		if pairs[i] >= 0 {
			taken[pairs[i]] = true
		}
	}
	for i, c := range now {
		if pairs[i] >= 0 {
			continue
		}
		var left, rivals []int
		for j, o := range earlier {
			if !taken[j] && mayBe(c, o) {
				left = append(left, j)
			}
		}
		for k := range now {
			if pairs[k] < 0 && len(left) == 1 && mayBe(now[k], earlier[left[0]]) {
				rivals = append(rivals, k)
			}
		}
		if len(rivals) == 1 {
			pairs[i], taken[left[0]] = left[0], true
		}
	}
	return pairs
}

// mayBe reports whether two clusters have one target, and of one of them nothing else is known.
func mayBe(a, b Cluster) bool {
	switch {
	case a.Target != b.Target:
		return false
	case a.Alias == b.Alias:
		return !a.told() || !b.told()
	}
	return !a.told() && a.unnamed() || !b.told() && b.unnamed()
}

// told reports whether anybody said which cluster the target is.
func (c Cluster) told() bool { return c.Status != NotScanned || c.Name != "" }

// unnamed reports whether the alias is made of the target, for want of anything else.
func (c Cluster) unnamed() bool { return c.Alias == Alias(Cluster{Target: c.Target}) }

// Adopt gives a cluster that nobody could ask what another report knows of it.
func (c *Cluster) Adopt(o Cluster) {
	if c.told() {
		return
	}
	if c.unnamed() {
		c.Alias = o.Alias
	}
	c.ID, c.Provider, c.Account, c.Region, c.Name = o.ID, cmp.Or(o.Provider, c.Provider), o.Account, o.Region, o.Name
}

var unsafeInAlias = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Alias is the cluster's alias, safe in a path: the one that it was given, else provider-account-region-name as far as they are
// known, else the target.
func Alias(c Cluster) string {
	name := c.Target
	if c.Name != "" {
		name = strings.Join(slices.DeleteFunc([]string{c.Provider, c.Account, c.Region, c.Name}, func(p string) bool { return p == "" }), "-")
	}
	return cmp.Or(strings.Trim(unsafeInAlias.ReplaceAllString(cmp.Or(c.Alias, name), "-"), "-."), "target")
}

// DistinctAliases numbers aliases that stand twice: two targets that are the same cluster, or names that differ only in
// what an alias cannot hold. Case does not tell files apart everywhere.
func DistinctAliases(clusters []Cluster) {
	taken := map[string]bool{}
	for i := range clusters {
		alias := clusters[i].Alias
		for n := 2; taken[strings.ToLower(alias)]; n++ {
			alias = fmt.Sprintf("%s-%d", clusters[i].Alias, n)
		}
		taken[strings.ToLower(alias)] = true
		clusters[i].Alias = alias
	}
}
