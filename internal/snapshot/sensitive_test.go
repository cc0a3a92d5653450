package snapshot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		{"X", privateKey, ClassPrivateKey},
		{"X", keyID, ClassAWSKeyID},
		{"X", awsKey, ClassAWSSecret},
		{"X", jwt, ClassJWT},
		{"X", github, ClassToken},
		{"DATABASE_URL", "postgres://app:" + "hunter2@db/app", ClassURLPassword},
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
		{"DB_PASSWORD", "<jwt>", ClassJWT},
		{"X", "<aws-key-id>", ClassAWSKeyID},
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
