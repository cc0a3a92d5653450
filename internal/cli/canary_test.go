package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// The canaries: values that nothing may show. Each is made here, so that no scanner takes this file for a leak.
var (
	awsKeyID   = "AKIA" + strings.ToUpper(random("aws key ID", 16))
	awsSecret  = random("AWS secret", 19) + "/" + random("more of it", 20)
	github     = "ghp_" + random("GitHub", 36)
	jwt        = "eyJ" + random("header", 20) + ".eyJ" + random("claims", 40) + "." + random("signature", 43)
	pemBody    = random("private key", 64)
	privateKey = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + pemBody + "\n-----END RSA " + "PRIVATE KEY-----\n"
	urlPass    = random("password of a URL", 20)
	connection = "postgres://app:" + urlPass + "@db.example:5432/shop"
	bearer     = random("bearer", 32)
	entropy    = random("high entropy", 48)
	password   = random("password", 16) // nothing tells it but its name
	kubeToken  = random("of the kubeconfig", 40)
	words      = strings.Trim(strings.ToLower(letters.ReplaceAllString(random("words", 40), "-")), "-") // as a class is written
	letters    = regexp.MustCompile(`[0-9]+`)

	forbidden = []string{words, awsKeyID, awsSecret, github, jwt, pemBody, urlPass, bearer, entropy, password, kubeToken}
	// telling are told by themselves, wherever they stand.
	telling = []string{awsKeyID, awsSecret, github, jwt, privateKey, connection}
)

// random is the same text of letters and digits in each run.
func random(name string, n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var out []byte
	for i := byte(0); len(out) < n; i++ {
		sum := sha256.Sum256(append([]byte(name), i))
		for _, b := range sum {
			out = append(out, alphabet[int(b)%len(alphabet)])
		}
	}
	return string(out[:n])
}

// window is the length of a part of a canary that is a leak.
const window = 12

// parts are all parts of all canaries, as they are and in base64.
var parts = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, c := range forbidden {
		texts := []string{c}
		for before := range 3 { // base64 depends on where the canary begins
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", before) + c))
			texts = append(texts, strings.TrimRight(encoded[4:], "=")[:len(encoded)-10])
		}
		for _, text := range texts {
			for i := range len(text) - window + 1 {
				found[text[i:i+window]] = c[:6] + "…"
			}
		}
	}
	return found
})

func leaks(text string) []string {
	var out []string
	for i := range max(0, len(text)-window+1) {
		if c, ok := parts()[text[i:i+window]]; ok {
			out = append(out, fmt.Sprintf("%s in %q", c, text[max(0, i-100):min(len(text), i+40)]))
		}
	}
	return out
}

func checkLeaks(t *testing.T, where, text string) {
	t.Helper()
	if found := leaks(text); len(found) > 0 {
		t.Errorf("%s shows %d parts of canaries, the first is %s", where, len(found), found[0])
	}
}

// What looks for leaks finds them.
func TestLeaks(t *testing.T) {
	for _, c := range forbidden {
		for _, text := range []string{"x" + c + "x", c[2:14], base64.StdEncoding.EncodeToString([]byte(c)), base64.URLEncoding.EncodeToString([]byte(`{"a":"` + c + `"}`))} {
			if len(leaks(text)) == 0 {
				t.Errorf("finds nothing in %s", text)
			}
		}
	}
	if found := leaks("<named-secret> <aws-key-id> postgres://app@db.example PRIVATE KEY-----"); len(found) > 0 {
		t.Errorf("finds %v where nothing is", found)
	}
}

// No output of the command, in any format, no log, no error and no recording shows a value that an object holds: of a live
// cluster and of manifests, when all goes well and when nothing does. Nor do checks see it, which tell here all they see.
func TestCanaries(t *testing.T) {
	dir := t.TempDir()
	objects := planted()
	pack := write(t, filepath.Join(dir, "pack", "checks", "workload", "tells", "tells.rego"), tells)
	pack = filepath.Join(dir, "pack")
	ca := cloudfake.NewCA("canary")
	whole := serve(t, ca, objects, nil)
	broken := serve(t, ca, objects, quoting)

	kubeconfig := func(name, server, user string) string {
		return "kubeconfig://dev?kubeconfig=" + write(t, filepath.Join(dir, name), fmt.Sprintf(`{apiVersion: v1, kind: Config,
clusters: [{name: dev, cluster: {server: "%s", certificate-authority-data: %s}}],
users: [{name: dev, user: %s}],
contexts: [{name: dev, context: {cluster: dev, user: dev}}]}`, server, base64.StdEncoding.EncodeToString(ca.PEM()), user))
	}
	token := fmt.Sprintf(`{token: %s}`, kubeToken)
	fails := write(t, filepath.Join(dir, "fails"), "#!/bin/sh\ncat >&2 <<'END'\n"+strings.ReplaceAll(quotes(), "\n", " ")+"\nEND\nexit 1\n")
	manifests := filepath.Join(dir, "manifests")
	for i, o := range objects {
		write(t, filepath.Join(manifests, fmt.Sprintf("%03d.json", i)), encode(t, o))
	}
	mistakes := filepath.Join(dir, "mistakes")
	for i, text := range brokenManifests() {
		write(t, filepath.Join(mistakes, fmt.Sprintf("%03d.yaml", i)), text)
	}

	targets := map[string]string{
		"a cluster":                       kubeconfig("whole.yaml", whole, token),
		"a cluster that quotes in errors": kubeconfig("broken.yaml", broken, token),
		"a cluster that does not know us": kubeconfig("unknown.yaml", whole, fmt.Sprintf(`{token: %sx}`, bearer)),
		"a credential command that fails": kubeconfig("exec.yaml", whole, fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: Never}}`, fails)) + "&allowExec=" + fails,
		"a kubeconfig with a mistake":     kubeconfig("mistake.yaml", whole, "{token: *"+password+"}"),
		"a kubeconfig of another shape":   kubeconfig("shape.yaml", whole, "{token: ["+github+"]}"),
		"manifests":                       "manifests://" + manifests,
		"manifests with mistakes":         "manifests://" + mistakes,
	}
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{
				append([]string{"scan", target, "--policy", pack, "-v", "--log-format", "text"}, everyFormat(t)...),
				append([]string{"scan", target, "--policy", pack, "-v", "--log-format", "json", "--namespace", "canary"}, everyFormat(t)...),
				{"access", target, "-v"},
				{"collect", target, "-v", "-o", "recording"},
			} {
				out := t.TempDir()
				cmd := exec.CommandContext(t.Context(), "kubemuster", args...)
				cmd.Dir = out
				cmd.Env = append(os.Environ(), "KUBEMUSTER_PLUGIN_DIR="+pluginDir)
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				checkLeaks(t, args[0]+"'s standard output", stdout.String())
				checkLeaks(t, args[0]+"'s standard error", stderr.String())
				told := stdout.String()
				for _, file := range files(t, out) {
					data, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					if filepath.Base(file) == "recording" {
						data = unpack(t, data)
					}
					checkLeaks(t, filepath.Base(file), string(data))
					told += string(data)
				}
				// That nothing leaks because nothing is told is no success.
				if healthy := name == "a cluster" || name == "manifests" && args[0] == "scan"; healthy && args[0] != "access" {
					for _, class := range []string{"aws-key-id", "aws-secret-key", "token", "jwt", "private-key", "url-with-password", "named-secret", "high-entropy", "plain"} {
						if !strings.Contains(told, "<"+class+">") && !strings.Contains(told, `u003c`+class) {
							t.Errorf("no check told of a <%s>:\n%s", class, stderr.String())
						}
					}
				}
			}
		})
	}
	t.Run("a configuration with a mistake", func(t *testing.T) {
		for _, text := range []string{"targets: [{params: {token: *" + password + "}}]", "limits: {concurrency: " + password + "}", "targets: [{params: {x: " + github + "}}]", "targets: [\"" + password} {
			file := write(t, filepath.Join(t.TempDir(), "kubemuster.yaml"), text)
			out, err := exec.CommandContext(t.Context(), "kubemuster", "scan", "--config", file, "-v").CombinedOutput()
			if err == nil {
				t.Errorf("%s is accepted", text)
			}
			checkLeaks(t, "the error", string(out))
		}
	})
}

// everyFormat asks for a report in each format that there is, as the command itself names them.
func everyFormat(t *testing.T) []string {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), "kubemuster", "scan", "manifests://.", "-o", "nonsense").CombinedOutput()
	_, list, ok := strings.Cut(strings.TrimSpace(string(out)), "the formats are ")
	if !ok {
		t.Fatalf("the formats are not named: %s", out)
	}
	args := []string{"-o", "table"}
	for format := range strings.SplitSeq(list, ", ") {
		args = append(args, "-o", format+"=report."+format)
	}
	return args
}

// unpack is what a recording holds.
func unpack(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tells is a pack whose checks tell all that they see.
var tells = func() string {
	var kinds []string
	for _, k := range snapshot.Kinds {
		if k.Custom() {
			kinds = append(kinds, k.APIVersion()+"/"+k.Kind())
		} else {
			kinds = append(kinds, k.Name)
		}
	}
	return `# METADATA
# title: Everything
# description: all that a check sees
# custom:
#   id: XX1001
#   name: Everything
#   severity: info
#   scope: object
#   kinds: [` + strings.Join(kinds, ", ") + `]
#   remediation: none
package kubemuster.checks.workload.tells

violations contains {"path": "metadata", "message": json.marshal(input.object)}

violations contains {"path": "metadata", "key": "all", "message": json.marshal(input)}

violations contains {"path": "metadata", "key": "base64", "message": base64.encode(json.marshal(input.object))}
`
}()

// serve serves the objects as a cluster, to those who have the token, through wrap.
func serve(t *testing.T, ca *cloudfake.CA, objects []snapshot.Object, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	var file bytes.Buffer
	w, err := snapshot.NewWriter(&file, snapshot.Header{ServerVersion: "v1.37.2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(snapshot.Ending{}); err != nil {
		t.Fatal(err)
	}
	r, err := snapshot.NewReader(&file, "planted")
	if err != nil {
		t.Fatal(err)
	}
	s, err := replay.New(r, replay.Options{Authenticate: func(_ context.Context, token string) (string, []string, error) {
		if token != kubeToken {
			return "", nil, errors.New("no such token")
		}
		return "auditor", nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = s
	if wrap != nil {
		handler = wrap(s)
	}
	server := ca.Serve(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// quotes is what a careless program says of what it holds.
func quotes() string {
	return fmt.Sprintf(`%s: spec.env[0].value: Invalid value: "%s": must not be; {"name":"DB_PASSWORD","value":"%s"} password=%s Authorization: Bearer %s`,
		strings.Join(telling, " and "), entropy, password, password, bearer)
}

// quoting answers the lists of some kinds with failures that quote what the server holds.
func quoting(next http.Handler) http.Handler {
	status := func(code int, reason metav1.StatusReason) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(metav1.Status{
				TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: quotes(),
			})
		}
	}
	text := func(code int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	answers := map[string]func(http.ResponseWriter){
		"pods": status(500, metav1.StatusReasonInternalError), "services": text(500, quotes()), "nodes": status(403, metav1.StatusReasonForbidden),
		"deployments": text(200, `{"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"metadata":{"creationTimestamp":"`+github+`"}}]}`),
		"roles":       status(400, metav1.StatusReasonBadRequest), "ingresses": status(404, metav1.StatusReasonNotFound), "jobs": text(200, quotes()),
		"cronjobs": status(429, metav1.StatusReasonTooManyRequests), "namespaces": text(200, `{"kind":"`+github+`","apiVersion":"v1"}`),
		"daemonsets": status(401, metav1.StatusReasonUnauthorized), "statefulsets": text(200, `{"kind":"StatefulSetList","apiVersion":"`+password+`"}`),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := answers[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]; answer != nil && r.Method == http.MethodGet {
			answer(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// brokenManifests are mistakes at and near values.
func brokenManifests() []string {
	pod := func(env string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: c\n      env:\n        - " + env + "\n"
	}
	return []string{
		pod(`{name: DB_PASSWORD, value: *` + password + `}`),
		pod(`{name: DB_PASSWORD, value: &` + password + ` *` + password + `x}`),
		pod(`{name: DB_PASSWORD, value: "` + password),
		pod(`{name: DB_PASSWORD, value: !!int ` + password + `}`),
		pod(`{name: DB_PASSWORD, value: !!float "` + password + `"}`),
		pod(`{name: DB_PASSWORD, value: !` + password + `! x}`),
		pod(`{name: DB_PASSWORD, value: [` + password + `]}`),
		pod(`{name: DB_PASSWORD, value: "\` + password + `"}`),
		pod("name: DB_PASSWORD\n         value: " + password),
		pod("name: DB_PASSWORD\n\t  value: " + password),
		pod(`{name: DB_PASSWORD, value: ` + password + `: x: y}`),
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, creationTimestamp: " + password + "}\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, generation: " + password + "}\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: " + password + "\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, resources: {limits: {cpu: " + password + "}}}]}\n",
		"apiVersion: " + github + "\nkind: Pod\nmetadata: {name: p}\n",
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"env":[{"name":"A","value":"` + password + `}]}]}}`,
		password, "- " + password, "%" + password, "kind: Pod\nmetadata: {name: " + github + "}\n",
	}
}

// planted are objects of every kind, with canaries wherever a value can stand.
func planted() []snapshot.Object {
	labels := map[string]string{"key-id": awsKeyID, "github": github, "random": entropy, "team": github, "owner": awsKeyID}
	annotations := map[string]string{
		"example.com/password": password, "example.com/note": "Authorization: Bearer " + bearer, "example.com/random": entropy,
		"example.com/json": `{"password":"` + password + `","list":[{"token": "` + bearer + `"}]}`, "example.com/url": "https://hooks.example/T0/B0/" + bearer + "?token=" + password,
		"example.com/copy": `{"spec":{"env":[{"name":"A","value":"` + password + `"}]}}`,
		"nginx.ingress.kubernetes.io/configuration-snippet": `proxy_set_header Authorization "Basic ` + base64.StdEncoding.EncodeToString([]byte("app:"+password)) + `";`,
		corev1.LastAppliedConfigAnnotation:                  `{"apiVersion":"v1","data":{"A":"` + password + `"}}`,
		"example.com/list":                                  `[{"apiVersion":"v1","data":{"A":"` + password + `"}}]`, "example.com/yaml": "apiVersion: v1\nkind: Secret\nstringData:\n  a: " + password + "\n",
	}
	for i, c := range telling {
		annotations[fmt.Sprintf("example.com/telling-%d", i)] = c
		annotations[fmt.Sprintf("example.com/among-%d", i)] = "it is " + c + ", and more"
	}
	attributes := map[string]string{"password": password, "token": bearer, "random": entropy}
	for i, c := range telling {
		attributes[fmt.Sprint(i)] = c
	}

	all := append(slices.Clone(telling), entropy, password, "Bearer "+bearer)
	script := `curl -H "Authorization: Bearer ` + bearer + `" -u app:` + password + ` https://x.example/?token=` + password + ` && PGPASSWORD=` + password + ` psql ` + connection + `; use ` + entropy
	commands := slices.Concat(telling, []string{"--password=" + password, "--token", bearer, entropy, "Authorization: Bearer " + bearer, script}, spoken())
	says := "cannot log in with password=" + password + ", nor with " + password
	handler := corev1.ProbeHandler{
		Exec:    &corev1.ExecAction{Command: commands},
		HTTPGet: &corev1.HTTPGetAction{Path: "/healthz?token=" + password + "&x=" + github, Host: connection},
	}
	for i, v := range all {
		handler.HTTPGet.HTTPHeaders = append(handler.HTTPGet.HTTPHeaders, corev1.HTTPHeader{Name: fmt.Sprintf("X-%d", i), Value: v})
	}
	hook := &corev1.LifecycleHandler{Exec: handler.Exec, HTTPGet: handler.HTTPGet}
	probe := &corev1.Probe{ProbeHandler: handler}
	c := corev1.Container{
		Name: "c", Image: "app:" + password + "@registry.example/app:1", Command: commands, Args: commands, WorkingDir: "/" + github,
		LivenessProbe: probe, ReadinessProbe: probe, StartupProbe: probe, Lifecycle: &corev1.Lifecycle{PostStart: hook, PreStop: hook},
	}
	for i, v := range all {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("V%d", i), Value: v})
		c.Env = append(c.Env, corev1.EnvVar{Name: "PASSWORD", Value: "<" + words + ">"}, corev1.EnvVar{Name: "STORAGE", Value: "AccountName=shop;AccountKey=" + password})
		c.EnvFrom = append(c.EnvFrom, corev1.EnvFromSource{Prefix: telling[i%len(telling)], ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "config"}}})
	}
	selects := &metav1.LabelSelector{MatchLabels: labels, MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: "NotIn", Values: slices.Collect(maps.Values(labels))}}}
	source := func(s corev1.VolumeSource) corev1.Volume { return corev1.Volume{Name: "v", VolumeSource: s} }
	spec := corev1.PodSpec{
		InitContainers: []corev1.Container{c}, Containers: []corev1.Container{c, {Name: "d", Image: "https://app:" + urlPass + "@registry.example/d:1"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(c)}},
		HostAliases:         []corev1.HostAlias{{IP: "127.0.0.1", Hostnames: telling}},
		NodeSelector:        labels,
		Affinity: &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "team", Operator: "In", Values: slices.Collect(maps.Values(labels))}},
			}}}},
			PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{LabelSelector: selects, NamespaceSelector: selects}}},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{LabelSelector: selects}},
		Volumes: []corev1.Volume{
			source(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "x", VolumeAttributes: attributes}}),
			source(corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "x", Options: attributes}}),
			source(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "https://x.example/?token=" + password, Path: github}},
			}}}),
			source(corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "https://app:" + urlPass + "@git.example/x"}}), //nolint:staticcheck // it still holds passwords
			source(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{TargetPortal: connection}}),
		},
	}
	var objects []snapshot.Object
	for _, k := range snapshot.Kinds {
		v := reflect.New(k.Type).Interface().(metav1.Object)
		o := snapshot.Object{Kind: k, Value: v}
		if p := o.PodSpec(); p != nil {
			*p = *spec.DeepCopy()
			o.PodMeta().Labels, o.PodMeta().Annotations = labels, annotations
		}
		v.SetName("planted")
		if k.Namespaced {
			v.SetNamespace("canary")
		}
		if k.Name == "Namespace" {
			v.SetName("canary")
		}
		v.SetLabels(labels)
		v.SetAnnotations(annotations)
		v.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: github, FieldsV1: metav1.NewFieldsV1(`{"f:` + password + `":{}}`)}})
		url := "https://app:" + urlPass + "@hook.example/validate/" + bearer + "?token=" + password + "&key=" + github
		switch v := v.(type) {
		case *corev1.Pod:
			v.Status = corev1.PodStatus{Message: "cannot pull " + connection, Conditions: []corev1.PodCondition{{Message: strings.Join(telling, " ")}, {Message: says}}}
			v.Status.ContainerStatuses = []corev1.ContainerStatus{{
				State:                corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: says}, Waiting: &corev1.ContainerStateWaiting{Message: says}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: says}},
			}}
		case *appsv1.Deployment:
			v.Spec.Selector = selects
			v.Status.Conditions = []appsv1.DeploymentCondition{{Message: says}}
		case *corev1.PersistentVolume:
			v.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "x", VolumeAttributes: attributes}
			v.Spec.MountOptions = []string{"username=app", "password=" + password, "username=app,password=" + password}
		case *corev1.Service:
			v.Spec.Selector, v.Spec.ExternalName = labels, github
		case *corev1.Node:
			v.Spec.ProviderID, v.Status.Conditions = "x://"+github, []corev1.NodeCondition{{Message: connection}, {Message: says}}
		case *networkingv1.NetworkPolicy:
			v.Spec.PodSelector = *selects
			v.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{PodSelector: selects, NamespaceSelector: selects}}}}
		case *unstructured.Unstructured:
			container, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&c)
			if err != nil {
				panic(err)
			}
			v.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Ready", "message": says}}}
			v.Object["spec"] = map[string]any{
				"extraEnv": []any{map[string]any{"name": "DB_PASS", "value": password}, map[string]any{"name": "ANY", "value": password}}, "envVars": map[string]any{"DB_PASS": password},
				"template": map[string]any{"containers": []any{container}}, "adminPassword": password, "token": map[string]any{"value": bearer},
				"url": url, "config": "user: app\npassword: " + password + "\nkey: " + github, "deep": []any{[]any{map[string]any{"key": jwt, "pem": privateKey}}},
				"credentials": map[string]any{"user": "app", "value": password, "deep": map[string]any{"list": []any{password, map[string]any{"x": password}}}},
				"secretData":  map[string]any{"a": password}, "apiKeys": []any{map[string]any{"team": password}, map[string]any{"name": "a", "value": password}},
				"auth": map[string]any{"username": "app", "password": password}, "stringData": map[string]any{"a": password},
				"settings": []any{map[string]any{"name": "DB_PASSWORD", "content": password}}, "env": []any{"ANY=" + password}, "environment": map[string]any{"ANY": map[string]any{"value": password}},
				"dsn": "app:" + password + "@tcp(db:3306)/shop", "manifests": []any{"apiVersion: v1\nkind: Secret\nstringData:\n  a: " + password},
				"selector": "team == '" + github + "' || owner in {\"" + awsKeyID + "\", '" + entropy + "'}", "podSelector": map[string]any{
					"matchLabels": map[string]any{"team": github}, "matchExpressions": []any{map[string]any{"key": "random", "operator": "NotIn", "values": []any{entropy, github}}},
				},
				"parameters": []any{map[string]any{"name": "db-password", "value": password}, map[string]any{"name": "opaque", "value": entropy}},
			}
		case *admissionv1.ValidatingWebhookConfiguration:
			v.Webhooks = []admissionv1.ValidatingWebhook{{Name: "w", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}}}
		case *admissionv1.MutatingWebhookConfiguration:
			v.Webhooks = []admissionv1.MutatingWebhook{{Name: "w", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}}}
		case *admissionv1.ValidatingAdmissionPolicy:
			v.Spec.Validations = []admissionv1.Validation{{Expression: "object.data == '" + github + "'", Message: connection}}
		}
		objects = append(objects, o)
	}
	return objects
}

// spoken are the ways in which a command line gives a secret that nothing tells but the word before it.
func spoken() []string {
	return []string{
		"-u", "admin:" + password, "--user", "admin:" + password, "--user=admin:" + password, "--requirepass", password, "--masterauth=" + password,
		"-storepass", password, "--passphrase " + password, "--db-pass", "/" + password, "--db-pass", "-" + password, "X-Auth-Key: " + password,
		"Authorization: ApiKey " + password, "--password=<" + words + ">", "Server=db;Password=" + password,
		"wget --password " + password, "export DB_PASS=" + password, "curl --user admin:" + password + " -u 'admin:" + password + "'", "redis-cli -a " + password,
		"mysql -p" + password, "password: a b " + password + "\nuser: a", `["psql","--password","` + password + `"]`, "redis-cli", "-a", password,
		"curl", "-uapp:" + password, "-sSfuapp:" + password, "curl -uapp:" + password + " -sku'app:" + password + "' https://x.example/", "sshpass -p " + password + " ssh -p 22 x",
		"docker login -u app -p " + password, "rabbitmqctl", "add_user", "app", password, "rabbitmqctl add_user app '" + password + "'", "htpasswd -Bbn app " + password,
		"mc alias set s http://x:9000 app " + password, "vault login " + password, "smbclient -Uapp%" + password + " //x/y", "psql " + connection, "mysql -p'" + password + "'",
	}
}

// encode is the object as a manifest.
func encode(t *testing.T, o snapshot.Object) string {
	t.Helper()
	if u, ok := o.Value.(*unstructured.Unstructured); ok {
		u = u.DeepCopy()
		u.SetAPIVersion(o.Kind.APIVersion())
		u.SetKind(o.Kind.Kind())
		o.Value = u
	}
	data, err := json.Marshal(o.Value)
	if err != nil {
		t.Fatal(err)
	}
	if o.Kind.Custom() {
		return string(data)
	}
	return regexp.MustCompile(`^\{`).ReplaceAllString(string(data), fmt.Sprintf(`{"apiVersion":%q,"kind":%q,`, o.Kind.APIVersion(), o.Kind.Name))
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
