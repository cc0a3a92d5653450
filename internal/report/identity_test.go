package report_test

import (
	"slices"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report"
)

func TestSame(t *testing.T) {
	const target = "eks://us-east-1/prod"
	named := func(id, alias string) report.Cluster {
		return report.Cluster{Target: target, ID: id, Alias: alias, Provider: "eks", Account: "111", Region: "us-east-1", Name: "prod", Status: report.Complete}
	}
	prod, twin := named("arn:prod", "eks-111-us-east-1-prod"), named("arn:twin", "eks-222-us-east-1-prod")
	known := prod // its access answered, and it did not
	known.Status = report.NotScanned
	unknown := report.Cluster{Target: target, ID: target, Alias: "eks-us-east-1-prod", Provider: "eks", Status: report.NotScanned}
	given, shop := unknown, named("arn:shop", "shop")
	given.Alias = "shop"
	configured := unknown
	configured.ID = "arn:prod"
	elsewhere := named("arn:prod", "other")
	elsewhere.Target = "snapshot://prod"

	type clusters = []report.Cluster
	tests := []struct {
		name         string
		now, earlier clusters
		want         []int
	}{
		{"by ID", clusters{twin, prod}, clusters{prod, twin}, []int{1, 0}},
		{"another ID", clusters{prod}, clusters{twin}, []int{-1}},
		{"it was asked, and did not answer", clusters{known}, clusters{prod}, []int{0}},
		{"it could not be asked", clusters{unknown}, clusters{prod}, []int{0}},
		{"it could not be asked then", clusters{prod}, clusters{unknown}, []int{0}},
		{"its ID is configured", clusters{configured}, clusters{prod}, []int{0}},
		{"one target, two clusters", clusters{unknown}, clusters{prod, twin}, []int{-1}},
		{"the other one answered", clusters{twin, unknown}, clusters{prod, twin}, []int{1, 0}},
		{"the only one answered", clusters{prod, unknown}, clusters{prod}, []int{0, -1}},
		{"neither could be asked", clusters{unknown, unknown}, clusters{prod}, []int{-1, -1}},
		{"the alias was given", clusters{given}, clusters{prod, shop}, []int{1}},
		{"another alias was given", clusters{given}, clusters{prod}, []int{-1}},
		{"the same cluster by two targets", clusters{elsewhere, prod}, clusters{prod, elsewhere}, []int{1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := report.Same(tt.now, tt.earlier); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	t.Run("adopted", func(t *testing.T) {
		for _, c := range []report.Cluster{unknown, configured} {
			c.Adopt(prod)
			if c.ID != prod.ID || c.Alias != prod.Alias || c.Account != "111" || c.Region != "us-east-1" || c.Name != "prod" || c.Status != report.NotScanned {
				t.Errorf("got %+v", c)
			}
		}
		given.Adopt(prod)
		if given.Alias != "shop" {
			t.Errorf("the alias that was given became %s", given.Alias)
		}
		other := twin
		if other.Adopt(prod); other.ID != "arn:twin" {
			t.Errorf("a cluster that is known became %s", other.ID)
		}
	})
}

func TestAliases(t *testing.T) {
	tests := []struct {
		name string
		in   []report.Cluster
		want []string
	}{
		{"from what the cloud says", []report.Cluster{{Provider: "eks", Account: "123", Region: "us-east-1", Name: "prod"}}, []string{"eks-123-us-east-1-prod"}},
		{"as far as it is known", []report.Cluster{{Target: "eks://us-east-1/prod"}, {Provider: "manifests", Name: "../a b/c.yaml"}}, []string{"eks-us-east-1-prod", "manifests-..-a-b-c.yaml"}},
		{"given", []report.Cluster{{Alias: "prod/eu"}, {Alias: "../../etc"}}, []string{"prod-eu", "etc"}},
		{"nothing that an alias could hold", []report.Cluster{{Target: "://"}}, []string{"target"}},
		{"twice", []report.Cluster{{Alias: "a"}, {Alias: "a"}, {Alias: "a"}}, []string{"a", "a-2", "a-3"}},
		{"twice, and the next one taken", []report.Cluster{{Alias: "a"}, {Alias: "a"}, {Alias: "a-2"}}, []string{"a", "a-2", "a-2-2"}},
		{"apart in case only", []report.Cluster{{Alias: "Prod"}, {Alias: "prod"}}, []string{"Prod", "prod-2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, c := range tt.in {
				tt.in[i].Alias = report.Alias(c)
			}
			report.DistinctAliases(tt.in)
			for i, want := range tt.want {
				if got := tt.in[i].Alias; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
}
