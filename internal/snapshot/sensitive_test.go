package snapshot

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubemuster/kubemuster/internal/redact"
)

// The values below are made up; each is put together so that no scanner takes this file for a leak.
var (
	keyID      = "AKIA" + "IOSFODNN7EXAMPLE"
	awsKey     = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
	jwt        = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".c2lnbmF0dXJl"
	github     = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
	privateKey = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA " + "PRIVATE KEY-----"
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        Class
	}{
		{"X", privateKey, classOf(redact.PrivateKey)},
		{"X", keyID, classOf(redact.AWSKeyID)},
		{"X", awsKey, classOf(redact.AWSSecret)},
		{"X", jwt, classOf(redact.JWT)},
		{"X", github, classOf(redact.Token)},
		{"DATABASE_URL", "postgres://app:" + "hunter2@db/app", classOf(redact.URLPassword)},
		{"DATABASE_URL", "postgres://db/app", ClassPlain},
		{"DB_PASSWORD", "hunter2", ClassNamedSecret},
		{"dbPassword", "hunter2", ClassNamedSecret},
		{"API_KEY", "1234", ClassNamedSecret},
		{"USE_PASSWORD", "true", ClassPlain},
		{"TOKEN_FILE", "/var/run/token", ClassPlain},
		{"MONKEY", "banana", ClassPlain},
		{"X", "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFiQ2RFZg", ClassHighEntropy},
		{"LOG_LEVEL", "debug", ClassPlain},
		{"JAVA_OPTS", "-Xmx512m -XX:+UseG1GC", ClassPlain},
		// what a recorded cluster holds stays what it is
		{"DB_PASSWORD", "<jwt>", classOf(redact.JWT)},
		{"DB_PASSWORD", "<correct-horse-battery-staple>", ClassNamedSecret}, // and what is no class is a value
		{"X", "<correct-horse>", ClassPlain},
		{"DBPASS", "hunter2", ClassNamedSecret},
		{"DB_PASS", "/hunter2", ClassNamedSecret},
		{"AZURE_STORAGE_KEY", "aHVudGVyMg==", ClassNamedSecret},
		{"PARTITION_KEY", "id", ClassPlain},
		{"STORAGE", "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=aHVudGVyMg==;EndpointSuffix=core.windows.net", classOf(redact.URLPassword)},
		{"DB", "Server=db;Database=shop;User Id=sa;Password=hunter2", classOf(redact.URLPassword)},
		{"DB", "Server=db;Database=shop;Trusted_Connection=yes", ClassPlain},
		{"OPTS", "-Xmx512m -Ddb.password=hunter2", ClassNamedSecret},
		{"JSON", `{"db":{"password":"hunter2"}}`, ClassNamedSecret},
		{"X", "<aws-key-id>", classOf(redact.AWSKeyID)},
	} {
		if got := Classify(tt.name, tt.value); got != tt.want {
			t.Errorf("Classify(%q, …) is %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestClassifyArguments(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"--db-password=hunter2", "--port=8080"}, []string{"--db-password=<named-secret>", "--port=8080"}},
		{[]string{"--token", "abc123", "--verbose"}, []string{"--token", "<named-secret>", "--verbose"}},
		{[]string{"--token", "$(TOKEN)", "-p"}, []string{"--token", "$(TOKEN)", "-p"}},
		{[]string{"serve", jwt}, []string{"serve", "<jwt>"}},
		{[]string{"-c", `curl -H "Authorization: Bearer abcdefgh" https://x/`}, []string{"-c", `curl -H "Authorization: Bearer <named-secret>" https://x/`}},
		{[]string{"-c", "PGPASSWORD=hunter2 psql -h db"}, []string{"-c", "PGPASSWORD=<named-secret> psql -h db"}},
		{[]string{"-c", "mysql --password=$MYSQL_PASSWORD"}, []string{"-c", "mysql --password=$MYSQL_PASSWORD"}},
		{[]string{"-c", "psql postgres://app:" + "hunter2@db/app"}, []string{"-c", "psql <url-with-password>db/app"}},
		{[]string{"/usr/bin/server", "--config=/etc/app.yaml"}, []string{"/usr/bin/server", "--config=/etc/app.yaml"}},
	} {
		got := slices.Clone(tt.args)
		classifyArguments(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q became %q, want %q", tt.args, got, tt.want)
		}
		if classifyArguments(got); !slices.Equal(got, tt.want) {
			t.Errorf("a second time, %q became %q", tt.want, got)
		}
	}
}

// Whatever runs pods, and wherever in it: no canary is left.
func TestClassified(t *testing.T) {
	canary := func(where string) string { return "canary-" + where }
	handler := corev1.ProbeHandler{
		Exec:    &corev1.ExecAction{Command: []string{"check", "--password=" + canary("exec")}},
		HTTPGet: &corev1.HTTPGetAction{HTTPHeaders: []corev1.HTTPHeader{{Name: "Authorization", Value: "Bearer " + canary("header")}}},
	}
	c := corev1.Container{
		Name: "web", Env: []corev1.EnvVar{{Name: "PLAIN", Value: canary("env")}, {Name: "REF", ValueFrom: &corev1.EnvVarSource{}}},
		Command: []string{"sh", "-c", "password=" + canary("command")}, Args: []string{"--api-key", canary("arg")},
		LivenessProbe: &corev1.Probe{ProbeHandler: handler}, ReadinessProbe: &corev1.Probe{ProbeHandler: handler}, StartupProbe: &corev1.Probe{ProbeHandler: handler},
		Lifecycle: &corev1.Lifecycle{
			PostStart: &corev1.LifecycleHandler{Exec: handler.Exec, HTTPGet: handler.HTTPGet},
			PreStop:   &corev1.LifecycleHandler{Exec: handler.Exec, HTTPGet: handler.HTTPGet},
		},
	}
	kind, _ := KindNamed("Pod")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{*c.DeepCopy()}, Containers: []corev1.Container{*c.DeepCopy()},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(*c.DeepCopy())}},
	}}
	data, err := json.Marshal(Classified(Object{Kind: kind, Value: pod}).Value)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); strings.Contains(text, "canary") || strings.Count(text, "<plain>") != 3 && strings.Count(text, `\u003cplain\u003e`) != 3 {
		t.Errorf("a value is left, or none was replaced: %s", text)
	}
}

// Credentials go wherever they stand, and nothing else does.
func TestClassifiedEverywhere(t *testing.T) {
	kept := map[string]string{
		"helm.sh/chart": "kube-prometheus-stack-58.2.1", "pod-template-hash": "5d8f9c7b6d", "app": "sk-learn-training-job-x2k1z",
		"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop", "checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"nginx.ingress.kubernetes.io/auth-url": "https://auth.example/check?x=1", "nginx.ingress.kubernetes.io/auth-type": "basic",
	}
	annotations := maps.Clone(kept)
	annotations["a/copy"] = `{"apiVersion":"v1","data":{}}`
	annotations["a/db-password"], annotations["a/text"], annotations["a/json"] = "hunter2", "use "+github, `{"password":"hunter2"}`
	want := maps.Clone(kept)
	want["a/db-password"], want["a/text"], want["a/json"] = "<named-secret>", "use <token>", `{"password":"<named-secret>"}`
	const image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/Shop/web:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	kind, _ := KindNamed("Pod")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "00000000-0000-4000-8000-000000000001", Labels: map[string]string{"t": github}, Annotations: annotations},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{"t": github},
			Containers:   []corev1.Container{{Name: "a", Image: image}, {Name: "b", Image: "app:hunter2@registry.example/b:1"}},
		},
	}
	Classified(Object{Kind: kind, Value: pod})
	if !maps.Equal(pod.Annotations, want) {
		t.Errorf("annotations are %v\nwant %v", pod.Annotations, want)
	}
	if want := pseudonym("token", github); pod.Labels["t"] != want || pod.Spec.NodeSelector["t"] != want {
		t.Errorf("labels are %v, the selector %v", pod.Labels, pod.Spec.NodeSelector)
	}
	got := []string{pod.Name, string(pod.UID), pod.Spec.Containers[0].Image, pod.Spec.Containers[1].Image}
	if want := []string{"web", "00000000-0000-4000-8000-000000000001", image, "<named-secret>@registry.example/b:1"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestClassifiedMountOptions(t *testing.T) {
	v := &corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{MountOptions: []string{"username=app", "password=hunter2", "vers=3.0", "username=app,password=hunter2"}}}
	Classified(Object{Value: v})
	if want := []string{"username=app", "password=<named-secret>", "vers=3.0", "username=app,password=<named-secret>"}; !slices.Equal(v.Spec.MountOptions, want) {
		t.Errorf("the options are %q, want %q", v.Spec.MountOptions, want)
	}
}

// What programs say of themselves goes, and the rest of a status stays.
func TestClassifiedMessages(t *testing.T) {
	const says = "cannot log in with hunter2zz"
	now := metav1.Now()
	pod := &corev1.Pod{Status: corev1.PodStatus{
		Message: says, Reason: "Evicted", Conditions: []corev1.PodCondition{{Type: "Ready", Reason: "NotReady", Message: says, LastTransitionTime: now}},
		ContainerStatuses: []corev1.ContainerStatus{{
			State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: says}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 1, Message: says}},
		}},
	}}
	want := pod.DeepCopy()
	want.Status.Message, want.Status.Conditions[0].Message = "", ""
	want.Status.ContainerStatuses[0].State.Waiting.Message, want.Status.ContainerStatuses[0].LastTerminationState.Terminated.Message = "", ""
	policy := &admissionv1.ValidatingAdmissionPolicy{
		Spec:   admissionv1.ValidatingAdmissionPolicySpec{Validations: []admissionv1.Validation{{Message: "hostPath is not allowed"}}},
		Status: admissionv1.ValidatingAdmissionPolicyStatus{Conditions: []metav1.Condition{{Type: "Ready", Message: says}}},
	}
	wantPolicy := policy.DeepCopy()
	wantPolicy.Status.Conditions[0].Message = ""
	for _, tt := range []struct{ got, want metav1.Object }{{pod, want}, {policy, wantPolicy}} {
		if Classified(Object{Value: tt.got}); !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("got  %+v\nwant %+v", tt.got, tt.want)
		}
	}
}

// Whatever stands beside it, a token does not come through, and no text breaks the search.
func FuzzClassified(f *testing.F) {
	for _, text := range []string{"", keyID, jwt, privateKey, "postgres://app:" + "hunter2@db/?token=x", "curl -u app:" + "hunter2 'https://x/?sig=Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFiQ2RF'", `{"password": "x"}`} {
		f.Add(text, github)
	}
	kind, _ := KindNamed("Pod")
	f.Fuzz(func(t *testing.T, text, secret string) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"a": text}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Command: []string{"sh", "-c", text, github}, Args: []string{text, "--token", secret}, Env: []corev1.EnvVar{{Name: "A", Value: text}},
		}}}}
		Classified(Object{Kind: kind, Value: pod})
		data, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), github) && !strings.Contains(text, "ghp_") {
			t.Errorf("the token is left: %s", data)
		}
	})
}
