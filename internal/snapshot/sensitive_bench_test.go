package snapshot

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Pages as an API server gives them: of pods that hold little, as most do, and of pods with scripts and long annotations.
func BenchmarkClassified(b *testing.B) {
	kind, _ := KindNamed("Pod")
	for name, pod := range map[string]*corev1.Pod{"ordinary": ordinaryPod(), "scripts": podWithScripts()} {
		b.Run(name, func(b *testing.B) {
			page := make([]*corev1.Pod, 500)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for i := range page {
					page[i] = pod.DeepCopy()
				}
				b.StartTimer()
				for _, p := range page {
					Classified(Object{Kind: kind, Value: p})
				}
			}
		})
	}
}

func ordinaryPod() *corev1.Pod {
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt(8080)}}}
	labels := map[string]string{"app.kubernetes.io/name": "shop-000123", "app.kubernetes.io/part-of": "team-000004", "team": "team-000004", "pod-template-hash": "5d8f9c7b6d"}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "shop-000123-5d8f9c7b6d-abcde", GenerateName: "shop-000123-5d8f9c7b6d-", Namespace: "team-000004", UID: "00000000-0000-4000-8000-000000000001", Labels: labels,
			Annotations:     map[string]string{"prometheus.io/scrape": "true", "checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "shop-000123-5d8f9c7b6d", UID: "00000000-0000-4000-8000-000000000002"}},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "default", NodeName: "node-17", NodeSelector: map[string]string{"kubernetes.io/os": "linux"},
			Tolerations: []corev1.Toleration{{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute"}},
			Volumes:     []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "shop"}}}}},
		},
		Status: corev1.PodStatus{Phase: "Running", PodIP: "10.0.0.17", HostIP: "10.1.0.17"},
	}
	for i := range 2 {
		c := corev1.Container{
			Name: fmt.Sprint("shop-", i), Image: "registry.example/shop/web:1.29.4", Command: []string{"/app/shop-000123"}, Args: []string{"--config=/etc/app/config.yaml", "--log-level=info"},
			VolumeMounts:  []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}, {Name: "kube-api-access-abcde", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}},
			LivenessProbe: probe.DeepCopy(), ReadinessProbe: probe.DeepCopy(), Ports: []corev1.ContainerPort{{Name: "http-8080", ContainerPort: 8080, Protocol: "TCP"}},
		}
		for j := range 7 {
			c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprint("CACHE_SETTING_", j), Value: fmt.Sprint("shop-000123-", j)})
		}
		pod.Spec.Containers = append(pod.Spec.Containers, c)
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "Ready", Status: "True"}, corev1.PodCondition{Type: "PodScheduled", Status: "True"})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ContainerID: "containerd://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			ImageID: "registry.example/shop/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		})
	}
	return pod
}

func podWithScripts() *corev1.Pod {
	pod := ordinaryPod()
	pod.Annotations["nginx.ingress.kubernetes.io/configuration-snippet"] = "more_set_headers \"X-Frame-Options: DENY\";\nproxy_set_header X-Request-ID $request_id;\nproxy_cache_key $host$uri;\n"
	pod.Annotations["example.com/status"] = `{"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-11-24T10:00:00Z"}],"observedGeneration":3,"tokenReviews":true,"labels":{"app":"web"}}`
	c := &pod.Spec.Containers[0]
	c.Command = []string{"/bin/sh", "-c", "set -eu\nuntil nc -z db 5432; do echo \"waiting for the database\"; sleep 1; done\nexport PGPASSWORD=\"$DB_PASSWORD\"\npsql -h db -U app -d shop -f /migrations/001.sql\nexec /app/shop --listen=:8080 --auth-mode=oidc\n"}
	c.Args = []string{"--zap-log-level", "info", "--metrics-bind-address=:8080", "--leader-elect", "--upstream", "http://auth.shop.svc:8080/", "--token-file=/var/run/token"}
	c.Env = append(c.Env, corev1.EnvVar{Name: "JAVA_OPTS", Value: "-Xmx512m -XX:+UseG1GC -Dspring.profiles.active=prod"}, corev1.EnvVar{Name: "DB_PASSWORD", Value: "correct-horse"})
	return pod
}
