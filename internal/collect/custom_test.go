package collect

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

var certificate = snapshot.Custom("cert-manager.io", "v1", "Certificate")

// certManager answers as an API server with the CRDs of cert-manager, two pages long.
func certManager(forbid string) fault {
	return func(r request) bool {
		answer := func(code int, body string) bool {
			r.w.Header().Set("Content-Type", "application/json")
			r.w.WriteHeader(code)
			fmt.Fprint(r.w, body)
			return true
		}
		switch path := r.URL.Path; {
		case path == "/apis":
			return answer(http.StatusOK, `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"cert-manager.io","versions":[{"groupVersion":"cert-manager.io/v1","version":"v1"}]}]}`)
		case !strings.HasPrefix(path, "/apis/cert-manager.io/"):
			return false
		case r.Header.Get("Accept") != "application/json":
			return answer(http.StatusNotAcceptable, `{}`)
		case forbid == r.resource:
			return answer(http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
		case path == "/apis/cert-manager.io/v1":
			return answer(http.StatusOK, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"cert-manager.io/v1","resources":[
				{"name":"certificates/status","kind":"Certificate","namespaced":true,"verbs":["get"]},
				{"name":"certificates","kind":"Certificate","namespaced":true,"verbs":["get","list"]},
				{"name":"clusterissuers","kind":"ClusterIssuer","namespaced":false,"verbs":["get","list"]}]}`)
		}
		item := func(name string) string {
			return fmt.Sprintf(`{"apiVersion":"cert-manager.io/v1","kind":"Certificate","metadata":{"name":%q,"namespace":"a","managedFields":[{}],`+
				`"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","kept":"yes"}},"spec":{"revisionHistoryLimit":3}}`, name)
		}
		next, name := `"continue":"more"`, "one"
		if r.URL.Query().Get("continue") != "" {
			next, name = `"continue":""`, "two"
		}
		return answer(http.StatusOK, fmt.Sprintf(`{"kind":"CertificateList","apiVersion":"cert-manager.io/v1","metadata":{%s},"items":[%s]}`, next, item(name)))
	}
}

// Custom resources are listed page by page as the server's discovery says, and come without what repeats them.
func TestLiveCustomResources(t *testing.T) {
	issuer, widget := snapshot.Custom("cert-manager.io", "v1", "Issuer"), snapshot.Custom("example.com", "v1", "Widget")
	var got []string
	coverage, err := NewLive(apiServer(t, certManager("")), 1).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{certificate, issuer, widget}}, func(page []snapshot.Object) error {
		for _, o := range page {
			u := o.Value
			got = append(got, fmt.Sprint(o.Kind.Resource, " ", o.Kind.Kind(), " ", u.GetNamespace(), "/", u.GetName(), " ", u.GetAnnotations(), len(u.GetManagedFields())))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"certificates Certificate a/one map[kept:yes] 0", "certificates Certificate a/two map[kept:yes] 0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if wantCov := (Coverage{Objects: map[string]int{certificate.Name: 2}, Absent: []string{issuer.Name, widget.Name}}); !reflect.DeepEqual(coverage, wantCov) {
		t.Errorf("got %+v, want %+v", coverage, wantCov)
	}
}

// What the server serves and the identity may not read is a gap, and so is a discovery that may not be read.
func TestLiveCustomResourcesForbidden(t *testing.T) {
	for _, resource := range []string{"certificates", "v1"} {
		coverage, err := NewLive(apiServer(t, certManager(resource)), 0).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{certificate}}, func([]snapshot.Object) error { return nil })
		want := Coverage{Objects: map[string]int{}, Gaps: []snapshot.Gap{{
			Kind: certificate.Name, Reason: snapshot.Forbidden,
			Message: "the identity may not list certificates.cert-manager.io; grant it the rules that kubemuster policy rbac prints",
		}}}
		if err != nil || !reflect.DeepEqual(coverage, want) {
			t.Errorf("%s: got %+v, %v, want %+v", resource, coverage, err, want)
		}
	}
}

// A scan of one namespace leaves out custom resources that have none.
func TestLiveCustomResourcesInNamespace(t *testing.T) {
	issuer := snapshot.Custom("cert-manager.io", "v1", "ClusterIssuer")
	coverage, err := NewLive(apiServer(t, certManager("")), 0).Collect(t.Context(), Scope{Kinds: []snapshot.Kind{certificate, issuer}, Namespaces: []string{"a"}}, func([]snapshot.Object) error { return nil })
	if want := map[string]int{certificate.Name: 2}; err != nil || len(coverage.Gaps) > 0 || !reflect.DeepEqual(coverage.Objects, want) {
		t.Errorf("got %+v, %v, want %v", coverage, err, want)
	}
}

func TestManifestsOfCustomResources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	const text = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web, namespace: shop}\nspec:\n  isCA: true\n---\n" +
		"apiVersion: cert-manager.io/v1\nkind: CertificateList\nitems:\n- metadata: {name: other}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	coverage, err := Manifests{Path: file}.Collect(t.Context(), Scope{Kinds: []snapshot.Kind{certificate}}, func(page []snapshot.Object) error {
		for _, o := range page {
			got = append(got, fmt.Sprint(o.Kind.Kind(), " ", o.Kind.Resource, " ", o.Kind.Namespaced, " ", o.Value.GetNamespace(), "/", o.Value.GetName(), " ", o.Line("spec.isCA")))
		}
		return nil
	})
	want := []string{"Certificate certificates true shop/web 5", "Certificate certificates false /other 10"}
	if err != nil || len(coverage.Gaps) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v, %v, want %q", got, coverage.Gaps, err, want)
	}
}
