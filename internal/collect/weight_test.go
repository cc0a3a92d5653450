package collect

import (
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// envelope is a message of a type of v1 as the API server sends it.
func envelope(kind, message string) string {
	text := func(tag byte, s string) string { return fmt.Sprintf("%c%s%s", tag, varint(len(s)), s) }
	return "k8s\x00" + text(0x0a, text(0x0a, "v1")+text(0x12, kind)) + text(0x12, message)
}

func varint(n int) string {
	var out []byte
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return string(append(out, byte(n)))
}

// empties are pages with much in them that is empty: where it is decoded, it takes hundreds of times as much.
var empties = map[string]func(n int) string{
	"items in JSON": func(n int) string {
		return `{"kind":"PodList","apiVersion":"v1","items":[{}` + strings.Repeat(`,{}`, n) + `]}`
	},
	"null items in JSON": func(n int) string {
		return `{"kind":"PodList","apiVersion":"v1","items":[null` + strings.Repeat(`,null`, n) + `]}`
	},
	"containers in JSON": func(n int) string {
		return `{"kind":"PodList","apiVersion":"v1","items":[{"spec":{"containers":[{}` + strings.Repeat(`, {}`, n) + `]}}]}`
	},
	"arguments in JSON": func(n int) string {
		return `{"kind":"PodList","apiVersion":"v1","items":[{"spec":{"containers":[{"args":[""` + strings.Repeat(`,""`, 6*n) + `]}]}}]}`
	},
	"items in protobuf":                 func(n int) string { return envelope("PodList", strings.Repeat("\x12\x00", n)) },
	"items of another kind in protobuf": func(n int) string { return envelope("NodeList", strings.Repeat("\x12\x00", n)) },
	"containers in protobuf": func(n int) string { // items, spec, containers
		containers := strings.Repeat("\x12\x00", n)
		spec := "\x12" + varint(len(containers)) + containers
		return envelope("PodList", "\x12"+varint(len(spec))+spec)
	},
	"arguments in protobuf": func(n int) string { // items, spec, containers, args
		message := strings.Repeat("\x22\x00", 6*n)
		for range 3 {
			message = "\x12" + varint(len(message)) + message
		}
		return envelope("PodList", message)
	},
	"groups in protobuf": func(n int) string { // items, spec, securityContext, supplementalGroups in a row
		message := strings.Repeat("\x00", 16*n)
		message = "\x22" + varint(len(message)) + message
		message = "\x72" + varint(len(message)) + message
		for range 2 {
			message = "\x12" + varint(len(message)) + message
		}
		return envelope("PodList", message)
	},
}

// What decoding a page takes is known before, and what takes too much is not decoded.
func TestWeight(t *testing.T) {
	for name, page := range empties {
		t.Run(name, func(t *testing.T) {
			body := []byte(page(20_000))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := k8sruntime.Decode(snapshot.Codecs.UniversalDeserializer(), body); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if took, told := int64(after.TotalAlloc-before.TotalAlloc), weight(body, typedWeight); told < took/4 || told > 8*took {
				t.Errorf("decoding %d bytes takes %d, and %d were told", len(body), took, told)
			}
		})
	}
}

func TestTooHeavy(t *testing.T) {
	pod := named("Pod")
	for name, page := range empties {
		t.Run(name, func(t *testing.T) {
			body, contentType := page(3_000_000), "application/json"
			if strings.HasPrefix(body, "k8s") {
				contentType = "application/vnd.kubernetes.protobuf"
			}
			var asked []string
			live := NewLive(apiServer(t, func(r request) bool {
				asked = append(asked, r.URL.Query().Get("limit"))
				r.w.Header().Set("Content-Type", contentType)
				return says(http.StatusOK, body)(r)
			}), 0)
			cov, err := live.Collect(t.Context(), Scope{Kinds: pod}, func([]snapshot.Object) error { return nil })
			want := []snapshot.Gap{{Kind: "Pod", Reason: snapshot.Failed, Message: "listing pods failed: an answer of the API server is too large to be read: it would take more than 256 MiB"}}
			if err != nil || !reflect.DeepEqual(cov.Gaps, want) || strings.Join(asked, " ") != "500 20" {
				t.Errorf("%v, gaps %q, asked for %q", err, cov.Gaps, asked)
			}
		})
	}
}

// A full page of pods that hold more than most, and one of roles of thousands of rules, are far from the bound in both forms.
func TestWeightOfOrdinaryPages(t *testing.T) {
	spec := corev1.PodSpec{Volumes: make([]corev1.Volume, 10)}
	for i := range 5 {
		c := corev1.Container{Name: "web", Image: "registry.example/web@sha256:" + strings.Repeat("0", 64), VolumeMounts: make([]corev1.VolumeMount, 10)}
		for j := range 10 {
			c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("NAME_%d_%d", i, j), Value: "value"})
		}
		c.Resources.Limits = corev1.ResourceList{"memory": quantity.MustParse("1Gi"), "cpu": quantity.MustParse("1")}
		spec.Containers = append(spec.Containers, c)
	}
	podList := &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: make([]corev1.Pod, DefaultPageSize)}
	for i := range podList.Items {
		podList.Items[i] = corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("web-", i), ManagedFields: make([]metav1.ManagedFieldsEntry, 3)}, Spec: spec}
	}
	roles := &rbacv1.ClusterRoleList{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleList"}, Items: make([]rbacv1.ClusterRole, smallPage)}
	for i := range roles.Items {
		roles.Items[i].Rules = make([]rbacv1.PolicyRule, 5_000)
	}
	for _, list := range []k8sruntime.Object{podList, roles} {
		for _, info := range snapshot.Codecs.SupportedMediaTypes()[:3] {
			if info.MediaType == k8sruntime.ContentTypeYAML {
				continue
			}
			data, err := k8sruntime.Encode(info.Serializer, list)
			if err != nil {
				t.Fatal(err)
			}
			if w := weight(data, typedWeight); w > maxWeight {
				t.Errorf("%T as %s: %d bytes weigh %d", list, info.MediaType, len(data), w)
			}
		}
	}
}

func TestYAMLIsNotRead(t *testing.T) {
	live := NewLive(apiServer(t, func(r request) bool {
		r.w.Header().Set("Content-Type", "application/yaml")
		return says(http.StatusOK, "kind: PodList\napiVersion: v1\nitems: []\n")(r)
	}), 0)
	cov, err := live.Collect(t.Context(), Scope{Kinds: named("Pod")}, func([]snapshot.Object) error { return nil })
	if err != nil || len(cov.Gaps) != 1 || cov.Gaps[0].Message != "listing pods failed: the server answers YAML, which was not asked for" {
		t.Errorf("%v, gaps %q", err, cov.Gaps)
	}
}
