package policy

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestImageOf(t *testing.T) {
	for reference, want := range map[string]*image{
		"":                                nil,
		"busybox":                         {Tag: "latest"},
		"busybox:latest":                  {Tag: "latest"},
		"registry.example:5000/web":       {Tag: "latest"},
		"registry.example:5000/web:1.4":   {Tag: "1.4"},
		"registry.example/web@sha256:00":  {Digest: "sha256:00"},
		"busybox:latest@sha256:00":        {Tag: "latest", Digest: "sha256:00"},
		"registry.example:5000/a/b:1@x:y": {Tag: "1", Digest: "x:y"},
	} {
		if got := imageOf(&corev1.Container{Image: reference}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", reference, got, want)
		}
	}
}

func TestLiteralsOf(t *testing.T) {
	runs := &corev1.ExecAction{Command: []string{"run", "<token>"}}
	probe, hook := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: runs}}, &corev1.LifecycleHandler{Exec: runs}
	for _, tt := range []struct {
		name string
		c    corev1.Container
		want []literal
	}{
		{"nothing", corev1.Container{}, nil},
		{"what is plain", corev1.Container{
			Env:     []corev1.EnvVar{{Name: "MODE", Value: "<plain>"}, {Name: "NODE", ValueFrom: &corev1.EnvVarSource{}}},
			Command: []string{"run"}, Args: []string{"--verbose", "a < b"},
		}, nil},
		{"a variable", corev1.Container{Env: []corev1.EnvVar{{Name: "MODE", Value: "<plain>"}, {Name: "API_TOKEN", Value: "<named-secret>"}}}, []literal{
			{"env[1].value", "env", "API_TOKEN", "<named-secret>"},
		}},
		{"arguments, and what stands before", corev1.Container{Command: []string{"<token>"}, Args: []string{"--token", "<jwt>", "--key=<token>"}}, []literal{
			{"command", "command", "", "<token>"}, {"args", "args", "--token", "<jwt>"}, {"args", "args", "--key", "<token>"},
		}},
		{"several in one word", corev1.Container{Args: []string{"app --level=debug --url=<named-secret> --password='<named-secret>' --token <jwt> -H 'Authorization: Bearer <token>'"}}, []literal{
			{"args", "args", "--url", "<named-secret>"},
			{"args", "args", "--password", "<named-secret>"},
			{"args", "args", "--token", "<jwt>"},
			{"args", "args", "Bearer", "<token>"},
		}},
		{"probes and hooks", corev1.Container{
			LivenessProbe: probe, ReadinessProbe: probe, StartupProbe: probe, Lifecycle: &corev1.Lifecycle{PostStart: hook, PreStop: hook},
		}, []literal{
			{"livenessProbe.exec.command", "livenessProbe", "run", "<token>"},
			{"readinessProbe.exec.command", "readinessProbe", "run", "<token>"},
			{"startupProbe.exec.command", "startupProbe", "run", "<token>"},
			{"lifecycle.postStart.exec.command", "postStart", "run", "<token>"},
			{"lifecycle.preStop.exec.command", "preStop", "run", "<token>"},
		}},
	} {
		if got := literalsOf(&tt.c); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestSecretsOf(t *testing.T) {
	secret := corev1.LocalObjectReference{Name: "db"}
	got := secretsOf(&corev1.Container{
		Env: []corev1.EnvVar{
			{Name: "MODE", Value: "<plain>"},
			{Name: "PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: secret}}},
		},
		EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{}}, {SecretRef: &corev1.SecretEnvSource{LocalObjectReference: secret}}},
	})
	want := []fromSecret{{"env[1].valueFrom.secretKeyRef", "PASSWORD", "db"}, {"envFrom[1].secretRef", "", "db"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
