package sarif

import (
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// maxWays bounds the ways of a result: a group may hold a grant in hundreds, and one shows what there is to see.
const maxWays = 10

// addWays adds each way as a code flow, and the steps of all of them as related locations.
func addWays(result *sarif.Result, alias string, ways [][]string) {
	seen := map[string]bool{}
	for _, way := range ways[:min(len(ways), maxWays)] {
		flow := &sarif.ThreadFlow{Locations: []*sarif.ThreadFlowLocation{}}
		for _, step := range way {
			flow.Locations = append(flow.Locations, &sarif.ThreadFlowLocation{Location: stepLocation(alias, step)})
			if !seen[step] {
				seen[step] = true
				related := stepLocation(alias, step)
				related.Id = new(uint(len(result.RelatedLocations)))
				result.RelatedLocations = append(result.RelatedLocations, related)
			}
		}
		if len(flow.Locations) > 0 {
			result.CodeFlows = append(result.CodeFlows, &sarif.CodeFlow{ThreadFlows: []*sarif.ThreadFlow{flow}})
		}
	}
}

// stepLocation is the place of a step, which names an object as finding.Object.String does.
func stepLocation(alias, step string) *sarif.Location {
	kind, name, _ := strings.Cut(step, " ")
	o := finding.Object{Kind: kind, Name: name}
	if namespace, rest, ok := strings.Cut(name, "/"); ok {
		o.Namespace, o.Name = namespace, rest
	}
	if k, ok := snapshot.KindNamed(kind); ok {
		o.Group, o.Version, o.Resource = k.Group, k.Version, k.Resource
	}
	text, uri, line := unlinked(step), objectURI(alias, o, ""), 1
	return &sarif.Location{
		PhysicalLocation: &sarif.PhysicalLocation{ArtifactLocation: &sarif.ArtifactLocation{URI: &uri}, Region: &sarif.Region{StartLine: &line}},
		LogicalLocations: []*sarif.LogicalLocation{{Name: &o.Name, FullyQualifiedName: new(qualifiedName(alias, o, "")), Kind: new("resource")}},
		Message:          sarif.NewTextMessage(text),
	}
}
