package replay_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubemuster/kubemuster/internal/replay"
)

// Whatever a client sends for a continue token, a limit or a selector, it gets a list that goes on behind the place that the token
// names, in order and to the end, or is told that its request is bad.
func FuzzList(f *testing.F) {
	s, err := replay.New(recorded(f), replay.Options{})
	if err != nil {
		f.Fatal(err)
	}
	token := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, seed := range []struct{ token, limit, labels, fields string }{
		{"", "", "", ""},
		{token(`{"kind":"Pod","last":"a/pod-10"}`), "5", "third=1", "spec.nodeName=n1"},
		{token(`{"kind":"Role","last":"a/r"}`), "-1", "third in (1,2),!no", "metadata.name!=pod-00"},
		{token(`[]`), "9223372036854775807", "=", "a=b"},
		{token(`{"kind":"Pod","last":"\ud800"}`), "1e3", "a in (", "status.phase=,"},
		{"=", "99999999999999999999", "", ""},
	} {
		f.Add(seed.token, seed.limit, seed.labels, seed.fields)
	}
	f.Fuzz(func(t *testing.T, token, limit, labels, fields string) {
		query := url.Values{"continue": {token}, "limit": {limit}, "labelSelector": {labels}, "fieldSelector": {fields}}
		last, read := "", 0
		for {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/pods?"+query.Encode(), nil))
			if w.Code == http.StatusBadRequest && read == 0 {
				return
			}
			var list corev1.PodList
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK || list.Kind != "PodList" {
				t.Fatalf("%v: %d %s", query, w.Code, w.Body)
			}
			for _, p := range list.Items {
				key := p.Namespace + "/" + p.Name
				if key <= last {
					t.Fatalf("%v: %s stands behind %s", query, key, last)
				}
				last, read = key, read+1
			}
			if list.Continue == "" {
				return
			}
			if read >= 25 || len(list.Items) == 0 {
				t.Fatalf("%v: the list goes on behind %d of 25 pods", query, read)
			}
			query.Set("continue", list.Continue)
		}
	})
}
