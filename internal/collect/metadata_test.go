package collect

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

const canary = "Y2FuYXJ5"

func secrets(body string) fault {
	return func(r request) bool {
		if r.resource != "secrets" {
			return false
		}
		if r.Header.Get("Accept") != metadataList {
			r.w.WriteHeader(http.StatusNotAcceptable)
			return true
		}
		r.w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(r.w, body)
		return true
	}
}

var wantSecret = metav1.ObjectMeta{
	Name: "web-token", Namespace: "a", Labels: map[string]string{"app": "web"},
	Annotations: map[string]string{"kubernetes.io/service-account.name": "web"},
}

func TestSecretMetadata(t *testing.T) {
	const annotations = `{"kubernetes.io/service-account.name":"web","kubectl.kubernetes.io/last-applied-configuration":"` + canary + `","note":"` + canary + `"}`
	const meta = `"metadata":{"name":"web-token","namespace":"a","labels":{"app":"web"},"managedFields":[{}],"annotations":` + annotations + `}`
	var got []snapshot.Object
	emit := func(page []snapshot.Object) error {
		got = append(got, page...)
		return nil
	}
	live := NewLive(apiServer(t, secrets(`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[{`+meta+`,"data":{"token":"`+canary+`"}}]}`)), 0)
	cov, err := live.Collect(t.Context(), Scope{Kinds: snapshot.OptIn}, emit)
	if err != nil || len(cov.Gaps) > 0 {
		t.Fatal(err, cov.Gaps)
	}
	file := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(file, []byte(`{"apiVersion":"v1","kind":"Secret",`+meta+`,"stringData":{"token":"`+canary+`"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Manifests{Path: file}).Collect(t.Context(), Scope{Kinds: snapshot.OptIn}, emit); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("got %d objects", len(got))
	}
	for _, o := range got {
		if v := o.Value.(*metav1.PartialObjectMetadata); !reflect.DeepEqual(v.ObjectMeta, wantSecret) {
			t.Errorf("got %+v", v)
		}
	}
}

// A server that answers with whole Secrets is not listened to.
func TestSecretsWithData(t *testing.T) {
	live := NewLive(apiServer(t, secrets(`{"kind":"SecretList","apiVersion":"v1","items":[{"metadata":{"name":"s"},"data":{"token":"`+canary+`"}}]}`)), 0)
	cov, err := live.Collect(t.Context(), Scope{Kinds: snapshot.OptIn}, func(page []snapshot.Object) error {
		t.Errorf("got %v", page)
		return nil
	})
	if err != nil || len(cov.Gaps) != 1 || !strings.Contains(cov.Gaps[0].Message, "the server does not answer with metadata alone") || strings.Contains(cov.Gaps[0].Message, canary) {
		t.Errorf("%v, gaps %v", err, cov.Gaps)
	}
}
