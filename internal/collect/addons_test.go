package collect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// serving answers as an API server with these API versions, each with resources as NAME:KIND:SCOPE, and one object of each.
func serving(served map[string][]string, forbid string, asked *[]string) fault {
	var mu sync.Mutex
	return func(r request) bool {
		path := strings.TrimPrefix(r.URL.Path, "/apis")
		if path == r.URL.Path {
			return false
		}
		mu.Lock()
		*asked = append(*asked, r.URL.Path)
		mu.Unlock()
		answer := func(v any) bool {
			r.w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(r.w).Encode(v)
			return true
		}
		if r.URL.Path == forbid {
			return r.status(http.StatusForbidden, "Forbidden", "no", "")
		}
		if path == "" {
			var groups []any
			for version := range served {
				groups = append(groups, map[string]any{"name": version, "versions": []any{map[string]any{"groupVersion": version}}})
			}
			return answer(map[string]any{"kind": "APIGroupList", "groups": groups})
		}
		for version, resources := range served {
			var list []any
			for _, resource := range resources {
				parts := strings.Split(resource, ":")
				list = append(list, map[string]any{"name": parts[0], "kind": parts[1], "namespaced": parts[2] == "namespaced", "verbs": []string{"list"}})
				if path == "/"+version+"/"+parts[0] {
					item := map[string]any{"apiVersion": version, "kind": parts[1], "metadata": map[string]any{"name": "one", "namespace": "a"}, "spec": map[string]any{"password": "hunter2"}}
					return answer(map[string]any{"apiVersion": version, "kind": parts[1] + "List", "items": []any{item}})
				}
			}
			if path == "/"+version {
				return answer(map[string]any{"kind": "APIResourceList", "resources": list})
			}
		}
		return r.status(http.StatusForbidden, "Forbidden", "what is not there is refused, too", "")
	}
}

// addOn are the kinds of the add-on that are called so.
func addOns(names ...string) (list []snapshot.Kind) {
	for _, k := range snapshot.Kinds {
		for _, name := range names {
			if k.Custom() && strings.Contains(k.Name, name) {
				list = append(list, k)
			}
		}
	}
	return list
}

// Where both of Calico's groups are served, the objects are read once. What is not served is not asked for: the server would
// refuse it to who may not read it. No question is asked twice.
func TestLiveAddOns(t *testing.T) {
	crd := []string{"networkpolicies:NetworkPolicy:namespaced", "globalnetworkpolicies:GlobalNetworkPolicy:cluster"}
	for name, tt := range map[string]struct {
		served map[string][]string
		forbid string
		want   []string // of the objects, kind and API version
		absent []string
		gaps   []string
		asked  int // paths
	}{
		"none": {absent: []string{"CiliumClusterwideNetworkPolicy.cilium.io", "CiliumNetworkPolicy.cilium.io", "GlobalNetworkPolicy.projectcalico.org", "NetworkPolicy.projectcalico.org"}, asked: 1},
		"both groups": {
			served: map[string][]string{"crd.projectcalico.org/v1": crd, "projectcalico.org/v3": crd},
			want:   []string{"GlobalNetworkPolicy crd.projectcalico.org/v1", "NetworkPolicy crd.projectcalico.org/v1"},
			absent: []string{"CiliumClusterwideNetworkPolicy.cilium.io", "CiliumNetworkPolicy.cilium.io"}, asked: 4,
		},
		"the newer group alone": {
			served: map[string][]string{"projectcalico.org/v3": crd},
			want:   []string{"GlobalNetworkPolicy projectcalico.org/v3", "NetworkPolicy projectcalico.org/v3"},
			absent: []string{"CiliumClusterwideNetworkPolicy.cilium.io", "CiliumNetworkPolicy.cilium.io"}, asked: 4,
		},
		"a group without its policies": {
			served: map[string][]string{"cilium.io/v2": {"ciliumendpoints:CiliumEndpoint:namespaced"}, "crd.projectcalico.org/v1": {"ippools:IPPool:cluster"}},
			absent: []string{"CiliumClusterwideNetworkPolicy.cilium.io", "CiliumNetworkPolicy.cilium.io", "GlobalNetworkPolicy.projectcalico.org", "NetworkPolicy.projectcalico.org"}, asked: 3,
		},
		"policies that may not be read": {
			served: map[string][]string{"cilium.io/v2": {"ciliumnetworkpolicies:CiliumNetworkPolicy:namespaced"}}, forbid: "/apis/cilium.io/v2/ciliumnetworkpolicies",
			absent: []string{"CiliumClusterwideNetworkPolicy.cilium.io", "GlobalNetworkPolicy.projectcalico.org", "NetworkPolicy.projectcalico.org"},
			gaps:   []string{"CiliumNetworkPolicy.cilium.io: forbidden: the identity may not list ciliumnetworkpolicies.cilium.io; grant it the ClusterRole kubemuster-reader"}, asked: 3,
		},
		"a discovery that may not be read": {
			served: map[string][]string{"crd.projectcalico.org/v1": crd}, forbid: "/apis",
			gaps: []string{
				"CiliumClusterwideNetworkPolicy.cilium.io: forbidden: the identity may not list ciliumclusterwidenetworkpolicies.cilium.io; grant it the ClusterRole kubemuster-reader",
				"CiliumNetworkPolicy.cilium.io: forbidden: the identity may not list ciliumnetworkpolicies.cilium.io; grant it the ClusterRole kubemuster-reader",
				"GlobalNetworkPolicy.projectcalico.org: forbidden: the identity may not list globalnetworkpolicies.crd.projectcalico.org; grant it the ClusterRole kubemuster-reader",
				"NetworkPolicy.projectcalico.org: forbidden: the identity may not list networkpolicies.crd.projectcalico.org; grant it the ClusterRole kubemuster-reader",
			}, asked: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			var all receiver
			live := NewLive(apiServer(t, serving(tt.served, tt.forbid, &asked)), 0)
			kinds := addOns("cilium", "calico")
			live.Served(t.Context(), kinds)
			coverage, err := live.Collect(t.Context(), Scope{Kinds: kinds}, all.emit)
			if err != nil {
				t.Fatal(err)
			}
			var got, gaps []string
			for _, o := range all.all {
				got = append(got, o.Kind.Kind()+" "+o.Kind.APIVersion())
			}
			sortGaps(coverage.Gaps)
			for _, g := range coverage.Gaps {
				gaps = append(gaps, g.String())
			}
			slices.Sort(got)
			if !reflect.DeepEqual(got, tt.want) || !reflect.DeepEqual(coverage.Absent, tt.absent) || !reflect.DeepEqual(gaps, tt.gaps) || len(asked) != tt.asked {
				t.Errorf("got %q\nabsent %q\ngaps %q\nasked for %q", got, coverage.Absent, gaps, asked)
			}
		})
	}
}

// A recording with custom resources is read as the live cluster is: with the plural that the server has for them.
func TestSnapshotOfCustomResourcesIsAsLive(t *testing.T) {
	calico := map[string][]string{"crd.projectcalico.org/v1": {"networkpolicies:NetworkPolicy:namespaced"}, "example.com/v1": {"gadgetry:Gadget:cluster", "widgets:Widget:namespaced"}}
	kinds := append(addOns("calico"), snapshot.Custom("example.com", "v1", "Gadget"), snapshot.Custom("example.com", "v1", "Missing"))
	live := NewLive(apiServer(t, serving(calico, "", new([]string))), 0)
	served, _ := live.Served(t.Context(), kinds)
	var want receiver
	wantCoverage, err := live.Collect(t.Context(), Scope{Kinds: kinds}, want.emit)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{Kubemuster: "v1", Custom: snapshot.ServedCustom(served)})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range want.all {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(snapshot.Ending{Objects: wantCoverage.Objects, Absent: wantCoverage.Absent, Gaps: wantCoverage.Gaps}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(file.String(), "hunter2") {
		t.Errorf("the recording holds a secret: %s", &file)
	}
	path := filepath.Join(t.TempDir(), "custom.snapshot")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var got receiver
	coverage, err := Snapshot{Path: path}.Collect(t.Context(), Scope{Kinds: kinds}, got.emit)
	if err != nil || !reflect.DeepEqual(coverage, wantCoverage) {
		t.Errorf("got %+v, %v\nwant %+v", coverage, err, wantCoverage)
	}
	tell := func(r *receiver) map[string]string {
		m := map[string]string{}
		for _, o := range r.all {
			m[o.Kind.Name] = fmt.Sprint(o.Kind, o.Value.(*unstructured.Unstructured).Object)
		}
		return m
	}
	if got, want := tell(&got), tell(&want); len(want) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}

	// What it does not hold is no empty list: another kind, and another version.
	coverage, err = Snapshot{Path: path}.Collect(t.Context(), Scope{Kinds: []snapshot.Kind{snapshot.Custom("example.com", "v1", "Widget"), snapshot.Custom("example.com", "v2", "Gadget")}}, got.emit)
	if err != nil || len(coverage.Gaps) != 2 || len(coverage.Objects) > 0 || !strings.HasSuffix(coverage.Gaps[0].Message, "does not hold widgets.example.com; record the cluster anew with the pack that asks for it, as --policy") {
		t.Errorf("got %+v, %v", coverage, err)
	}
}

func TestManifestsOfAddOns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	const text = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: web}\n---\n" +
		"apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {name: all, namespace: ignored}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string][]string{
		"":        {"GlobalNetworkPolicy crd.projectcalico.org/v1 /all", "NetworkPolicy projectcalico.org/v3 default/web"},
		"default": {"NetworkPolicy projectcalico.org/v3 default/web"},
	} {
		scope := Scope{Kinds: addOns("calico", "cilium")}
		if namespace != "" {
			scope.Namespaces = []string{namespace}
		}
		var all receiver
		coverage, err := Manifests{Path: file}.Collect(t.Context(), scope, all.emit)
		var got []string
		for _, o := range all.all {
			got = append(got, fmt.Sprint(o.Kind.Kind(), " ", o.Kind.APIVersion(), " ", o.Value.GetNamespace(), "/", o.Value.GetName()))
		}
		slices.Sort(got)
		// What is left out is not told as if there were none.
		if _, told := coverage.Objects["GlobalNetworkPolicy.projectcalico.org"]; err != nil || !reflect.DeepEqual(got, want) || told != (namespace == "") {
			t.Errorf("%q: got %q, %v, %v", namespace, got, coverage, err)
		}
	}
}
